// Pays from a wallet that lives in the browser. Wallets announce themselves (EIP-6963, on TRON TIP-6963); the chosen
// one is asked to connect, to be on the invoice's chain and to send exactly what is due. What goes where is what
// guard.js remembers of the server's word, never what stands on the page; every word shown comes from the page.
// enhance.js loads this file where it can be of use.

const TRANSFER = "a9059cbb"; // transfer(address,uint256): ERC-20 and TRC-20
const TRON_FEE_LIMIT = 100_000_000; // sun: a transfer that would burn more is not made
const MOST_WALLETS = 8;
const INJECTED_AFTER_MS = [300, 1_500, 4_000]; // how long a wallet that announces itself has before an old one is used
const LOOKS_MS = [15_000, 45_000, 120_000]; // after sending: when the server looks for the transaction again
const LOOK_MS = 60_000; // and from then on
const AGAIN_MS = 120_000; // a transaction that nobody has found by then may have been dropped
const ON_CHAIN = new Set(["counted", "confirming", "not_read_yet", "wrong_asset", "in_review", "decided"]);
const SAYS_NOTHING = new Set(["not_found", "too_often", "unavailable", "unreadable"]);
const HAS_COME = new Set(["partial", "confirming", "paid", "refunded"]); // states of a page that has seen money
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

const found = { evm: new Map(), tron: new Map() }; // id -> { name, provider }
let box = null; // where all this is shown
let record = null; // { at, hash, link }: what was asked of a wallet for this invoice; no hash before it has answered
let message = { say: "", tone: "" };
let outcome = ""; // what the server found of the transaction
let isBusy = false;
let focusedId = "";
let lookTimer = 0;

class Refusal extends Error {} // its message names the text to show

// What is remembered

function place() {
  return `wallet ${document.getElementById("live").dataset.path}`;
}

function remember(value) {
  record = value;
  try {
    if (value) sessionStorage.setItem(place(), JSON.stringify(value));
    else sessionStorage.removeItem(place());
  } catch {
    // no storage: then it is known until the page is left
  }
}

function recall() {
  try {
    record = JSON.parse(sessionStorage.getItem(place()));
  } catch {
    record = null;
  }
}

const bare = (txid) => txid.toLowerCase().replace(/^0x/, "");

function hasArrived() {
  return Boolean(record?.hash) && box.dataset.seen.split(" ").some((txid) => bare(txid) === bare(record.hash));
}

// What is paid

// Return the server's word on what is to be sent; guard.js does not answer when somebody has changed the page.
function ordered() {
  const detail = {};
  document.dispatchEvent(new CustomEvent("paypage:paying", { detail }));
  if (!detail.order) throw new Refusal("stopped");
  if (!detail.order.to) throw new Refusal("closed");
  return detail.order;
}

function unchanged(order) {
  const now = ordered();
  if (now.to !== order.to || now.units !== order.units || now.contract !== order.contract || now.chain !== order.chain) {
    throw new Refusal("renewed");
  }
}

const word = (hex) => hex.padStart(64, "0");

function transferCall(hexAddress, units) {
  return TRANSFER + word(hexAddress.toLowerCase()) + word(BigInt(units).toString(16));
}

async function payOnEvm(provider) {
  const ask = (method, ...params) => provider.request({ method, params });
  say("connecting");
  await ask("eth_requestAccounts");
  await beOnChain(ask, ordered());
  const order = ordered();
  const [from] = await ask("eth_accounts");
  if (!/^0x[0-9a-f]{40}$/i.test(from ?? "")) throw new Refusal("disconnected");
  const value = `0x${BigInt(order.units).toString(16)}`;
  const call = order.contract
    ? { from, to: order.contract, value: "0x0", data: `0x${transferCall(order.to.slice(2), order.units)}` }
    : { from, to: order.to, value };
  say("checking");
  await canPay(ask, call);
  if (BigInt(await ask("eth_chainId")) !== BigInt(order.chain)) throw new Refusal("elsewhere");
  unchanged(order);
  say("confirming");
  remember({ at: Date.now() });
  sent(await ask("eth_sendTransaction", { ...call, chainId: order.chain }));
}

// EIP-3326, and EIP-3085 when the wallet does not know the chain.
async function beOnChain(ask, order) {
  const isThere = async () => BigInt(await ask("eth_chainId")) === BigInt(order.chain);
  if (await isThere()) return;
  say("switching");
  try {
    await ask("wallet_switchEthereumChain", { chainId: order.chain });
  } catch (problem) {
    if (codeOf(problem) !== 4902) throw problem;
    if (!order.rpc) throw new Refusal("unknown");
    await ask("wallet_addEthereumChain", newChain(order));
    if (!(await isThere())) await ask("wallet_switchEthereumChain", { chainId: order.chain });
  }
  if (!(await isThere())) throw new Refusal("elsewhere");
}

