"""From a wallet's zpub to a paid invoice on a real Bitcoin node: the mempool, blocks, a payment in parts, a reorg."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from chains.uris import payment_uri
from events.models import Event
from merchants.services import add_wallet
from payments.models import Payment
from payments.services import scan
from tests.factories import make_invoice, make_merchant
from tests.peers import bcoin

__all__ = ["bcoin"]

pytestmark = [pytest.mark.bitcoin, pytest.mark.django_db]

# The account m/84'/0'/0' of "abandon … about" (BIP-84).
ZPUB = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"

_first_index = itertools.count(1000, 100)


@pytest.fixture
def merchant(bcoin, settings):
    settings.CHAINS = {"bitcoin": {"rpc_urls": [bcoin.url], "network": "regtest"}}
    settings.RATE_SOURCES = ["fixed"]
    merchant = make_merchant(timezone.now())
    wallet = add_wallet(merchant=merchant, network="bitcoin", xpub=ZPUB, now=timezone.now())
    # The node remembers what earlier tests paid, so each begins with addresses of its own.
    wallet.next_index = next(_first_index)
    wallet.save()
    return merchant


@pytest.fixture
def invoice(merchant):
    invoice = make_invoice(merchant, timezone.now(), livemode=True, crypto_currency="BTC")
    read(invoice)
    return invoice


def read(invoice) -> None:
    scan(network="bitcoin", now=timezone.now())
    invoice.refresh_from_db()


def events_of(invoice) -> list[str]:
    log = Event.objects.filter(invoice_id=invoice.pk).order_by("sequence").values_list("type", flat=True)
    told = [name for name in log if name.startswith(("invoice.", "payment."))]
    return told[1:]  # the first is that it was created


def test_an_invoice_is_paid_with_a_real_transaction(bcoin, invoice):
    # 16.49 dollars at 60,000 for one bitcoin
    assert (invoice.network, invoice.asset_code, invoice.amount_units) == ("bitcoin", "BTC", 27_484)
    assert invoice.address.startswith("bcrt1q")
    assert (
        payment_uri(invoice.asset, invoice.address, invoice.asset.to_amount(invoice.amount_units))
        == f"bitcoin:{invoice.address}?amount=0.00027484"
    )

    txid = bcoin.pay((invoice.address, 27_484))
    read(invoice)
    payment = Payment.objects.get()
    assert (invoice.status, payment.status, payment.txid, payment.units) == ("confirming", "detected", txid, 27_484)
    assert payment.block_height is None
    bcoin.mine()
    read(invoice)
    assert (invoice.status, Payment.objects.get().block_height) == ("confirming", bcoin.height)
    bcoin.mine()
    read(invoice)

    payment.refresh_from_db()
    assert (invoice.status, payment.status, payment.confirmations) == ("paid", "confirmed", 1)
    assert events_of(invoice) == ["payment.detected", "invoice.confirming", "payment.confirmed", "invoice.paid"]


def test_two_outputs_of_one_transaction_and_another_one_add_up(bcoin, invoice):
    bcoin.pay((invoice.address, 10_000), (invoice.address, 10_000))
    read(invoice)
    assert (invoice.status, invoice.received_units) == ("partial", 20_000)
    bcoin.pay((invoice.address, 7_484))
    bcoin.mine(2)
    read(invoice)

    assert (invoice.status, invoice.exception, invoice.confirmed_units) == ("paid", "none", 27_484)
    assert sorted(Payment.objects.values_list("ordinal", "units")) == [(0, 7_484), (0, 10_000), (1, 10_000)]


def test_a_reorg_takes_the_payment_back_and_another_block_brings_it_again(bcoin, invoice):
    txid = bcoin.pay((invoice.address, invoice.amount_units))
    bcoin.mine(2)
    read(invoice)
    assert invoice.status == "paid"

    bcoin.reorg(2)
    bcoin.mine(3)
    read(invoice)
    assert (invoice.status, invoice.paid_at) == ("pending", None)
    assert Payment.objects.get().status == "orphaned"
    assert events_of(invoice)[-2:] == ["payment.reversed", "invoice.reversed"]
    bcoin.send_again(txid)
    read(invoice)
    assert (invoice.status, Payment.objects.get().status) == ("confirming", "detected")
    bcoin.mine(2)
    read(invoice)

    assert (invoice.status, Payment.objects.get().status) == ("paid", "confirmed")


def test_a_payment_that_was_replaced_before_a_block_took_it_does_not_count(bcoin, invoice):
    bcoin.mine()
    read(invoice)
    bcoin.pay((invoice.address, invoice.amount_units))
    read(invoice)
    assert invoice.status == "confirming"

    bcoin.reorg(1)  # bcoin throws away what waits with it, as if something else had spent those coins
    bcoin.mine(2)
    scan(network="bitcoin", now=timezone.now() + timedelta(minutes=6))
    invoice.refresh_from_db()
    assert (invoice.status, invoice.received_units) == ("pending", 0)
    assert Payment.objects.get().status == "orphaned"
    txid = bcoin.pay((invoice.address, invoice.amount_units))
    bcoin.mine(2)
    read(invoice)

    assert invoice.status == "paid"
    assert {payment.txid: payment.status for payment in Payment.objects.all()}[txid] == "confirmed"
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["confirmed", "orphaned"]
