"""Random histories with everything that moves money: whatever happened, the ledger follows from the facts."""

import contextlib
import os
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from chains.base import Transfer
from chains.sandbox.services import new_address
from core.errors import Conflict, Invalid
from events.outbox import dispatch
from invoices.models import Invoice
from invoices.services import Tolerance
from merchants.services import set_platform_fee
from payments import reconciliation
from payments.models import Booking, Payment, Posting, Refund, Settlement
from payments.reconciliation import Scope
from payments.services import RefundOrder, accept_invoice, cancel_refund, complete_refund, request_refund
from payments.states import PaymentStatus, RefundStatus
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer
from tests.payments.test_histories import NOW, World, actions, amounts, numbers, settle

HISTORIES = max(int(os.environ.get("HISTORIES", "40")) // 12, 10)


@pytest.fixture(autouse=True)
def small_slices(monkeypatch) -> None:
    """The books are compared a few rows at a time, as large ones are some thousand at a time."""
    monkeypatch.setattr(reconciliation, "SLICE", 3)


class Till(World):
    """A world in which the merchant also accepts, refunds and decides, and the staff changes the fee."""

    def sell(self, which: int, units: int) -> None:
        self.pay(which, units)
        self.chain.grow(2)
        self.read()

    def give_back(self, which: int, amount: Decimal | None) -> None:
        self.refund(which, amount)
        self.send_refund()
        self.chain.grow(3)
        self.read()

    def pay_otherwise(self, which: int, units: int) -> None:
        invoice = self.invoices[which % len(self.invoices)]
        txid = f"{next(self.transactions):064x}"
        self.chain.mine(transfer(invoice, units=units, txid=txid, asset="USDC"))

    def accept(self, which: int) -> None:
        invoice = self.invoices[which % len(self.invoices)]
        with contextlib.suppress(Conflict), transaction.atomic():
            accept_invoice(**self.of_merchant(invoice), now=self.clock)

    def refund(self, which: int, amount: Decimal | None) -> None:
        invoice = self.invoices[which % len(self.invoices)]
        order = RefundOrder(address=new_address(), amount=amount)
        with contextlib.suppress(Conflict, Invalid), transaction.atomic():
            request_refund(**self.of_merchant(invoice), order=order, now=self.clock)

    def end_refund(self, is_sent: bool) -> None:
        refund = Refund.objects.filter(status=RefundStatus.REQUESTED).order_by("created_at", "pk").first()
        if refund is None:
            return
        if is_sent:
            complete_refund(**self.of_merchant(refund), txid="f" * 64, now=self.clock)
        else:
            cancel_refund(**self.of_merchant(refund), now=self.clock)

    def send_refund(self) -> None:
        """Pay a refund on the chain; the scan recognises it, and a fork may take it back."""
        refund = Refund.objects.filter(status=RefundStatus.REQUESTED).exclude(address="").order_by("pk").first()
        if refund is not None:
            sent = Transfer(
                network="sandbox",
                asset=refund.asset_code,
                txid=f"{next(self.transactions):064x}",
                ordinal=0,
                sender="sandbox1merchant",
                recipient=refund.address,
                units=refund.units,
                block=None,
            )
            self.chain.mine(sent, at=self.clock)

    def tell(self) -> None:
        dispatch()

    def change_fee(self, hundredths: int) -> None:
        merchant = self.invoices[0].merchant
        set_platform_fee(merchant=merchant, percent=Decimal(hundredths) / 100, now=self.clock)


more_actions = st.one_of(
    actions,
    st.tuples(st.just("sell"), numbers, amounts),
    st.tuples(st.just("sell"), numbers, st.sampled_from([16_490_000, 20_000_000])),
    st.tuples(st.just("give_back"), numbers, st.sampled_from([None, Decimal(1)])),
    st.tuples(st.just("fork"), st.integers(min_value=2, max_value=6), st.booleans(), st.integers(4, 8)),
    st.tuples(st.just("pay_otherwise"), numbers, amounts),
    st.tuples(st.just("accept"), numbers),
    st.tuples(st.just("refund"), numbers, st.sampled_from([None, Decimal(1), Decimal("5.5")])),
    st.tuples(st.just("end_refund"), st.booleans()),
    st.tuples(st.just("send_refund")),
    st.tuples(st.just("tell")),
    st.tuples(st.just("change_fee"), st.integers(10, 500)),
)


# A surplus is promised back, a fork takes it, and what is left has gone back as well: nothing is there to settle.
GIVEN_BACK_AND_TAKEN_BACK = [
    ("pay", 1, 8_250_000),
    ("sell", 1, 20_000_000),
    ("give_back", 1, None),
    ("sell", 1, 20_000_000),
    ("read",),
    ("fork", 3, False, 2),
    ("read",),
    ("end_refund", True),
]


@pytest.mark.django_db
@settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(more_actions, min_size=12, max_size=40), max_range=st.sampled_from([2, 100]))
@example(history=GIVEN_BACK_AND_TAKEN_BACK, max_range=100)
def test_after_any_history_the_ledger_follows_from_the_facts(db, history, max_range):
    with transaction.atomic():
        merchant = make_merchant(NOW)
        invoices = [
            make_invoice(merchant, NOW, tolerance=Tolerance(overpayment_action=action))
            for action in ("credit_account", "refund", "keep")
        ]
        till = Till(ScriptedChain(start=NOW, max_range=max_range), invoices)

        for name, *arguments in history:
            getattr(till, name)(*arguments)

        settle(till)
        while dispatch():
            pass
        check_sums()
        check_chain(till)
        check_settlements(till)
        check_mirrors()
        assert reconciliation.ledger_differences(Scope()) == []
        blocks = reconciliation.scanned("sandbox", Scope())
        assert list(reconciliation.chain_differences("sandbox", blocks, Scope(), reader=till.chain)) == []
        transaction.set_rollback(True)