function newChain(order) {
  return {
    chainId: order.chain,
    chainName: order.network,
    nativeCurrency: { name: order.coin, symbol: order.coin, decimals: Number(order.coinDecimals) },
    rpcUrls: order.rpc.split(" "),
    ...(order.explorer && { blockExplorerUrls: [order.explorer] }),
  };
}

async function canPay(ask, call) {
  try {
    const balance = BigInt(await ask("eth_getBalance", call.from, "latest"));
    if (balance < BigInt(call.value)) throw new Refusal("poor"); // not every node says so when it estimates
    await ask("eth_estimateGas", call);
  } catch (problem) {
    if (![-32601, 4200].includes(codeOf(problem))) throw new Refusal("poor"); // else the wallet cannot be asked
  }
}

// TIP-1102, TIP-1193; wallets from before them have tronLink.
async function payOnTron(provider) {
  say("connecting");
  const isOld = provider === window.tronLink && provider !== window.tron;
  const answer = await provider.request({ method: isOld ? "tron_requestAccounts" : "eth_requestAccounts" });
  if (!answer || (answer.code && answer.code !== 200)) throw answer || new Refusal("disconnected");
  await beOnTron(provider, ordered());
  const order = ordered();
  const web = provider.tronWeb || window.tronWeb; // a new one after the wallet has changed the network
  const from = web.defaultAddress?.base58;
  if (!from) throw new Refusal("disconnected");
  say("checking");
  const transaction = await (order.contract ? tokenTransfer : coinTransfer)(web, from, order);
  unchanged(order);
  say("confirming");
  remember({ at: Date.now() });
  const signed = await web.trx.sign(transaction);
  if (!signed?.signature || signed.txID !== transaction.txID) throw new Refusal("stopped");
  sent(signed.txID); // before it goes out: what is lost on the way back was sent all the same
  await broadcast(web, signed);
}

async function broadcast(web, signed) {
  let reply;
  try {
    reply = await web.trx.sendRawTransaction(signed);
  } catch {
    return; // nobody knows: the server looks for it
  }
  if (!reply?.code || reply.result === true || reply.code === "DUP_TRANSACTION_ERROR") return;
  throw new Refusal(reply.code === "CONTRACT_VALIDATE_ERROR" ? "poor" : "refused");
}

async function beOnTron(provider, order) {
  const web = () => provider.tronWeb || window.tronWeb;
  if (!web()) throw new Refusal("disconnected");
  // The chain id is the end of the first block's hash.
  const isThere = async () => `0x${(await web().trx.getBlockByNumber(0)).blockID.slice(-8)}` === order.chain;
  if (await isThere()) return;
  say("switching");
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: order.chain }] }); // TIP-3326
  } catch (problem) {
    if (nameOf(problem) !== "failed") throw problem;
  }
  if (!(await isThere())) throw new Refusal("elsewhere");
}

async function coinTransfer(web, from, order) {
  const amount = Number(order.units);
  if (!Number.isSafeInteger(amount)) throw new Refusal("stopped");
  if (BigInt(await web.trx.getBalance(from)) < BigInt(order.units)) throw new Refusal("poor");
  const transaction = await web.transactionBuilder.sendTrx(order.to, amount, from);
  const made = contractOf(transaction, "TransferContract");
  if (!isAt(made.to_address, order.to) || made.amount !== amount) throw new Refusal("stopped");
  return transaction;
}

async function tokenTransfer(web, from, order) {
  const builder = web.transactionBuilder;
  const holder = [{ type: "address", value: from }];
  const balance = await builder.triggerConstantContract(order.contract, "balanceOf(address)", {}, holder, from);
  if (BigInt(`0x${balance.constant_result[0]}`) < BigInt(order.units)) throw new Refusal("poor");
  const parameters = [
    { type: "address", value: order.to },
    { type: "uint256", value: order.units },
  ];
  const limits = { feeLimit: TRON_FEE_LIMIT, callValue: 0 };
  const call = [order.contract, "transfer(address,uint256)", limits, parameters, from];
  const { transaction } = await builder.triggerSmartContract(...call);
  const made = contractOf(transaction, "TriggerSmartContract");
  const isRight =
    isAt(made.contract_address, order.contract) &&
    made.data === transferCall(tronHex(order.to).slice(2), order.units) &&
    !made.call_value;
  if (!isRight) throw new Refusal("stopped");
  return transaction;
}

function contractOf(transaction, type) {
  const contracts = transaction.raw_data.contract;
  if (contracts.length !== 1 || contracts[0].type !== type) throw new Refusal("stopped");
  return contracts[0].parameter.value;
}

const isAt = (told, address) => told === address || told.toLowerCase() === tronHex(address);

