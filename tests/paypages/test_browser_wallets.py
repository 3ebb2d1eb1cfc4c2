"""What a wallet in the browser is told, and that the page has words for everything its script says."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.paypages.conftest import EVM_ADDRESS, TRON_ADDRESS, TXID

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "static" / "paypages" / "wallet.js").read_text()
TEXTS = (ROOT / "templates" / "paypages" / "parts" / "browser_wallet.html").read_text()
USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"


@pytest.fixture
def live(unsaved, settings):
    settings.CHAINS = {
        "ethereum": {"rpc_urls": ["https://node.example.com/secret-key"], "wallet_rpc_urls": ["https://a.example.com"]},
        "tron": {"rpc_urls": ["http://127.0.0.1:1"], "network": "testnet"},
    }

    def make(**changes):
        return unsaved(**{"livemode": True, "network": "ethereum", "address": EVM_ADDRESS, **changes})

    return make


def test_a_token_is_ordered_in_base_units_on_its_chain_and_no_node_of_ours_is_told(live, show):
    order = show(live()).wallet

    assert (order.family, order.chain, order.address) == ("evm", "0x1", EVM_ADDRESS)
    assert (order.units, order.contract, order.coin, order.coin_decimals) == ("16490000", USDT, "ETH", 18)
    assert order.rpc_urls == "https://a.example.com"
    assert order.explorer == "https://etherscan.io"
    assert "secret" not in repr(order)


def test_a_coin_is_ordered_to_the_last_of_its_eighteen_digits(live, show):
    order = show(live(asset_code="ETH", amount_units=5_555_000_000_000_000_001)).wallet

    assert (order.units, order.contract) == ("5555000000000000001", "")


def test_what_has_arrived_is_not_ordered_again(live, transfer, show):
    invoice = live(status="partial", received_units=6_490_000, received_value=Decimal("6.49"))

    order = show(invoice, transfer(network="ethereum", units=6_490_000)).wallet

    assert (order.units, order.seen) == ("10000000", TXID)


def test_a_payment_that_a_reorg_took_back_has_not_arrived(live, transfer, show):
    assert show(live(), transfer(network="ethereum", status="orphaned")).wallet.seen == ""


def test_tron_s_chain_is_the_one_this_installation_reads(live, show):
    order = show(live(network="tron", address=TRON_ADDRESS)).wallet

    assert (order.family, order.chain) == ("tron", "0xcd8690dc")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "confirming", "received_units": 16_490_000, "received_value": Decimal("16.491649")},
        {"status": "expired"},
        {"status": "cancelled"},
        {"livemode": False},
        {"network": "sandbox"},
        {"network": "bitcoin", "asset_code": "BTC"},
    ],
    ids=lambda changes: " ".join(map(str, changes.values())),
)
def test_nothing_is_ordered_where_nothing_is_due_or_no_wallet_can_pay(live, show, changes):
    assert show(live(**changes)).wallet is None


def test_the_page_has_words_for_everything_the_script_says():
    said = set(re.findall(r'\b(?:say|words|Refusal)\("(\w+)"', SCRIPT)) | set(re.findall(r'say: "(\w+)"', SCRIPT))
    said |= set(re.findall(r'"(\w+)"', SCRIPT[SCRIPT.index("function nameOf") : SCRIPT.index("// After sending")]))
    said |= {"refused", "poor"}

    assert said - {"user"} == set(re.findall(r'data-say="(\w+)"', TEXTS))
