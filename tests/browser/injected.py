"""Wallets as browsers have them: objects that speak the published interfaces, with a real node or our codecs behind.

Nothing of the product is replaced: the page finds these objects as it would find an extension's.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from chains.codecs import base58check_decode
from tests.browser.conftest import wait_until
from tests.chains.anvil import Anvil

# EIP-1193 and EIP-6963. ``held`` is the customer who has not answered a question to confirm yet.
_EVM = """
(() => {
  const wallet = %s;
  const failure = (code, message) => Object.assign(new Error(message), { code });
  let chain = wallet.chain;
  let isAllowed = false;
  const provider = {
    on() {},
    removeListener() {},
    async request({ method, params = [] }) {
      const { refuse, stay, hold } = await window.walletAsked(method, params);
      if (refuse) throw failure(...refuse);
      if (method === "eth_requestAccounts") isAllowed = true;
      if (["eth_requestAccounts", "eth_accounts"].includes(method)) return isAllowed ? [await account()] : [];
      if (method === "eth_chainId") return chain;
      if (method === "wallet_addEthereumChain") { wallet.known.push(params[0].chainId); return null; }
      if (method === "wallet_switchEthereumChain") {
        if (!wallet.known.includes(params[0].chainId)) throw failure(4902, "Unrecognized chain ID");
        if (!stay) chain = params[0].chainId;
        return null;
      }
      if (chain !== wallet.home) throw failure(-32603, "another network");
      if (hold && !(await new Promise((answer) => { window.customerSays = answer; }))) {
        throw failure(4001, "User rejected the request.");
      }
      const reply = await window.walletRelays(method, params);
      if (reply.error) throw failure(reply.error.code, reply.error.message);
      return reply.result;
    },
  };
  const account = () => window.walletAccount();
  if (wallet.name === null) { window.ethereum = provider; return; }
  const info = { uuid: "350670db-19fa-4704-a166-e52e178b59d2", name: wallet.name, rdns: "com.example.wallet",
    icon: "data:image/svg+xml,<svg/>" };
  const announce = () => window.dispatchEvent(
    new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  const begin = () => {
    window.addEventListener("eip6963:requestProvider", announce);
    announce();
  };
  if (wallet.late) setTimeout(begin, wallet.late);
  else begin();
})();
"""


@dataclass
class EvmWallet:
    """A wallet in the page, with an unlocked account of a real node; ``asked`` is everything the page wanted of it."""

    node: Anvil
    account: str
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)  # method -> code and message, once
    stays: bool = False  # on its chain, although it says that it changed
    holds: bool = False  # the customer has not answered yet
    gas: int = 0  # what a transaction is sent with; 0: what the node estimates, which refuses what would fail

    def inject(self, page: Page, *, name: str | None = "Test Wallet", chain: str, late_ms: int = 0) -> None:
        """Be there when ``page`` opens, on the chain with the id ``chain``; without a name as ``window.ethereum``."""
        page.expose_function("walletAsked", self._note)
        page.expose_function("walletAccount", lambda: self.account)
        page.expose_function("walletRelays", self._relay)
        home = hex(int(self.node.rpc("eth_chainId"), 16))
        known = [chain, home] if name is None else [chain]
        facts = {"name": name, "chain": chain, "home": home, "known": known, "late": late_ms}
        page.add_init_script(_EVM % json.dumps(facts))

    def customer_says(self, page: Page, *, yes: bool) -> None:
        """Answer the question that the wallet has put, as soon as it has put it."""
        wait_until(page, lambda: page.evaluate("'customerSays' in window"), "a question to the customer")
        page.evaluate("yes => customerSays(yes)", yes)

    def sent(self) -> list[dict[str, str]]:
        """Return what it was asked to send."""
        return [params[0] for method, params in self.asked if method == "eth_sendTransaction"]

    def _note(self, method: str, params: list[Any]) -> dict[str, Any]:
        self.asked.append((method, params))
        hold = self.holds and method == "eth_sendTransaction"
        return {"refuse": self.refusals.pop(method, None), "stay": self.stays, "hold": hold}

    def _relay(self, method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_sendTransaction" and self.gas:
            params = [params[0] | {"gas": hex(self.gas)}]
        try:
            return {"result": self.node.rpc(method, *params)}
        except AssertionError as problem:
            return {"error": {"code": -32603, "message": str(problem)}}


# TIP-1102, TIP-1193, TIP-3326 and the part of TronWeb that makes, signs and sends a transfer.
_TRON = """
(() => {
  const wallet = %s;
  let genesis = wallet.genesis;
  const failure = (code, message) => Object.assign(new Error(message), { code });
  const tronWeb = {
    defaultAddress: { base58: wallet.account },
    trx: {
      getBlockByNumber: async () => ({ blockID: genesis }),
      getBalance: async () => wallet.balance,
      sign: async (transaction) => {
        const { refuse } = await window.tronAsked("sign", [transaction]);
        if (refuse) throw refuse[1]; // TronLink throws a text
        return { ...transaction, signature: ["00"] };
      },
      sendRawTransaction: async (transaction) => {
        const { refuse } = await window.tronAsked("sendRawTransaction", [transaction]);
        return refuse ? { code: refuse[1] } : { result: true, txid: transaction.txID, transaction };
      },
    },
    transactionBuilder: {
      sendTrx: (...call) => window.tronBuilds("sendTrx", call),
      triggerSmartContract: (...call) => window.tronBuilds("triggerSmartContract", call),
      triggerConstantContract: async () => ({ constant_result: [wallet.balance.toString(16).padStart(64, "0")] }),
    },
  };
  const provider = {
    tronWeb,
    on() {},
    removeListener() {},
    async request({ method, params }) {
      const { refuse } = await window.tronAsked(method, params ?? []);
      if (refuse && wallet.old) return { code: refuse[0], message: refuse[1] };
      if (refuse) throw failure(...refuse);
      if (method === "wallet_switchEthereumChain") {
        genesis = genesis.slice(0, -8) + params[0].chainId.slice(2);
        return null;
      }
      return wallet.old ? { code: 200, message: "ok" } : [wallet.account];
    },
  };
  if (wallet.old) Object.assign(window, { tronLink: provider, tronWeb });
  else window.tron = provider;
})();
"""


@dataclass
class TronLink:
    """TronLink as the page sees it; what it makes is made by our own codecs, ``forged`` replaces parts of it."""

    account: str
    genesis: str
    balance: int = 10**12
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    built: list[tuple[str, list[Any]]] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    forged: dict[str, str] = field(default_factory=dict)

    def inject(self, page: Page, *, is_old: bool = False) -> None:
        """Be there when ``page`` opens: as window.tron, or as older versions are."""
        page.expose_function("tronAsked", self._note)
        page.expose_function("tronBuilds", self._build)
        facts = {"account": self.account, "genesis": self.genesis, "balance": self.balance, "old": is_old}
        page.add_init_script(_TRON % json.dumps(facts))

    def methods(self) -> list[str]:
        """Return what it was asked for, in order."""
        return [method for method, _ in self.asked]

    def _note(self, method: str, params: list[Any]) -> dict[str, Any]:
        self.asked.append((method, params))
        return {"refuse": self.refusals.pop(method, None)}

    def _build(self, kind: str, call: list[Any]) -> dict[str, Any]:
        self.built.append((kind, call))
        if kind == "sendTrx":
            to, amount, sender = call
            value = {"to_address": _hex(to), "owner_address": _hex(sender), "amount": amount}
            return self._transaction("TransferContract", value)
        contract, _, _, parameters, sender = call
        words = _hex(parameters[0]["value"])[2:].rjust(64, "0") + f"{int(parameters[1]['value']):064x}"
        value = {"contract_address": _hex(contract), "owner_address": _hex(sender), "data": f"a9059cbb{words}"}
        return {"result": {"result": True}, "transaction": self._transaction("TriggerSmartContract", value)}

    def _transaction(self, kind: str, value: dict[str, Any]) -> dict[str, Any]:
        contract = {"type": kind, "parameter": {"value": value | self.forged}}
        return {"txID": "5a" * 32, "raw_data": {"contract": [contract]}}


def _hex(address: str) -> str:
    payload = base58check_decode(address)
    assert payload is not None
    return payload.hex()
