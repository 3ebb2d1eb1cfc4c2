"""One address, many invoices: each transfer finds its own, and what finds none waits in its owner's inbox."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction

from events.models import Event
from invoices.errors import InvoiceNotFound
from invoices.models import AmountClaim, Invoice
from merchants.models import Wallet, WalletAddress
from payments import selectors, services
from payments.errors import DepositNeedsInvoice, DepositNotAcceptable, PaymentNotFound
from payments.models import Cursor, Payment, Refund
from payments.services.ledger import fail_stale
from payments.watchlist import IssuedAddresses
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer
from tests.rivals import wait_until_held_up

SHARED = "sandbox1shared"

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet(merchant):
    wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
    WalletAddress.objects.create(wallet=wallet, network="sandbox", address=SHARED)
    return wallet


@pytest.fixture
def chain(now):
    return ScriptedChain(start=now)


def tagged(merchant, now, tag):
    invoice = make_invoice(merchant, now)
    Invoice.objects.filter(pk=invoice.pk).update(address=SHARED, tag=tag, matching="tag")
    invoice.refresh_from_db()
    return invoice


def claimed(merchant, now, units):
    invoice = make_invoice(merchant, now)
    Invoice.objects.filter(pk=invoice.pk).update(address=SHARED, matching="amount", amount_units=units)
    invoice.refresh_from_db()
    claim(invoice, units, now)
    return invoice


def claim(invoice, units, now, released_at=None):
    return AmountClaim.objects.create(
        invoice=invoice,
        network="sandbox",
        address=SHARED,
        asset_code="USDT",
        units=units,
        created_at=now,
        released_at=released_at,
    )


def scan(chain, now):
    services.scan(network="sandbox", now=now, reader=chain)


def send(chain, invoice, now, **options):
    tag = options.pop("tag", invoice.tag)
    chain.mine(replace(transfer(invoice, **options), tag=tag), at=now)


def test_a_tag_tells_invoices_apart(merchant, wallet, chain, now):
    first, second = tagged(merchant, now, "7"), tagged(merchant, now, "8")

    chain.mine(
        replace(transfer(second, units=5), tag="8"),
        replace(transfer(first, units=3, txid="b" * 64), tag="7"),
        at=now,
    )
    scan(chain, now)

    second.refresh_from_db()
    first.refresh_from_db()
    assert (second.received_units, first.received_units) == (5, 3)


@pytest.mark.parametrize("tag", ["", "9"])
def test_without_a_known_tag_the_money_waits_in_the_inbox(merchant, wallet, chain, now, tag):
    invoice = tagged(merchant, now, "7")

    send(chain, invoice, now, tag=tag)
    scan(chain, now)

    payment = selectors.list_deposits(merchant=merchant, livemode=False).get()
    assert (payment.invoice_id, payment.review, payment.review_reason) == (None, "open", "unknown")
    assert (payment.counts, payment.value, payment.units) == (False, 0, 16490000)
    invoice.refresh_from_db()
    assert invoice.received_units == 0


def test_the_exact_amount_tells_invoices_apart(merchant, wallet, chain, now):
    first, second = claimed(merchant, now, 16_490_000), claimed(merchant, now, 16_490_100)

    send(chain, second, now, units=16_490_100)
    scan(chain, now)

    assert Payment.objects.get().invoice_id == second.pk
    first.refresh_from_db()
    assert first.received_units == 0


@pytest.mark.parametrize("difference", [-1, 1, 50])
def test_another_amount_matches_nothing(merchant, wallet, chain, now, difference):
    invoice = claimed(merchant, now, 16_490_000)

    send(chain, invoice, now, units=16_490_000 + difference)
    scan(chain, now)

    assert Payment.objects.get().invoice_id is None
    invoice.refresh_from_db()
    assert invoice.received_units == 0


def test_the_right_amount_of_another_asset_matches_nothing(merchant, wallet, chain, now):
    invoice = claimed(merchant, now, 16_490_000)

    send(chain, invoice, now, asset="USDC")
    scan(chain, now)

    assert Payment.objects.get().invoice_id is None


def test_an_amount_means_the_invoice_that_claimed_it_when_the_money_was_sent(merchant, wallet, chain, now):
    old, new = make_invoice(merchant, now), make_invoice(merchant, now)
    claim(old, 5_000_000, now, released_at=now + timedelta(hours=30))
    claim(new, 5_000_000, now + timedelta(hours=31))
    Invoice.objects.filter(pk__in=[old.pk, new.pk]).update(address=SHARED, matching="amount")
    old.refresh_from_db()

    send(chain, old, now + timedelta(minutes=5), units=5_000_000)
    scan(chain, now + timedelta(hours=32))  # read only after a long absence

    assert Payment.objects.get().invoice_id == old.pk


def test_one_reading_tells_what_was_sent_before_a_claim_was_released_from_what_came_after(merchant, wallet, chain, now):
    invoice = make_invoice(merchant, now)
    claim(invoice, 5_000_000, now, released_at=now + timedelta(hours=30))
    Invoice.objects.filter(pk=invoice.pk).update(address=SHARED, matching="amount")
    invoice.refresh_from_db()

    send(chain, invoice, now + timedelta(minutes=5), units=5_000_000)
    send(chain, invoice, now + timedelta(hours=31), units=5_000_000, txid="b" * 64)
    scan(chain, now + timedelta(hours=32))

    found = {payment.txid[0]: payment.invoice_id for payment in Payment.objects.all()}
    assert found == {"a": invoice.pk, "b": None}


def test_an_amount_does_not_mean_an_invoice_that_asked_for_it_later(merchant, wallet, chain, now):
    invoice = make_invoice(merchant, now)
    chain.mine(replace(transfer(invoice), recipient=SHARED, units=5_000_000), at=now)
    claimed(merchant, now + timedelta(hours=3), 5_000_000)

    scan(chain, now + timedelta(hours=4))

    assert Payment.objects.get().invoice_id is None


def test_assets_are_not_confused_within_one_reading(merchant, wallet, chain, now):
    dear, cheap = claimed(merchant, now, 16_000_000), claimed(merchant, now, 5_000_000)

    chain.mine(
        transfer(dear, asset="USDC"),
        transfer(cheap, txid="b" * 64),
        at=now,
    )
    scan(chain, now)

    assert set(Payment.objects.values_list("asset_code", "invoice_id")) == {("USDC", None), ("USDT", cheap.pk)}


def test_a_transfer_that_matched_nothing_is_not_given_to_a_later_invoice(merchant, wallet, chain, now):
    seen = replace(transfer(make_invoice(merchant, now)), recipient=SHARED, units=5_000_000)
    chain.pool.append(seen)
    scan(chain, now)
    invoice = claimed(merchant, now, 5_000_000)

    chain.pool.clear()
    chain.mine(seen, at=now)
    chain.grow(3)
    scan(chain, now + timedelta(seconds=30))

    payment = Payment.objects.get()
    assert (payment.invoice_id, payment.status) == (None, "confirmed")
    invoice.refresh_from_db()
    assert invoice.received_units == 0


def test_a_claim_that_was_released_keeps_the_payments_it_had(merchant, wallet, chain, now):
    invoice = claimed(merchant, now, 5_000_000)
    send(chain, invoice, now)
    scan(chain, now)
    AmountClaim.objects.update(released_at=now)

    chain.fork(1)
    chain.mine(transfer(invoice, units=5_000_000), at=now + timedelta(hours=1))
    scan(chain, now + timedelta(hours=1))

    payment = Payment.objects.get()
    assert (payment.invoice_id, payment.block_height) == (invoice.pk, 1)


def test_what_is_left_after_a_part_is_an_amount_of_its_own(merchant, wallet, chain, now):
    invoice, rival = claimed(merchant, now, 16_490_000), claimed(merchant, now, 6_490_000)
    part = unknown(merchant, chain, now, units=10_000_000)

    resolve(merchant, part, "accept", now, invoice_id=invoice.public_id)

    invoice.refresh_from_db()
    assert (invoice.status, int(invoice.received_units)) == ("partial", 10_000_000)
    left = int(invoice.remaining_units)
    assert left == 6_490_010  # the rival's amount was taken: a little more, in as few digits as leave room
    send(chain, invoice, now, units=left, txid="c" * 64)
    scan(chain, now)
    invoice.refresh_from_db()
    rival.refresh_from_db()
    assert (int(invoice.received_units), int(rival.received_units)) == (16_490_010, 0)


def test_an_unused_address_of_a_wallet_is_watched(merchant, wallet):
    watched = IssuedAddresses("sandbox")

    assert watched.among({SHARED, "sandbox1stranger"}) == {SHARED}
    assert list(watched.live()) == [SHARED]


def test_a_shared_address_is_watched_once(merchant, wallet, now):
    own = make_invoice(merchant, now)
    for tag in ("7", "8"):
        tagged(merchant, now, tag)

    watched = IssuedAddresses("sandbox")

    assert sorted(watched.live()) == sorted([SHARED, own.address])
    assert watched.references({"7", "9"}) == {"7"}


def unknown(merchant, chain, now, units=5_000_000):
    chain.mine(replace(transfer(make_invoice(merchant, now)), recipient=SHARED, units=units), at=now)
    scan(chain, now)
    return Payment.objects.get(invoice=None)


class TestTheInbox:
    def test_what_happens_to_an_unknown_deposit_is_told(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now)
        chain.grow(3)
        scan(chain, now)

        told = Event.objects.filter(type__startswith="payment.").order_by("sequence")
        assert [event.type for event in told] == ["payment.detected", "payment.confirmed"]
        assert {(event.merchant_id, event.livemode, event.invoice_id) for event in told} == {(merchant.pk, False, None)}
        assert told[0].data["payment_id"] == payment.public_id
        assert told[0].data["in_review"] is True

    def test_it_counts_for_the_invoice_it_is_accepted_for_at_todays_rate(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now, units=16_490_000)
        chain.grow(3)
        scan(chain, now)
        invoice = make_invoice(merchant, now)

        services.resolve_deposit(
            merchant=merchant,
            livemode=False,
            public_id=payment.public_id,
            resolution=services.Resolution.ACCEPT,
            invoice_id=invoice.public_id,
            now=now,
        )

        invoice.refresh_from_db()
        payment.refresh_from_db()
        assert (invoice.status, invoice.received_units) == ("paid", 16_490_000)
        assert (payment.invoice_id, payment.review, payment.counts) == (invoice.pk, "accepted", True)
        assert Event.objects.get(type="deposit.resolved").data["invoice_id"] == invoice.public_id

    def test_accepting_it_needs_an_invoice(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now)

        with pytest.raises(DepositNeedsInvoice):
            resolve(merchant, payment, "accept", now)

        payment.refresh_from_db()
        assert payment.review == "open"

    def test_another_merchants_invoice_does_not_exist(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now)
        foreign = make_invoice(make_merchant(now, email="b@example.com"), now)

        with pytest.raises(InvoiceNotFound):
            resolve(merchant, payment, "accept", now, invoice_id=foreign.public_id)
        with pytest.raises(PaymentNotFound):
            resolve(foreign.merchant, payment, "accept", now, invoice_id=foreign.public_id)

    def test_an_invoice_on_another_network_is_refused(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now)
        invoice = make_invoice(merchant, now)
        Payment.objects.update(network="tron")

        with pytest.raises(DepositNotAcceptable):
            resolve(merchant, payment, "accept", now, invoice_id=invoice.public_id)

        payment.refresh_from_db()
        assert (payment.invoice_id, payment.review) == (None, "open")

    def test_a_decision_while_the_chain_is_read_stands(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now, units=16_490_000)
        invoice = make_invoice(merchant, now)
        chain.grow(3)
        chain.before = lambda: resolve(merchant, payment, "accept", now, invoice_id=invoice.public_id)

        scan(chain, now)

        payment.refresh_from_db()
        invoice.refresh_from_db()
        assert (payment.invoice_id, payment.review, payment.status) == (invoice.pk, "accepted", "confirmed")
        assert invoice.status == "paid"

    def test_it_can_be_refunded_without_an_invoice(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now)

        resolve(merchant, payment, "refund", now)

        refund = Refund.objects.get()
        assert (refund.invoice_id, refund.payment_id, refund.units) == (None, payment.pk, 5_000_000)
        assert (refund.merchant_id, refund.livemode, refund.kind) == (merchant.pk, False, "deposit")
        done = services.complete_refund(
            merchant=merchant, livemode=False, public_id=refund.public_id, txid="f" * 64, now=now
        )
        assert done.status == "completed"
        assert Event.objects.get(type="refund.completed").data["payment_id"] == payment.public_id

    def test_it_can_be_left_alone(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now)

        resolve(merchant, payment, "ignore", now)

        payment.refresh_from_db()
        assert (payment.review, payment.resolved_at) == ("ignored", now)
        assert not Refund.objects.exists()

    def test_once_it_has_left_the_chain_for_a_day_it_has_failed(self, merchant, wallet, chain, now):
        payment = unknown(merchant, chain, now)
        chain.fork(1)
        chain.grow(2)
        scan(chain, now)

        scan(chain, now + timedelta(days=2))
        fail_stale(now=now + timedelta(days=2))

        payment.refresh_from_db()
        assert payment.status == "failed"


@pytest.mark.django_db(transaction=True)
def test_a_decision_about_an_unknown_deposit_waits_until_the_chain_has_been_recorded(now):
    merchant = make_merchant(now)
    wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
    WalletAddress.objects.create(wallet=wallet, network="sandbox", address=SHARED)
    payment = unknown(merchant, ScriptedChain(start=now), now)
    order = []

    def decide():
        resolve(merchant, payment, "ignore", now)
        order.append("decided")
        connection.close()

    with transaction.atomic():
        Cursor.objects.select_for_update().get(network="sandbox")  # as whoever records a reading does
        decision = Thread(target=decide)
        decision.start()
        wait_until_held_up(decision)
        order.append("recorded")
    decision.join()

    assert order == ["recorded", "decided"]


def resolve(merchant, payment, resolution, now, **options):
    return services.resolve_deposit(
        merchant=merchant,
        livemode=False,
        public_id=payment.public_id,
        resolution=services.Resolution(resolution),
        now=now,
        **options,
    )
