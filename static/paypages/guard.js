// Looks whether the address is still the one the server sent: programs and extensions that steal payments exchange it
// on the page, in the link for wallets, or in the clipboard, while nobody looks.

const addresses = new Map(); // what is paid in -> the address for it, which never changes
let known = seen(document); // as the server last told it, and as it must still stand on the page
let wasAway = false;
let isChanged = false;

function text(element) {
  return element ? element.textContent.replace(/\s+/g, "") : "";
}

// Every place the address or the amount stands in: as text, behind the buttons that copy, in the link for wallets,
// in what wallet.js has a wallet send.
function seen(root) {
  return [
    text(root.querySelector("#address")),
    root.querySelector("#copy-address")?.dataset.copy ?? "",
    root.querySelector("#copy-amount")?.dataset.copy ?? "",
    root.querySelector("#wallet")?.getAttribute("href") ?? "",
    JSON.stringify({ ...root.querySelector("#wallets")?.dataset }),
  ];
}

function isSame(one, other) {
  return one.every((value, place) => value === other[place]);
}

function show(id, isShown) {
  const element = document.getElementById(id);
  if (element) element.hidden = !isShown;
}

function warn() {
  const shown = "#part-pay .qr, #part-pay .tag-block, #part-pay .address-block > :not(#address-changed), #wallet, #wallets";
  for (const element of document.querySelectorAll(shown)) element.remove();
  show("address-changed", true);
}

// Whether the server once told another address for the same thing. The customer may choose what to pay in, and come back.
function remember(page, told) {
  const before = addresses.get(page.dataset.option) ?? told[0];
  if (told[0]) addresses.set(page.dataset.option, before || told[0]);
  return Boolean(before && told[0]) && before !== told[0];
}
remember(document.getElementById("live"), known);

// live.js asks the server every few seconds and whenever the customer comes back. Before it puts the answer in place:
document.addEventListener("paypage:answered", (event) => {
  const { fresh } = event.detail;
  const told = seen(fresh);
  if (remember(fresh, told) || !isSame(seen(document), known)) isChanged = true;
  known = told;
});

// ... and after:
document.addEventListener("paypage:changed", () => {
  if (isChanged) warn();
  else if (wasAway) show("address-same", true);
  wasAway = false;
});

// wallet.js asks what is to be paid, and gets what the server said, not what stands on the page.
document.addEventListener("paypage:paying", (event) => {
  const order = JSON.parse(known[4]);
  if (isChanged || !isSame(seen(document), known) || (order.to && order.to !== known[1])) {
    isChanged = true;
    warn();
  } else {
    event.detail.order = order;
  }
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") wasAway = true;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#copy-address, #address")) show("paste-check", true);
});

document.addEventListener("input", (event) => {
  if (event.target.id !== "pasted") return;
  const answer = document.getElementById("paste-answer");
  const pasted = event.target.value.trim();
  const state = pasted === "" ? "" : pasted === known[1] ? "same" : "other";
  answer.textContent = state && answer.dataset[state];
  answer.className = `small paste-${state}`;
});
