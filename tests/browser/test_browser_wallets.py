"""Paying from a wallet in the browser: a real node behind the injected wallet, our own scan behind the page."""

import itertools
import json

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from chains.codecs import base58check_decode
from events.outbox import dispatch_all
from invoices.services import OptionOrder
from merchants.services import add_wallet
from payments.models import Payment
from payments.services import cancel_invoice, scan
from tests.api.signed_up import signed_up
from tests.browser.conftest import serving
from tests.browser.injected import EvmWallet, TronLink
from tests.browser.test_pay_page import LIMIT_BYTES, LIVE_MS, has_no_sideways_scroll, headline, weight_of
from tests.chains.anvil import CHAIN_ID, transfer_call
from tests.chains.test_addresses import ETH_ACCOUNT, TRX_ACCOUNT
from tests.factories import make_invoice
from tests.peers import anvil

__all__ = ["anvil"]

pytestmark = [pytest.mark.browser, pytest.mark.evm, pytest.mark.django_db(transaction=True)]

EXPLORER = "https://explorer.example.com/tx/{txid}"
PUBLIC_NODE = "https://node.example.com"
NILE = "cd8690dc"
_first_index = itertools.count(50_000, 100)


@pytest.fixture(scope="module")
def chains(anvil):
    """Ethereum is a node of our own with a token of our own; nobody reads Base and TRON's Nile."""
    return {
        "ethereum": {
            "rpc_urls": [anvil.url],
            "wallet_rpc_urls": [PUBLIC_NODE],
            "chain_id": CHAIN_ID,
            "explorer_tx": EXPLORER,
            "tokens": {"USDT": {"contract": anvil.deploy("SilentCoin"), "decimals": 6}},
        },
        "base": {"rpc_urls": ["http://127.0.0.1:1"]},
        "tron": {"rpc_urls": ["http://127.0.0.1:1"], "network": "testnet"},
    }


@pytest.fixture(scope="module")
def server(django_db_setup, chains):
    variables = {"DJANGO_SETTINGS_MODULE": "tests.browser.chain_settings", "TEST_CHAINS": json.dumps(chains)}
    with serving(variables) as address:
        yield address


@pytest.fixture
def order(transactional_db, chains, settings):
    settings.CHAINS = chains
    merchant = signed_up(timezone.now()).merchant

    def make(network="ethereum", code="USDT", **details):
        for place in {network} | {option.network for option in details.get("payment_options", ())}:
            xpub = TRX_ACCOUNT if place == "tron" else ETH_ACCOUNT
            wallet = add_wallet(merchant=merchant, network=place, xpub=xpub, now=timezone.now())
            wallet.next_index = next(_first_index)  # the node remembers what earlier tests paid
            wallet.save()
        invoice = make_invoice(
            merchant, timezone.now(), livemode=True, network=network, crypto_currency=code, **details
        )
        if network == "ethereum":
            read_chain()
        return invoice

    return make


@pytest.fixture
def wallet(anvil):
    return EvmWallet(node=anvil, account=anvil.accounts[1])


def read_chain() -> None:
    scan(network="ethereum", now=timezone.now())
    dispatch_all()


def opened(page: Page, server: str, invoice) -> None:
    page.goto(f"{server}/invoice/{invoice.public_id}")


def status(page: Page):
    return page.locator("#wallet-status")


def buttons(page: Page):
    return page.locator("#wallet-list button")