// An address without its checksum: 41 and twenty bytes.
function tronHex(address) {
  let number = 0n;
  for (const letter of address) number = number * 58n + BigInt(BASE58.indexOf(letter));
  return number.toString(16).padStart(50, "0").slice(0, 42);
}

// One payment at a time

async function pay(wallet) {
  if (isBusy || record?.hash) return;
  isBusy = true;
  const before = record;
  try {
    ordered(); // from a page that was changed no wallet is even opened
    await (box.dataset.family === "tron" ? payOnTron : payOnEvm)(wallet.provider);
  } catch (problem) {
    const name = nameOf(problem);
    if (name === "pending") remember(before);
    else if (name !== "failed") forget(); // else it may have been sent all the same
    say(name, "bad");
  } finally {
    isBusy = false;
    draw();
  }
}

function sent(answer) {
  const hash = String(answer);
  const isKnown = box.dataset.explorerTx && /^(0x)?[0-9a-f]{64}$/i.test(hash);
  remember({ at: Date.now(), hash, link: isKnown ? box.dataset.explorerTx.replace("{txid}", hash) : "" });
  follow();
}

function follow() {
  outcome = "";
  say("sent", "good");
  look();
}

function codeOf(problem) {
  return problem?.data?.originalError?.code ?? problem?.code; // some wallets wrap what they mean
}

function nameOf(problem) {
  if (problem instanceof Refusal) return problem.message;
  const code = codeOf(problem);
  const text = String(problem?.message ?? problem);
  if (code === 4001 || /\buser (rejected|denied|declined|cancell?ed)|(rejected|denied|declined|cancell?ed) by (the )?user/i.test(text)) {
    return "rejected";
  }
  if (code === -32002 || code === 4000) return "pending";
  if ([4100, 4900, 4901].includes(code)) return "disconnected";
  return /insufficient|exceeds balance|balance is not sufficient/i.test(text) ? "poor" : "failed";
}

// After sending: the server looks for the transaction, as it does for whoever says "I have paid"

