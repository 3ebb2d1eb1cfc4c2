"""What goes back before an invoice is paid pays for nothing: nobody ships against less than the price."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chains.sandbox.services import new_address
from events.models import Event
from events.outbox import dispatch
from invoices.models import Invoice, ReplacedQuote
from invoices.services import Tolerance, expire_due
from payments import reconciliation
from payments.errors import DepositNotAcceptable
from payments.models import Payment, Refund, Settlement
from payments.reconciliation import Scope
from payments.services import (
    RefundOrder,
    Resolution,
    accept_invoice,
    cancel_invoice,
    cancel_refund,
    complete_refund,
    request_refund,
    resolve_deposit,
    scan,
)
from paypages.presentation import Surroundings, present
from tests.factories import make_invoice
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db

ALL = 16_490_000


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


@pytest.fixture(autouse=True)
def books_are_right(db):
    yield
    assert reconciliation.ledger_differences(Scope()) == []


def read(chain, now) -> None:
    scan(network="sandbox", now=now, reader=chain)


def pay(chain, invoice, now, units, txid="a" * 64) -> None:
    chain.mine(transfer(invoice, units=units, txid=txid))
    chain.grow(2)
    read(chain, now)
    invoice.refresh_from_db()


def refund(invoice, now, amount=None) -> Refund:
    order = RefundOrder(address=new_address(), amount=amount)
    opened = request_refund(**of(invoice), order=order, now=now)
    invoice.refresh_from_db()
    return opened


def withdraw(refund, invoice, now) -> None:
    cancel_refund(**of(refund), now=now)
    invoice.refresh_from_db()


def of(thing) -> dict:
    return {"merchant": thing.merchant, "livemode": False, "public_id": thing.public_id}


def figures(invoice) -> tuple[str, int, int, int]:
    return invoice.status, int(invoice.received_units), int(invoice.confirmed_units), int(invoice.remaining_units)


def types(invoice) -> list[str]:
    log = Event.objects.filter(invoice_id=invoice.pk).order_by("sequence")
    return [event.type for event in log if event.type.split(".")[0] in {"invoice", "refund", "settlement"}]


class TestOpenInvoice:
    @pytest.mark.parametrize("is_sent", [True, False])
    def test_the_rest_alone_does_not_pay_it(self, chain, invoice, now, is_sent):
        pay(chain, invoice, now, 5_000_000)
        opened = refund(invoice, now, Decimal(1))
        if is_sent:
            complete_refund(**of(opened), txid="f" * 64, now=now)

        pay(chain, invoice, now, ALL - 5_000_000, txid="b" * 64)

        assert figures(invoice) == ("partial", ALL - 1_000_000, ALL - 1_000_000, 1_000_000)
        assert (invoice.exception, Settlement.objects.count()) == ("underpaid", 0)
        pay(chain, invoice, now, 1_000_000, txid="c" * 64)
        assert figures(invoice) == ("paid", ALL, ALL, 0)
        assert Settlement.objects.get().gross_units == ALL

    def test_the_page_and_the_event_ask_for_what_is_due_again(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)

        opened = refund(invoice, now, Decimal(1))

        page = present(invoice, payments=[], refunds=[opened], around=Surroundings(now=now))
        assert (page.money.received, page.money.remaining) == ("4.00", "12.49")
        assert opened.kind == "part"
        assert Event.objects.get(type="refund.created").data["payment_progress"]["remaining"] == Decimal("12.49")

    def test_all_of_it_back_leaves_nothing_received_and_the_invoice_ends_in_time(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)

        refund(invoice, now)

        assert figures(invoice) == ("pending", 0, 0, ALL)
        assert (invoice.exception, invoice.received_value) == ("none", 0)
        assert types(invoice)[-2:] == ["refund.created", "invoice.pending"]
        expire_due(now=invoice.expires_at)
        invoice.refresh_from_db()
        assert invoice.status == "expired"

    def test_while_the_rest_is_confirming_it_is_short_again(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)
        chain.mine(transfer(invoice, txid="b" * 64))
        read(chain, now)
        invoice.refresh_from_db()
        assert invoice.status == "confirming"

        refund(invoice, now, Decimal(1))

        assert figures(invoice) == ("partial", ALL - 1_000_000, 4_000_000, 1_000_000)

    def test_withdrawn_it_counts_again(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)
        opened = refund(invoice, now, Decimal(1))
        pay(chain, invoice, now, ALL - 5_000_000, txid="b" * 64)

        withdraw(opened, invoice, now)

        assert figures(invoice) == ("paid", ALL, ALL, 0)
        assert types(invoice)[-3:] == ["refund.cancelled", "invoice.paid", "settlement.created"]

    @pytest.mark.parametrize(
        ("action", "settled", "returned"),
        [("keep", 18_490_000, 0), ("refund", ALL, 2_000_000), ("credit_account", ALL, 0)],
    )
    def test_withdrawn_after_it_was_paid_it_is_a_surplus(self, chain, merchant, now, action, settled, returned):
        invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action=action))
        pay(chain, invoice, now, 5_000_000)
        opened = refund(invoice, now, Decimal(2))
        pay(chain, invoice, now, ALL - 3_000_000, txid="b" * 64)
        assert figures(invoice) == ("paid", ALL, ALL, 0)

        withdraw(opened, invoice, now)
        dispatch()
        dispatch()

        assert (invoice.status, invoice.exception) == ("paid", "overpaid")
        assert Settlement.objects.get(status="settled").gross_units == settled
        assert Settlement.objects.filter(status="reversed").count() == (action == "keep")
        assert sum(int(r.units) for r in Refund.objects.filter(kind="surplus")) == returned

    def test_a_merchant_accepts_what_is_left(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)
        refund(invoice, now, Decimal(1))

        accept_invoice(**of(invoice), now=now)

        invoice.refresh_from_db()
        assert figures(invoice) == ("paid", 4_000_000, 4_000_000, 12_490_000)
        assert Settlement.objects.get().gross_units == 4_000_000

    def test_a_quote_is_renewed_for_what_is_left(self, chain, merchant, now, settings):
        invoice = make_invoice(merchant, now, price_lock_duration=300)
        pay(chain, invoice, now, 5_000_000)
        refund(invoice, now, Decimal(5))
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.5")}
        from invoices.services import view_invoice

        view_invoice(invoice_id=invoice.pk, now=now + timedelta(minutes=6))

        invoice.refresh_from_db()
        assert ReplacedQuote.objects.count() == 1
        assert (invoice.amount_units, invoice.remaining_units) == (32_980_000, 32_980_000)


class TestValue:
    def test_what_goes_back_is_worth_what_its_payment_counted_for(self, chain, merchant, now):
        invoice = make_invoice(merchant, now)
        pay(chain, invoice, now, 5_000_000)
        pay(chain, invoice, now + timedelta(seconds=1), 4_000_000, txid="b" * 64)
        first, second = Payment.objects.order_by("created_at")
        Payment.objects.filter(pk=first.pk).update(value=Decimal(10))  # paid at twice the rate
        Payment.objects.filter(pk=second.pk).update(value=Decimal(4))

        refund(invoice, now, Decimal(6))

        assert (invoice.received_units, invoice.received_value) == (3_000_000, Decimal(3))


class TestPaidInvoice:
    def test_a_refund_of_a_paid_invoice_leaves_it_paid(self, chain, invoice, now):
        pay(chain, invoice, now, ALL)

        opened = refund(invoice, now, Decimal(1))

        assert (opened.kind, *figures(invoice)) == ("requested", "paid", ALL, ALL, 0)

    def test_it_is_refunded_when_what_paid_it_has_gone_back_too(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)
        complete_refund(**of(refund(invoice, now)), txid="e" * 64, now=now)
        pay(chain, invoice, now, ALL, txid="b" * 64)
        invoice.refresh_from_db()
        assert invoice.status == "paid"

        complete_refund(**of(refund(invoice, now, Decimal("11.49"))), txid="d" * 64, now=now)
        invoice.refresh_from_db()
        assert invoice.status == "paid"  # as much has gone back as was asked for, but not all that paid it
        complete_refund(**of(refund(invoice, now)), txid="f" * 64, now=now)

        assert Invoice.objects.get().status == "refunded"


class TestReorg:
    def test_a_promise_outlives_the_payment_it_was_made_of_and_is_held(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)
        opened = refund(invoice, now, Decimal(1))
        chain.fork(3)
        chain.grow(4)
        read(chain, now)
        invoice.refresh_from_db()
        opened.refresh_from_db()
        assert (opened.is_held, figures(invoice)) == (True, ("pending", 0, 0, ALL))

        pay(chain, invoice, now, ALL, txid="b" * 64)

        opened.refresh_from_db()
        assert (opened.is_held, figures(invoice)) == (False, ("partial", ALL - 1_000_000, ALL - 1_000_000, 1_000_000))

    def test_the_payment_back_on_the_chain_counts_as_before(self, chain, invoice, now):
        sent = transfer(invoice, units=5_000_000)
        chain.mine(sent)
        chain.grow(2)
        read(chain, now)
        refund(invoice, now, Decimal(1))
        chain.fork(3)
        chain.mine(sent)
        chain.grow(3)

        read(chain, now)

        invoice.refresh_from_db()
        assert figures(invoice) == ("partial", 4_000_000, 4_000_000, 12_490_000)

    def test_a_payment_lost_unsettles_what_it_paid(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)
        refund(invoice, now, Decimal(1))
        pay(chain, invoice, now, ALL - 4_000_000, txid="b" * 64)
        assert invoice.status == "paid"

        chain.fork(3)
        chain.grow(4)
        read(chain, now)

        invoice.refresh_from_db()
        assert figures(invoice) == ("partial", 4_000_000, 4_000_000, 12_490_000)
        assert Settlement.objects.get().reversal_reason == "reorg"


class TestInbox:
    def test_money_of_an_ended_invoice_waits_for_a_decision_when_its_refund_is_withdrawn(self, chain, invoice, now):
        pay(chain, invoice, now, 5_000_000)
        opened = refund(invoice, now)
        expire_due(now=invoice.expires_at)

        withdraw(opened, invoice, now)

        assert invoice.status == "expired"
        assert list(Payment.objects.values_list("review", "review_reason")) == [("open", "short")]

    def test_a_deposit_that_is_promised_back_in_part_is_not_returned_whole(self, chain, invoice, now):
        late = invoice.expires_at + timedelta(hours=1)
        expire_due(now=late)
        chain.mine(transfer(invoice, units=5_000_000), at=late)
        chain.grow(2)
        read(chain, late)
        refund(invoice, late, Decimal(1))

        with pytest.raises(DepositNotAcceptable, match="promised back already"):
            resolve_deposit(**of(Payment.objects.get()), resolution=Resolution.REFUND, now=late)

        assert Refund.objects.count() == 1


class TestHeld:
    def test_what_one_payment_returns_is_held_when_others_took_it(self, chain, invoice, now):
        pay(chain, invoice, now, 6_000_000, txid="b" * 64)
        pay(chain, invoice, now + timedelta(seconds=1), 5_000_000)
        earlier = refund(invoice, now, Decimal(8))
        complete_refund(**of(earlier), txid="f" * 64, now=now)
        cancel_invoice(**of(invoice), reason="", refund_partial_payments=True, now=now)
        bound = Refund.objects.get(kind="cancellation")
        assert (bound.units, bound.payment.txid, bound.is_held) == (3_000_000, "a" * 64, False)

        chain.fork(6)
        chain.mine(transfer(invoice, units=5_000_000))
        chain.grow(6)
        read(chain, now)

        bound.refresh_from_db()
        assert (bound.payment.status, bound.is_held) == ("confirmed", True)

    def test_only_what_is_not_covered_is_held(self, chain, invoice, now):
        pay(chain, invoice, now, 6_000_000)
        pay(chain, invoice, now, 5_000_000, txid="b" * 64)
        first = refund(invoice, now, Decimal(6))
        second = refund(invoice, now + timedelta(seconds=1), Decimal(5))

        chain.fork(3)
        chain.grow(4)
        read(chain, now)

        held = {each.pk: each.is_held for each in Refund.objects.all()}
        assert held == {first.pk: False, second.pk: True}
        cancel_refund(**of(first), now=now)
        second.refresh_from_db()
        assert not second.is_held
