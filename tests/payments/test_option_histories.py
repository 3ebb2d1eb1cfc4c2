"""Random histories in which customers choose what they pay in, and pay wherever they were ever told to."""

import contextlib
import os
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from core.errors import Conflict
from invoices.models import Invoice, InvoiceDestination
from invoices.services import OptionOrder
from invoices.states import InvoiceStatus
from payments import reconciliation
from payments.models import Payment, Refund
from payments.reconciliation import Scope
from payments.services import choose_option
from payments.states import PaymentStatus, Review
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer
from tests.payments.test_histories import NOW, World, actions, amounts, check_events, check_payments, numbers, settle

HISTORIES = max(int(os.environ.get("HISTORIES", "40")) // 20, 6)
ASSETS = ("USDT", "USDC", "TRX")


class Bazaar(World):
    """A world in which customers change their minds."""

    def choose(self, which: int, asset: int) -> None:
        invoice = self.invoices[which % len(self.invoices)]
        with contextlib.suppress(Conflict), transaction.atomic():
            choose_option(public_id=invoice.public_id, asset_code=ASSETS[asset % 3], network="sandbox", now=self.clock)

    def pay_there(self, which: int, place: int, asset: int, units: int) -> None:
        """Pay at any address that the customer was shown so far, in any coin."""
        self.chain.mine(self.order(which, place, asset, units))

    def wait_there(self, which: int, place: int, asset: int, units: int) -> None:
        self.chain.pool = [self.order(which, place, asset, units)]

    def order(self, which: int, place: int, asset: int, units: int):
        invoice = Invoice.objects.get(pk=self.invoices[which % len(self.invoices)].pk)
        kept = InvoiceDestination.objects.filter(invoice=invoice).order_by("created_at", "id")
        shown = [*kept.values_list("address", flat=True), invoice.address]
        sent = transfer(invoice, units=units, txid=f"{next(self.transactions):064x}", asset=ASSETS[asset % 3])
        return replace(sent, recipient=shown[place % len(shown)])


choosing = st.one_of(
    actions,
    st.tuples(st.just("choose"), numbers, numbers),
    st.tuples(st.just("choose"), numbers, numbers),
    st.tuples(st.just("pay_there"), numbers, st.integers(0, 3), numbers, amounts),
    st.tuples(st.just("pay_there"), numbers, st.integers(0, 3), numbers, amounts),
    st.tuples(st.just("wait_there"), numbers, st.integers(0, 3), numbers, amounts),
    st.tuples(st.just("fork"), st.integers(1, 6), st.booleans(), st.integers(0, 5)),
    st.tuples(st.just("read")),
)
_FULL = 16_490_000


@pytest.mark.django_db
@settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(choosing, min_size=5, max_size=25), max_range=st.sampled_from([2, 7, 100]))
@example(  # paid where it was asked first, after the customer had gone on and come back
    history=[("choose", 0, 1), ("choose", 0, 2), ("pay_there", 0, 0, 0, _FULL), ("read",), ("choose", 0, 1)],
    max_range=100,
)
@example(  # taken back by a fork, chosen anew, and then both
    history=[
        ("pay_there", 0, 0, 0, _FULL),
        ("read",),
        ("fork", 1, False, 3),
        ("read",),
        ("choose", 0, 1),
        ("pay_there", 0, 1, 1, _FULL),
        ("read",),
    ],
    max_range=100,
)
@example(  # a part is promised back before the fork takes what it came from
    history=[
        ("pay_there", 0, 0, 0, 5_000_000),
        ("read",),
        ("read",),
        ("return_part", 0, Decimal(1)),
        ("fork", 2, False, 3),
        ("read",),
        ("choose", 0, 1),
        ("pay_there", 0, 0, 1, _FULL),
        ("read",),
    ],
    max_range=7,
)
def test_after_any_history_no_money_is_lost_and_none_counts_twice(db, history, max_range):
    with transaction.atomic():
        merchant = make_merchant(NOW)
        offered = tuple(OptionOrder(code) for code in ASSETS)
        invoices = [make_invoice(merchant, NOW, payment_options=offered) for _ in range(2)]
        world = Bazaar(ScriptedChain(start=NOW, max_range=max_range), invoices)

        for name, *arguments in history:
            getattr(world, name)(*arguments)

        settle(world)
        check_payments(world)
        check_places(world)
        for invoice in Invoice.objects.all():
            check_invoice(invoice)
        check_events()
        check_books(world)
        transaction.set_rollback(True)


def check_places(world: Bazaar) -> None:
    """All that is on the chain counts for the one invoice that was ever paid there, or waits for somebody."""
    owner = {place.address: place.invoice_id for place in InvoiceDestination.objects.all()}
    owner |= {invoice.address: invoice.pk for invoice in Invoice.objects.all()}
    for payment in Payment.objects.filter(status=PaymentStatus.CONFIRMED):
        assert payment.invoice_id == owner[payment.address]
        assert payment.counts or payment.review != Review.NONE
        assert payment.counts == (payment.credited_units > 0)


def check_invoice(invoice: Invoice) -> None:
    counting = Payment.objects.filter(invoice=invoice, counts=True, status=PaymentStatus.CONFIRMED)
    others = [p for p in counting if not invoice.asks_for(network=p.network, asset_code=p.asset_code)]
    assert {p.review for p in others} <= {Review.ACCEPTED}
    assert sum(p.units for p in counting if p not in others) == sum(
        p.credited_units for p in counting if p not in others
    )
    parts = Refund.objects.filter(invoice=invoice, kind="part").exclude(status="cancelled")
    if not parts.exists():
        sums = counting.aggregate(units=Sum("credited_units"), value=Sum("value"))
        booked = (invoice.confirmed_units, invoice.confirmed_value)
        assert booked == (int(sums["units"] or 0), sums["value"] or 0)
    is_enough = invoice.confirmed_value > 0 and invoice.confirmed_value >= Decimal("16.48")
    status = InvoiceStatus(invoice.status)
    if status is not InvoiceStatus.CANCELLED:
        assert (status is InvoiceStatus.PAID) == is_enough


def check_books(world: Bazaar) -> None:
    assert reconciliation.ledger_differences(Scope()) == []
    for scope in (Scope(), Scope(merchant=world.invoices[0].merchant)):
        blocks = reconciliation.scanned("sandbox", scope)
        assert list(reconciliation.chain_differences("sandbox", blocks, scope, reader=world.chain)) == []