def total(**filters) -> int:
    return int(Posting.objects.filter(**filters).aggregate(units=Sum("units"))["units"] or 0)


def check_sums() -> None:
    """Every booking adds up to nothing, says the database too, and so does the whole."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    sums = Booking.objects.annotate(units=Sum("postings__units")).values_list("units", flat=True)
    assert all(units == 0 for units in sums)
    assert total() == 0


def check_chain(till: Till) -> None:
    """What the books say lies in the wallets is what came on the chain less what was sent back."""
    ours = {invoice.address for invoice in till.invoices}
    for asset in ("USDT", "USDC"):
        on_chain = [t for _, held in till.chain.blocks for t in held if t.asset == asset]
        came = sum(t.units for t in on_chain if t.recipient in ours)
        sent = Refund.objects.filter(status=RefundStatus.COMPLETED, asset_code=asset).aggregate(units=Sum("units"))
        assert total(booking__asset_code=asset, account="chain") == came - int(sent["units"] or 0)


def check_settlements(till: Till) -> None:
    for stale in till.invoices:
        invoice = Invoice.objects.get(pk=stale.pk)
        settled = Settlement.objects.filter(invoice=invoice, status="settled")
        if invoice.status not in {"paid", "refunded"}:
            assert not settled.exists()
            continue
        assert total(booking__invoice=invoice, account="customers") == 0
        counting = Payment.objects.filter(invoice=invoice, counts=True, status=PaymentStatus.CONFIRMED)
        came = int(counting.aggregate(units=Sum("units"))["units"] or 0)
        gross = sum(settlement.gross_units for settlement in settled)
        own_way = [refund.pk for refund in invoice.refunds.filter(kind__in=["part", "surplus"])]
        returned = total(booking__source_id__in=own_way, account="customers", booking__asset_code=invoice.asset_code)
        credited = -total(booking__invoice=invoice, account="credits")
        if invoice.overpayment_action == "keep":
            assert gross == came - returned
        if gross:  # nothing is settled of an invoice that gave back more than it has left
            assert gross + returned + credited == came


def check_mirrors() -> None:
    """What was taken back left nothing behind."""
    for source in Booking.objects.values_list("source_id", "kind", "number"):
        key, kind, number = source
        is_last = not Booking.objects.filter(source_id=key, number__gt=number).exists()
        if is_last and kind in {"payment_reversed", "settlement_reversed", "credit_voided", "refund_cancelled"}:
            sums = Posting.objects.filter(booking__source_id=key).values_list("account").annotate(units=Sum("units"))
            assert all(units == 0 for _, units in sums)
