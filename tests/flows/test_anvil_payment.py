"""From an account key to a paid invoice on a real EVM node: real tokens, real transactions, a real reorg."""

import itertools

import pytest
from django.utils import timezone

from chains.addresses import derive
from events.models import Event
from merchants.services import add_wallet
from payments.models import Payment
from payments.services import scan
from tests.chains.anvil import CHAIN_ID
from tests.factories import make_invoice, make_merchant
from tests.peers import anvil

__all__ = ["anvil"]

pytestmark = [pytest.mark.evm, pytest.mark.django_db]

# The account m/44'/60'/0' of the published test mnemonic "abandon … about" (BIP-39).
XPUB = "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt"


_first_index = itertools.count(0, 100)


@pytest.fixture
def token(anvil, settings):
    contract = anvil.deploy("SilentCoin")
    settings.CHAINS = {
        "ethereum": {
            "rpc_urls": [anvil.url],
            "chain_id": CHAIN_ID,
            "tokens": {"USDT": {"contract": contract, "decimals": 6}},
        }
    }
    settings.RATE_SOURCES = ["fixed"]
    return contract


@pytest.fixture
def merchant(token):
    now = timezone.now()
    merchant = make_merchant(now)
    wallet = add_wallet(merchant=merchant, network="ethereum", xpub=XPUB, now=now)
    # The node remembers what earlier tests paid, so each begins with addresses of its own.
    wallet.next_index = next(_first_index)
    wallet.save()
    return merchant


def read() -> None:
    scan(network="ethereum", now=timezone.now())


def events_of(invoice) -> list[str]:
    log = Event.objects.filter(invoice_id=invoice.pk).order_by("sequence").values_list("type", flat=True)
    return [name for name in log if name != "invoice.created"]


def test_an_invoice_is_paid_with_a_real_token(anvil, token, merchant):
    invoice = make_invoice(merchant, timezone.now(), livemode=True)
    assert (invoice.network, invoice.asset_code) == ("ethereum", "USDT")
    assert invoice.address == "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
    read()

    txid = anvil.transfer(token, invoice.address, invoice.amount_units)
    read()
    invoice.refresh_from_db()
    assert invoice.status == "confirming"
    anvil.mine(3)
    read()

    invoice.refresh_from_db()
    payment = Payment.objects.get()
    assert (invoice.status, payment.status, payment.txid, payment.units) == ("paid", "confirmed", txid, 16_490_000)
    assert events_of(invoice) == [
        "payment.detected",
        "invoice.confirming",
        "payment.confirmed",
        "invoice.paid",
        "settlement.created",
    ]


def test_an_invoice_is_paid_with_the_network_s_own_coin_in_two_parts(anvil, merchant):
    invoice = make_invoice(merchant, timezone.now(), livemode=True, crypto_currency="ETH")
    read()

    anvil.pay(invoice.address, invoice.amount_units - 1_000_000_000)
    read()
    invoice.refresh_from_db()
    # A billionth of an ether is a few millionths of a dollar: within the tolerance of a cent.
    assert invoice.status == "confirming"
    anvil.pay(invoice.address, 1_000_000_000)
    anvil.mine(3)
    read()

    invoice.refresh_from_db()
    assert (invoice.status, invoice.exception, invoice.remaining_units) == ("paid", "none", 0)


def test_a_reorg_takes_the_payment_back_and_the_next_block_brings_it_again(anvil, token, merchant):
    invoice = make_invoice(merchant, timezone.now(), livemode=True)
    read()
    snapshot = anvil.rpc("evm_snapshot")
    anvil.transfer(token, invoice.address, invoice.amount_units)
    anvil.mine(3)
    read()
    invoice.refresh_from_db()
    assert invoice.status == "paid"

    anvil.rpc("evm_revert", snapshot)
    anvil.mine(6)
    read()
    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid_at) == ("pending", None)
    assert Payment.objects.get().status == "orphaned"
    assert events_of(invoice)[-3:] == ["payment.reversed", "invoice.reversed", "settlement.reversed"]

    anvil.transfer(token, invoice.address, invoice.amount_units)
    anvil.mine(3)
    read()

    invoice.refresh_from_db()
    assert invoice.status == "paid"
    assert Payment.objects.filter(status="confirmed", counts=True).count() == 1


def test_every_invoice_has_an_address_of_its_own(merchant):
    start = merchant.wallets.get().next_index

    addresses = [make_invoice(merchant, timezone.now(), livemode=True).address for _ in range(5)]

    assert addresses == [derive("ethereum", XPUB, start + index) for index in range(5)]