@pytest.mark.parametrize("wide", [False, True], ids=["phone", "wide"])
def test_a_token_is_paid_once_from_a_wallet_that_first_says_no(visit, server, order, wallet, chains, wide):
    invoice, page, anvil = order(), visit(wide=wide).page, wallet.node
    wallet.inject(page, chain="0x1", late_ms=500)
    wallet.refusals = {"eth_requestAccounts": (4001, "User rejected the request."), "eth_sendTransaction": (-32002, "")}
    wallet.holds = True
    opened(page, server, invoice)
    pay = page.get_by_role("button", name="Pay with Test Wallet")

    pay.click()
    expect(status(page)).to_have_text("You declined in the wallet. Nothing was sent.")
    pay.click()
    expect(status(page)).to_have_text(
        "This account cannot pay. It needs 16.49 USDT, and a little ETH for the fee. Nothing was sent."
    )
    added = next(params[0] for method, params in wallet.asked if method == "wallet_addEthereumChain")
    assert added == {
        "chainId": hex(CHAIN_ID),
        "chainName": "Ethereum",
        "nativeCurrency": {"name": "ETH", "symbol": "ETH", "decimals": 18},
        "rpcUrls": [PUBLIC_NODE],
        "blockExplorerUrls": ["https://explorer.example.com"],
    }
    contract = chains["ethereum"]["tokens"]["USDT"]["contract"]
    anvil.transfer(contract, wallet.account, invoice.amount_units)
    pay.click()
    expect(status(page)).to_contain_text("still waits for an answer to an earlier question")
    expect(pay).to_be_focused()
    wallet.asked.clear()
    pay.dblclick()
    expect(status(page)).to_have_text("Compare the amount and the address in your wallet, then confirm there.")
    pay.evaluate("button => button.click()")
    wallet.customer_says(page, yes=True)

    expect(status(page)).to_have_text("Sent. Waiting for the network.")
    expect(page.locator("#wallet-sent")).to_be_focused()
    expect(buttons(page).first).to_be_hidden()
    (call,) = wallet.sent()
    data = transfer_call(invoice.address, 16_490_000)
    assert call == {"from": wallet.account, "to": contract, "value": "0x0", "data": data, "chainId": hex(CHAIN_ID)}
    txid = page.locator("#wallet-link").get_attribute("href").removeprefix("https://explorer.example.com/tx/")
    assert anvil.receipt(txid)["status"] == "0x1"
    assert has_no_sideways_scroll(page)

    page.reload()
    expect(status(page)).to_have_text("Sent. Waiting for the network.")
    expect(page.locator("#wallet-found")).to_contain_text("It is on the chain.")  # the server was asked at once
    expect(buttons(page)).to_have_count(1)
    expect(buttons(page).first).to_be_hidden()
    read_chain()
    expect(headline(page)).to_have_text("Payment seen", timeout=LIVE_MS)
    expect(page.locator("#wallets")).to_have_count(0)
    anvil.mine(3)
    read_chain()
    expect(headline(page)).to_have_text("Paid", timeout=LIVE_MS)
    payment = Payment.objects.get()
    assert (payment.txid, payment.units, len(wallet.sent())) == (txid, 16_490_000, 1)


