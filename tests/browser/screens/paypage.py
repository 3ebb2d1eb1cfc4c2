"""What the customer sees of an invoice, from the first look to the receipt."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from playwright.sync_api import Page

from chains.sandbox import services as sandbox
from invoices.models import Invoice
from invoices.services import Item, OptionOrder, expire_due
from merchants import services as merchants
from payments.services import RefundOrder, cancel_invoice, complete_refund, request_refund, scan
from tests.browser.screens import Stage, screen
from tests.chains.test_addresses import ETH_ACCOUNT, TRX_ACCOUNT
from tests.chains.test_bitcoin_addresses import ZPUB
from tests.factories import make_invoice

TRON_ADDRESS = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"
XRP_ADDRESS = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"


def _order(stage: Stage, **details: Any) -> Invoice:
    stage.visitor = True
    return make_invoice(
        stage.merchant,
        details.pop("now", stage.now),
        **{"return_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/basket", **details},
    )


def _paid(stage: Stage, invoice: Invoice, *, units: int = 0, blocks: int = 4, asset: str = "USDT") -> str:
    sandbox.send(address=invoice.address, asset_code=asset, units=units or invoice.amount_units, now=stage.now)
    sandbox.mine(count=blocks, now=stage.now)
    scan(network="sandbox", now=stage.now)
    return f"/invoice/{invoice.public_id}?stay=1"


def _live(stage: Stage, network: str, code: str, **wallet: Any) -> str:
    merchants.add_wallet(merchant=stage.merchant, network=network, now=stage.now, **wallet)
    invoice = _order(stage, livemode=True, network=network, crypto_currency=code)
    return f"/invoice/{invoice.public_id}"


@screen("paypage", "waiting")
def _(stage: Stage) -> str:
    return f"/invoice/{_order(stage).public_id}"


_EVERYTHING = [
    *(OptionOrder(code, "ethereum") for code in ("USDT", "USDC", "ETH")),
    *(OptionOrder(code, "tron") for code in ("USDT", "TRX")),
    OptionOrder("BTC", "bitcoin"),
]


def _choice(stage: Stage, options: Sequence[OptionOrder]) -> str:
    for network, key in (("ethereum", ETH_ACCOUNT), ("tron", TRX_ACCOUNT), ("bitcoin", ZPUB)):
        merchants.add_wallet(merchant=stage.merchant, network=network, xpub=key, now=stage.now)
    invoice = _order(stage, livemode=True, crypto_currency=None, payment_options=tuple(options))
    return f"/invoice/{invoice.public_id}"


def _choose(page: Page) -> None:
    page.locator("#options").get_by_role("button", name="BTC").click()
    page.locator("#options [aria-pressed=true]", has_text="BTC").wait_for()


@screen("paypage", "with a choice")
def _(stage: Stage) -> str:
    return _choice(stage, _EVERYTHING[:2])


@screen("paypage", "chosen among many", act=_choose)
def _(stage: Stage) -> str:
    return _choice(stage, _EVERYTHING)


@screen("paypage", "choice refused")
def _(stage: Stage) -> str:
    return _choice(stage, _EVERYTHING[2:5]) + "?option=refused"


@screen("paypage", "waiting on tron")
def _(stage: Stage) -> str:
    return _live(stage, "tron", "USDT", xpub=TRX_ACCOUNT)


@screen("paypage", "waiting for ether")
def _(stage: Stage) -> str:
    return _live(stage, "ethereum", "ETH", xpub=ETH_ACCOUNT)


@screen("paypage", "waiting for bitcoin")
def _(stage: Stage) -> str:
    return _live(stage, "bitcoin", "BTC", xpub=ZPUB)


@screen("paypage", "waiting with a tag")
def _(stage: Stage) -> str:
    stage.settings.CHAINS = {"xrp": {"rpc_urls": ["http://127.0.0.1:1"]}}
    return _live(stage, "xrp", "XRP", kind="single", addresses=[XRP_ADDRESS])


@screen("paypage", "waiting for an exact amount")
def _(stage: Stage) -> str:
    return _live(stage, "tron", "USDT", kind="single", addresses=[TRON_ADDRESS])


@screen("paypage", "waiting with long words")
def _(stage: Stage) -> str:
    stage.merchant.business_name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk Gesellschaft mbH & Co. KG"
    stage.merchant.save()
    items = (
        Item("A very long name of something that is sold by its length, and then some", Decimal(3), Decimal("1234.56")),
        Item("חולצה כחולה", Decimal("1.5"), Decimal("19.90"), "מידה גדולה, משלוח חינם"),
    )
    invoice = _order(stage, title="Bestellung 2026/000123 " + "sehr " * 20, description="One\ntwo\nthree", items=items)
    return f"/invoice/{invoice.public_id}"


@screen("paypage", "part is here")
def _(stage: Stage) -> str:
    return _paid(stage, _order(stage), units=10_000_000)


@screen("paypage", "confirming")
def _(stage: Stage) -> str:
    stage.merchant.settings = {"confirmations": {"sandbox": 12}}
    stage.merchant.save()
    return _paid(stage, _order(stage), blocks=6)


@screen("paypage", "paid")
def _(stage: Stage) -> str:
    return _paid(stage, _order(stage))


@screen("paypage", "paid and about to leave")
def _(stage: Stage) -> str:
    return _paid(stage, _order(stage)).removesuffix("?stay=1")


@screen("paypage", "paid too much")
def _(stage: Stage) -> str:
    return _paid(stage, _order(stage), units=20_000_000)


@screen("paypage", "paid too much and to be claimed")
def _(stage: Stage) -> str:
    invoice = _order(stage)
    invoice.overpayment_action = "refund"
    invoice.save()
    return _paid(stage, invoice, units=20_000_000)


@screen("paypage", "paid late")
def _(stage: Stage) -> str:
    invoice = _order(stage, now=stage.now - timedelta(hours=3))
    expire_due(now=stage.now)
    return _paid(stage, invoice)


@screen("paypage", "another coin arrived")
def _(stage: Stage) -> str:
    return _paid(stage, _order(stage), asset="USDC")


@screen("paypage", "expired")
def _(stage: Stage) -> str:
    invoice = _order(stage, now=stage.now - timedelta(hours=3))
    expire_due(now=stage.now)
    return f"/invoice/{invoice.public_id}"


def _report(page: Page, text: str) -> None:
    page.get_by_label("Transaction ID").fill(text)
    page.get_by_role("button", name="Look for it").click()
    page.locator("#report-answer").wait_for()


@screen("paypage", "expired and looked for in vain", act=lambda page: _report(page, "ef" * 32))
def _(stage: Stage) -> str:
    invoice = _order(stage, now=stage.now - timedelta(hours=3))
    expire_due(now=stage.now)
    scan(network="sandbox", now=stage.now)
    return f"/invoice/{invoice.public_id}"


@screen("paypage", "no transaction at all", act=lambda page: _report(page, "I did pay"))
def _(stage: Stage) -> str:
    invoice = _order(stage, now=stage.now - timedelta(hours=3))
    expire_due(now=stage.now)
    return f"/invoice/{invoice.public_id}"


@screen("paypage", "cancelled")
def _(stage: Stage) -> str:
    invoice = _order(stage)
    cancel_invoice(
        merchant=stage.merchant,
        livemode=False,
        public_id=invoice.public_id,
        reason="",
        refund_partial_payments=False,
        now=stage.now,
    )
    return f"/invoice/{invoice.public_id}"


@screen("paypage", "refunded")
def _(stage: Stage) -> str:
    invoice = _order(stage)
    path = _paid(stage, invoice)
    order = RefundOrder(address=sandbox.new_address())
    refund = request_refund(
        merchant=stage.merchant, livemode=False, public_id=invoice.public_id, order=order, now=stage.now
    )
    complete_refund(merchant=stage.merchant, livemode=False, public_id=refund.public_id, txid="ab" * 32, now=stage.now)
    return path


@screen("paypage", "no such invoice")
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/invoice/inv_01h00000000000000000000000"


@screen("paypage", "front page")
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/"


@screen("paypage", "receipt")
def _(stage: Stage) -> str:
    return _paid(stage, _order(stage)).replace("?stay=1", "/receipt")


def _exchange(page: Page) -> None:
    page.locator("#copy-address").evaluate("button => { button.dataset.copy = 'sandbox1evil'; }")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("alert").wait_for()


@screen("paypage", "address exchanged", act=_exchange)
def _(stage: Stage) -> str:
    return f"/invoice/{_order(stage).public_id}"


_WALLETS = """answers => {
    const request = async ({ method }) => {
        if (answers[method] === null) throw Object.assign(new Error("no"), { code: 4001 });
        return answers[method] ?? new Promise(() => {});
    };
    const announce = () => {
        for (const [uuid, name] of [["1", "MetaMask"], ["2", "Rabby Wallet"], ["3", "محفظة"]]) {
            const detail = { info: { uuid, name, icon: "", rdns: "com.example" }, provider: { request } };
            window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
        }
    };
    window.addEventListener("eip6963:requestProvider", announce); // the script that asks is loaded last
    announce();
}"""
_ACCOUNT = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"


def _announce(page: Page, **answers: object) -> None:
    page.locator("#wallets").wait_for(state="attached")
    page.evaluate(_WALLETS, answers)
    page.locator("#wallet-list button").nth(2).wait_for()


def _pay(page: Page, **answers: object) -> None:
    _announce(
        page,
        eth_requestAccounts=[_ACCOUNT],
        eth_accounts=[_ACCOUNT],
        eth_chainId="0x1",
        eth_getBalance="0x1",
        eth_estimateGas="0x5208",
        **answers,
    )
    page.locator("#wallet-list button").first.click()


def _pay_and_decline(page: Page) -> None:
    _pay(page, eth_sendTransaction=None)
    page.locator(".wallet-status.note-bad").wait_for()


def _pay_and_wait(page: Page) -> None:
    _pay(page)
    page.locator("#wallet-list [aria-disabled=true]").first.wait_for()


def _pay_in_vain(page: Page) -> None:
    page.clock.install()
    _pay(page, eth_sendTransaction="0x" + "ab" * 32)
    page.locator("#wallet-link").wait_for()
    page.clock.fast_forward(121_000)
    page.locator("#wallet-retry").wait_for()


@screen("paypage", "with wallets in the browser", act=_announce)
def _(stage: Stage) -> str:
    return _live(stage, "ethereum", "USDT", xpub=ETH_ACCOUNT)


def _announce_from_right_to_left(page: Page) -> None:
    page.evaluate("document.documentElement.dir = 'rtl'")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    _pay_and_decline(page)


@screen("paypage", "large wallets from right to left", act=_announce_from_right_to_left)
def _(stage: Stage) -> str:
    return _live(stage, "ethereum", "USDC", xpub=ETH_ACCOUNT)


@screen("paypage", "declined in the wallet", act=_pay_and_decline)
def _(stage: Stage) -> str:
    return _live(stage, "ethereum", "USDT", xpub=ETH_ACCOUNT)


@screen("paypage", "confirming in the wallet", act=_pay_and_wait)
def _(stage: Stage) -> str:
    return _live(stage, "ethereum", "USDT", xpub=ETH_ACCOUNT)


@screen("paypage", "sent from the wallet in vain", act=_pay_in_vain)
def _(stage: Stage) -> str:
    return _live(stage, "ethereum", "USDT", xpub=ETH_ACCOUNT)


def _copy(page: Page) -> None:
    page.locator("#copy-address").click()
    page.locator("#paste-check").wait_for()


@screen("paypage", "copied", act=_copy)
def _(stage: Stage) -> str:
    return f"/invoice/{_order(stage).public_id}"


@screen("status", "everything works")
def _(stage: Stage) -> str:
    stage.visitor = True
    stage.settings.CHAINS = {}  # no network that was never read
    return "/status"


@screen("status", "late")
def _(stage: Stage) -> str:
    stage.visitor = True
    stage.settings.CHAINS = {
        "ethereum": {"rpc_urls": ["http://127.0.0.1:1"]},
        "tron": {"rpc_urls": ["http://127.0.0.1:1"]},
    }
    return "/status"