async function look() {
  clearTimeout(lookTimer);
  const { hash } = record;
  try {
    const body = new URLSearchParams({ transaction: hash });
    const response = await fetch(box.dataset.report, { method: "POST", body, cache: "no-store" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const answer = page.getElementById("report-answer");
    if (record?.hash === hash && answer) {
      outcome = answer.dataset.outcome;
      box.querySelector("#wallet-found").textContent = SAYS_NOTHING.has(outcome) ? "" : sentences(answer);
      if (outcome === "reverted") message = { say: "", tone: "" };
    }
  } catch {
    // offline: the next look
  }
  draw();
  if (!box || record?.hash !== hash) return;
  const age = Date.now() - record.at;
  lookTimer = setTimeout(look, (LOOKS_MS.find((moment) => moment > age) ?? age + LOOK_MS) - age);
}

function sentences(answer) {
  return [...answer.querySelectorAll("p")].slice(0, 2).map((part) => part.textContent.trim()).join(" ");
}

function mayPayAgain() {
  return outcome === "reverted" || (Date.now() - record.at >= AGAIN_MS && !ON_CHAIN.has(outcome));
}

// What is shown

function say(name, tone = "") {
  message = { say: name, tone };
  draw();
}

function words(name) {
  const texts = box.querySelector("template").content;
  return texts.querySelector(`[data-say="${name}"]`)?.textContent.trim() ?? "";
}

function draw() {
  if (!box) return;
  const isSent = Boolean(record?.hash);
  const isClosed = box.id !== "wallets";
  const status = box.querySelector("#wallet-status");
  const text = message.say ? words(message.say) : "";
  if (status.textContent !== text) status.textContent = text;
  status.className = `wallet-status${message.tone ? ` note note-${message.tone}` : ""}`;
  drawList(isClosed ? new Map() : found[box.dataset.family]);
  const hadFocus = box.querySelector("#wallet-list").contains(document.activeElement);
  for (const id of ["wallet-list", "wallets-help"]) box.querySelector(`#${id}`).hidden = isSent || isClosed;
  box.querySelector("#wallet-sent").hidden = !isSent;
  if (isSent) drawTransaction();
  if (isSent && hadFocus) box.querySelector("#wallet-sent").focus({ preventScroll: true });
  box.hidden = !isSent && !message.say && (isClosed || found[box.dataset.family].size === 0);
}

function drawList(wallets) {
  const list = box.querySelector("#wallet-list");
  const shown = [...wallets].slice(0, MOST_WALLETS);
  for (const row of [...list.children]) if (!shown.some(([id]) => id === row.dataset.wallet)) row.remove();
  for (const [id, { name }] of shown) {
    const old = [...list.children].find((row) => row.dataset.wallet === id);
    const row = old ?? newRow(id, name);
    row.firstChild.setAttribute("aria-disabled", String(isBusy));
    if (!old) list.append(row);
  }
}

// Its icon is not drawn: the policy of the page lets no foreign image in, and anybody can announce any icon.
function newRow(id, name) {
  const row = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.id = `wallet-${id}`;
  button.className = "button button-wide";
  const shown = document.createElement("bdi");
  shown.textContent = name;
  const [before, after] = words("button").split("{wallet}");
  const text = document.createElement("span");
  text.append(...(name ? [before, shown, after ?? ""] : [words("unnamed")]));
  button.append(text);
  row.dataset.wallet = id;
  row.append(button);
  return row;
}

function drawTransaction() {
  const { hash, link: url } = record;
  const link = box.querySelector("#wallet-link");
  const text = box.querySelector("#wallet-hash");
  const short = hash.length > 20 ? `${hash.slice(0, 8)}…${hash.slice(-8)}` : hash;
  if (url) link.href = url;
  link.querySelector("code").textContent = text.textContent = short;
  link.hidden = !url;
  text.hidden = Boolean(url);
  box.querySelector("#wallet-again").hidden = !mayPayAgain();
  for (const id of ["wallet-wait", "wallet-doubt"]) box.querySelector(`#${id}`).hidden = outcome === "reverted";
}

// The page replaces its parts: what was shown is shown in the new one, or beside it when no wallet can pay any more.
function attach() {
  const fresh = document.getElementById("wallets");
  const place = focusedId;
  focusedId = "";
  if (fresh && fresh !== box) adopt(fresh);
  else if (!fresh && box) detach();
  if (!box) return;
  draw();
  if (place && document.activeElement === document.body) document.getElementById(place)?.focus({ preventScroll: true });
}

function adopt(fresh) {
  const isOther = box && ["chain", "contract", "to"].some((name) => box.dataset[name] !== fresh.dataset[name]);
  box = fresh;
  if (isBusy) return;
  recall();
  if (hasArrived()) forget();
  else if (record?.hash && message.say !== "sent" && outcome !== "reverted") follow();
  else if (isOther && !record?.hash) message = { say: "", tone: "" }; // it was about something else
}

function detach() {
  const { state } = document.getElementById("live").dataset;
  const isLate = box.id !== "wallets";
  const isWaiting = Boolean(record?.hash) || (isLate && state !== "awaiting");
  if (!isBusy && (HAS_COME.has(state) || !isWaiting)) {
    clearTimeout(lookTimer);
    message = { say: "", tone: "" };
    box.remove();
    box = null;
    return;
  }
  if (isBusy && !isLate && state !== "awaiting" && state !== "partial") message = { say: "closed", tone: "bad" };
  box.id = "wallets-late"; // guard.js knows of nothing a wallet could pay any more, and finds nothing
  if (document.getElementById("address-changed")?.hidden !== false) document.getElementById("part-pay").append(box);
}

function forget() {
  clearTimeout(lookTimer);
  outcome = "";
  remember(null);
  message = { say: "", tone: "" };
}

// Who is there

function announced(family, detail) {
  const { info, provider } = detail ?? {};
  const name = String(info?.name ?? "").replace(/[\p{C}\s]+/gu, " ").trim().slice(0, 40);
  if (!name || !/^[\w-]{1,64}$/.test(info?.uuid ?? "") || typeof provider?.request !== "function") return;
  found[family].delete("injected");
  found[family].set(info.uuid, { name, provider });
  draw();
}

function lookForInjected() {
  const injected = { evm: window.ethereum, tron: window.tron ?? window.tronLink };
  for (const [family, provider] of Object.entries(injected)) {
    if (found[family].size === 0 && typeof provider?.request === "function") {
      found[family].set("injected", { name: "", provider });
    }
  }
  draw();
}

for (const [family, prefix] of [["evm", "eip6963"], ["tron", "TIP6963"]]) {
  window.addEventListener(`${prefix}:announceProvider`, (event) => announced(family, event.detail));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#wallet-list button, #wallet-retry");
  if (!button || !box?.contains(button)) return;
  if (button.id === "wallet-retry") {
    forget();
    draw();
    box.querySelector("#wallet-list button")?.focus();
  } else {
    const wallet = found[box.dataset.family].get(button.parentElement.dataset.wallet);
    if (wallet) pay(wallet);
  }
});

document.addEventListener("paypage:answered", () => {
  focusedId = box?.contains(document.activeElement) ? document.activeElement.id : "";
});
document.addEventListener("paypage:changed", attach);

attach();
if (record && !record.hash) say("asked", "warn");
for (const prefix of ["eip6963", "TIP6963"]) window.dispatchEvent(new Event(`${prefix}:requestProvider`));
for (const pause of INJECTED_AFTER_MS) setTimeout(lookForInjected, pause);
draw();