def test_the_rest_is_paid_in_the_chain_s_own_coin_from_a_wallet_of_the_old_kind(visit, server, order, wallet, anvil):
    invoice, page = order(code="ETH"), visit().page
    wallet.inject(page, name=None, chain="0x1")
    wallet.stays = True
    wallet.refusals = {"eth_requestAccounts": (4100, "locked")}
    opened(page, server, invoice)
    pay = page.get_by_role("button", name="Pay with the wallet in this browser")
    pay.focus()
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("The wallet is locked or shows this page no account.")
    txid = anvil.pay(invoice.address, invoice.amount_units // 2)
    read_chain()
    expect(headline(page)).to_have_text("Part of the payment arrived", timeout=LIVE_MS)
    expect(pay).to_be_focused()
    expect(status(page)).to_contain_text("The wallet is locked or shows this page no account.")
    # What this browser has sent is there: it may go on.
    page.evaluate(
        "([path, hash]) => sessionStorage.setItem(`wallet ${path}`, JSON.stringify({at: Date.now(), hash}))",
        [f"/invoice/{invoice.public_id}", txid],
    )
    page.reload()

    pay.click()
    expect(status(page)).to_contain_text("Your wallet is still on another network. Choose Ethereum there")
    wallet.stays = False
    wallet.account = "0x000000000000000000000000000000000000dEaD"
    pay.click()
    expect(status(page)).to_contain_text("This account cannot pay. It needs")
    assert wallet.sent() == []
    wallet.account = anvil.accounts[2]
    pay.click()

    expect(status(page)).to_have_text("Sent. Waiting for the network.")
    invoice.refresh_from_db()
    rest = invoice.amount_units - invoice.amount_units // 2
    (call,) = wallet.sent()
    assert call == {"from": wallet.account, "to": invoice.address, "value": hex(rest), "chainId": hex(CHAIN_ID)}
    read_chain()
    expect(headline(page)).to_have_text("Payment seen", timeout=LIVE_MS)
    expect(page.locator("#amount")).to_have_text(f"{invoice.asset.to_amount(invoice.amount_units):f}")


def test_a_chain_that_the_wallet_does_not_know_is_the_customer_s_to_add_where_no_public_node_is_set(
    visit, server, order, wallet
):
    invoice, page = order("base", "ETH"), visit().page
    wallet.inject(page, chain="0x1")
    opened(page, server, invoice)

    page.get_by_role("button", name="Pay with Test Wallet").click()

    expect(status(page)).to_have_text("Your wallet does not know Base. Add this network in the wallet, then try again.")
    assert "wallet_addEthereumChain" not in [method for method, _ in wallet.asked]


def test_who_chooses_another_way_to_pay_is_told_what_was_sent_and_not_what_was_said(visit, server, order, wallet):
    options = (OptionOrder("ETH", "ethereum"), OptionOrder("TRX", "tron"))
    invoice, page = order(payment_options=options), visit().page
    wallet.account = wallet.node.accounts[4]
    wallet.inject(page, chain=hex(CHAIN_ID))
    TronLink(account="TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", genesis="0" * 56 + NILE).inject(page)
    opened(page, server, invoice)
    pay = page.get_by_role("button", name="Pay with Test Wallet")
    pay.click()
    expect(status(page)).to_contain_text("This account cannot pay. It needs 16.49 USDT")

    page.locator("#option-trx-tron").click()
    expect(page.get_by_role("button", name="Pay with the wallet in this browser")).to_be_visible()
    expect(pay).to_have_count(0)
    expect(status(page)).to_be_empty()
    page.locator("#option-eth-ethereum").click()
    pay.click()
    expect(status(page)).to_have_text("Sent. Waiting for the network.")
    page.locator("#option-trx-tron").click()

    expect(page.locator(".unit")).to_have_text("TRX")
    expect(status(page)).to_have_text("Sent. Waiting for the network.")
    expect(buttons(page).first).to_be_hidden()
    assert page.locator("#wallet-link").get_attribute("href").startswith("https://explorer.example.com/tx/0x")
    (call,) = wallet.sent()
    assert "data" not in call
    read_chain()
    expect(headline(page)).to_have_text("Payment seen", timeout=LIVE_MS)
    expect(page.locator("#wallet-sent")).to_have_count(0)


def test_what_announces_itself_is_shown_as_text_once_and_only_when_it_is_a_wallet(visit, server, order, wallet):
    invoice, page = order(), visit().page
    wallet.inject(page, chain="0x1")
    opened(page, server, invoice)
    expect(buttons(page)).to_have_count(1)

    page.evaluate(
        """() => {
            const request = () => new Promise(() => {});
            const announce = (uuid, name, provider) => window.dispatchEvent(
                new CustomEvent("eip6963:announceProvider", { detail: { info: { uuid, name }, provider } }));
            announce("a", "<b>Bold\u202e</b> " + "x".repeat(99), { request });
            announce("a", "<b>Bold\u202e</b> " + "x".repeat(99), { request });
            announce("b", "No provider", {});
            announce("b", "  ", { request });
            announce('"><img src=x>', "No id", { request });
            window.dispatchEvent(new CustomEvent("eip6963:announceProvider"));
        }"""
    )

    expect(buttons(page)).to_have_text(["Pay with Test Wallet", f"Pay with <b>Bold </b> {'x' * 27}"])


def test_nothing_is_sent_from_a_page_that_somebody_has_changed(visit, server, order, wallet):
    invoice, page = order(code="ETH"), visit().page
    wallet.inject(page, chain=hex(CHAIN_ID))
    pay = page.get_by_role("button", name="Pay with Test Wallet")

    for tampering in (
        "document.querySelector('#wallets').dataset.to = evil",
        "document.querySelector('#wallets').dataset.units = '99999999'",
        "document.querySelector('#wallets').dataset.contract = evil",
        "document.querySelector('#copy-address').dataset.copy = evil",
        "document.querySelector('#address').textContent = evil",
    ):
        opened(page, server, invoice)
        expect(pay).to_be_visible()
        evil = "const evil = '0x000000000000000000000000000000000000dEaD'"
        pay.evaluate(f"button => {{ {evil}; {tampering}; button.click(); }}")  # before the server is asked

        expect(page.get_by_role("alert"), tampering).to_contain_text("the address on this page has been changed")
        expect(page.locator("#wallets"), tampering).to_have_count(0)
        assert wallet.asked == [], tampering


def test_an_address_exchanged_while_the_wallet_is_asked_is_not_paid(visit, server, order, wallet):
    invoice, page = order(code="ETH"), visit().page
    wallet.inject(page, chain="0x1")
    opened(page, server, invoice)
    page.evaluate(
        """window.addEventListener("eip6963:announceProvider", ({ detail: { provider } }) => {
            const request = provider.request;
            provider.request = (call) => {
                if (call.method === "eth_estimateGas") document.querySelector("#wallets").dataset.units = "1";
                return request(call);
            };
        });
        window.dispatchEvent(new Event("eip6963:requestProvider"))"""
    )

    page.get_by_role("button", name="Pay with Test Wallet").click()

    expect(page.get_by_role("alert")).to_contain_text("the address on this page has been changed")
    assert "eth_estimateGas" in [method for method, _ in wallet.asked]
    assert wallet.sent() == []


def test_whoever_confirms_while_the_invoice_closes_is_warned(visit, server, order, wallet):
    invoice, page = order(code="ETH"), visit(wide=True).page
    wallet.inject(page, chain=hex(CHAIN_ID))
    wallet.holds = True
    opened(page, server, invoice)
    page.get_by_role("button", name="Pay with Test Wallet").click()
    expect(status(page)).to_contain_text("then confirm there")

    cancel_invoice(
        merchant=invoice.merchant,
        livemode=True,
        public_id=invoice.public_id,
        reason="",
        refund_partial_payments=False,
        now=timezone.now(),
    )
    dispatch_all()

    expect(headline(page)).to_have_text("This invoice was cancelled", timeout=LIVE_MS)
    expect(status(page)).to_have_text(
        "This invoice has closed meanwhile. If your wallet still asks you to confirm, decline there."
    )
    expect(buttons(page)).to_have_count(0)
    wallet.customer_says(page, yes=False)
    expect(status(page)).to_have_text("You declined in the wallet. Nothing was sent.")


def test_a_payment_that_the_network_drops_can_be_made_again(visit, server, order, wallet, anvil):
    invoice, page = order(code="ETH"), visit().page
    wallet.inject(page, chain=hex(CHAIN_ID))
    wallet.holds = True
    opened(page, server, invoice)
    pay = page.get_by_role("button", name="Pay with Test Wallet")
    pay.click()
    expect(status(page)).to_contain_text("then confirm there")
    page.reload()  # before the wallet has answered
    expect(status(page)).to_contain_text("has not answered. Look into its history")
    wallet.holds = False

    anvil.rpc("evm_setAutomine", False)
    try:
        page.clock.install()
        pay.click()
        expect(status(page)).to_have_text("Sent. Waiting for the network.")
        again = page.get_by_role("button", name="It failed or was dropped: pay again")
        expect(again).to_be_hidden()
        txid = page.locator("#wallet-link").get_attribute("href").rsplit("/", 1)[1]
        assert anvil.rpc("anvil_dropTransaction", txid) == txid
        page.clock.fast_forward(121_000)
        again.click()
        expect(pay).to_be_focused()
        pay.click()
        expect(status(page)).to_have_text("Sent. Waiting for the network.")
        expect(again).to_be_hidden()
    finally:
        anvil.rpc("evm_setAutomine", True)
    anvil.mine(4)
    read_chain()
    expect(headline(page)).to_have_text("Paid", timeout=LIVE_MS)
    assert Payment.objects.count() == 1


def test_a_payment_that_fails_on_the_chain_can_be_made_again_at_once(visit, server, order, wallet, chains):
    invoice, page, anvil = order(), visit().page, wallet.node
    token = chains["ethereum"]["tokens"]["USDT"]["contract"]
    wallet.account, wallet.holds, wallet.gas = anvil.accounts[3], True, 200_000
    anvil.transfer(token, wallet.account, invoice.amount_units)
    wallet.inject(page, chain=hex(CHAIN_ID))
    opened(page, server, invoice)
    page.get_by_role("button", name="Pay with Test Wallet").click()
    expect(status(page)).to_contain_text("then confirm there")
    anvil.transfer(token, anvil.accounts[0], invoice.amount_units, sender=wallet.account)  # meanwhile it is spent
    wallet.customer_says(page, yes=True)
    expect(status(page)).to_have_text("Sent. Waiting for the network.")
    again = page.get_by_role("button", name="It failed or was dropped: pay again")
    expect(again).to_be_hidden()

    read_chain()
    page.reload()

    expect(page.locator("#wallet-found")).to_contain_text("The transaction failed, and the network returned the money.")
    expect(status(page)).to_be_empty()
    expect(page.locator("#wallet-wait")).to_be_hidden()
    again.click()
    expect(page.get_by_role("button", name="Pay with Test Wallet")).to_be_focused()


@pytest.mark.parametrize("is_old", [False, True], ids=["window.tron", "window.tronLink"])
def test_tronlink_makes_exactly_the_transfer_that_is_due(visit, server, order, is_old):
    invoice, page = order("tron"), visit().page
    wallet = TronLink(account="TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", genesis="0" * 56 + ("2b6653dc", NILE)[is_old])
    wallet.refusals = {("tron_requestAccounts" if is_old else "eth_requestAccounts"): (4001, "no")}
    wallet.inject(page, is_old=is_old)
    opened(page, server, invoice)
    pay = page.get_by_role("button", name="Pay with the wallet in this browser")

    pay.click()
    expect(status(page)).to_have_text("You declined in the wallet. Nothing was sent.")
    wallet.refusals = {"sign": (0, "Confirmation declined by user")}
    pay.click()
    expect(status(page)).to_have_text("You declined in the wallet. Nothing was sent.")
    wallet.refusals = {"sendRawTransaction": (0, "TRANSACTION_EXPIRATION_ERROR")}
    pay.click()
    expect(status(page)).to_contain_text("The network did not take the payment. Nothing was sent.")
    wallet.asked.clear()
    pay.click()

    expect(status(page)).to_have_text("Sent. Waiting for the network.")
    assert page.locator("#wallet-link").get_attribute("href") == f"https://nile.tronscan.org/#/transaction/{'5a' * 32}"
    kind, (contract, method, limits, parameters, sender) = wallet.built[-1]
    assert (kind, contract, method, sender) == (
        "triggerSmartContract",
        "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
        "transfer(address,uint256)",
        wallet.account,
    )
    assert parameters == [{"type": "address", "value": invoice.address}, {"type": "uint256", "value": "16490000"}]
    assert limits == {"feeLimit": 100_000_000, "callValue": 0}
    (signed,) = next(params for method, params in wallet.asked if method == "sign")
    data = signed["raw_data"]["contract"][0]["parameter"]["value"]["data"]
    assert data == "a9059cbb" + "0" * 24 + base58check_decode(invoice.address).hex()[2:] + f"{16_490_000:064x}"
    assert wallet.methods()[-1] == "sendRawTransaction"


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        ({}, "Sent. Waiting for the network."),
        ({"amount": 999_999_999}, "Something did not add up, so nothing was sent."),
        ({"to_address": "41" + "00" * 20}, "Something did not add up, so nothing was sent."),
    ],
    ids=["as asked", "another amount", "another address"],
)
def test_trx_is_signed_only_when_it_is_what_was_asked_for(visit, server, order, forged, said):
    invoice, page = order("tron", "TRX"), visit().page
    wallet = TronLink(account="TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", genesis="0" * 56 + "2b6653dc", forged=forged)
    wallet.inject(page)
    opened(page, server, invoice)

    page.get_by_role("button", name="Pay with the wallet in this browser").click()

    expect(status(page)).to_contain_text(said)
    assert ("wallet_switchEthereumChain", [{"chainId": f"0x{NILE}"}]) in wallet.asked
    assert wallet.built == [("sendTrx", [invoice.address, invoice.amount_units, wallet.account])]
    assert ("sign" in wallet.methods()) is (forged == {})


@pytest.mark.parametrize("javascript", [True, False], ids=["with javascript", "without"])
def test_the_page_stays_light_and_shows_no_wallets_where_there_are_none(visit, server, order, javascript):
    invoice, page = order(), visit(javascript=javascript).page
    responses: list[Response] = []
    page.on("response", lambda response: response.url.endswith("/events") or responses.append(response))

    page.goto(f"{server}/invoice/{invoice.public_id}", wait_until="load")
    page.get_by_text("With amount").click()
    page.locator(".qr-image-uri img").evaluate("image => image.decode()")
    if javascript:
        expect(page.locator("#address-same")).to_be_hidden()
        page.wait_for_timeout(500)

    assert sum(weight_of(response) for response in responses) <= LIMIT_BYTES
    assert len(responses) <= (11 if javascript else 6)  # wallet.js is the one more, where a wallet could pay
    expect(page.locator("#wallets")).to_be_hidden()
