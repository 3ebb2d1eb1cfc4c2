"""After creation: seen, quoted anew, expired, cancelled, accepted."""

from datetime import timedelta
from decimal import Decimal

import pytest

from events.models import Event
from invoices.errors import InvalidTransition, InvoiceNotAcceptable, InvoiceNotCancellable, InvoiceNotFound
from invoices.models import Invoice
from invoices.rates import fixed
from invoices.services import (
    Receipts,
    accept_invoice,
    cancel_invoice,
    expire_due,
    mark_refunded,
    record_receipts,
    view_invoice,
)
from invoices.states import InvoiceStatus
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db


def types(invoice: Invoice) -> list[str]:
    log = Event.objects.filter(invoice_id=invoice.pk).order_by("sequence").values_list("type", flat=True)
    return [name for name in log if name != "invoice.created"]


def receive(invoice: Invoice, units: int, *, confirmed: bool, now) -> Invoice:
    value = Decimal(units) / 10**6
    record_receipts(
        invoice,
        Receipts(units, units if confirmed else 0, value, value if confirmed else Decimal(0), is_late=False),
        now=now,
    )
    return Invoice.objects.get(pk=invoice.pk)


class TestView:
    def test_the_first_view_makes_it_pending_once(self, invoice, now):
        view_invoice(invoice_id=invoice.pk, now=now)
        view_invoice(invoice_id=invoice.pk, now=now + timedelta(seconds=1))

        invoice.refresh_from_db()
        assert (invoice.status, invoice.viewed_at) == ("pending", now)
        assert types(invoice) == ["invoice.pending"]

    def test_a_view_after_the_deadline_finds_it_expired(self, invoice, now):
        seen = view_invoice(invoice_id=invoice.pk, now=invoice.expires_at)

        assert seen.status == "expired"

    def test_a_lapsed_quote_is_renewed_at_today_s_rate(self, merchant, now, settings):
        invoice = make_invoice(merchant, now, expires_in=7200, price_lock_duration=600)
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.5")}

        before = view_invoice(invoice_id=invoice.pk, now=now + timedelta(seconds=599))
        assert before.amount_units == 16_490_000
        after = view_invoice(invoice_id=invoice.pk, now=now + timedelta(seconds=600))

        assert (after.amount_units, after.rate) == (32_980_000, Decimal("0.5"))
        assert after.quote_expires_at == now + timedelta(seconds=1200)
        assert after.replaced_quotes.get().amount_units == 16_490_000

    def test_with_a_part_received_only_the_rest_is_quoted_anew(self, merchant, now, settings):
        invoice = make_invoice(merchant, now, expires_in=7200, price_lock_duration=600)
        invoice = receive(invoice, 8_490_000, confirmed=True, now=now)
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.5")}

        after = view_invoice(invoice_id=invoice.pk, now=now + timedelta(seconds=600))

        assert after.amount_units == 8_490_000 + 16_000_000
        assert after.remaining_units == 16_000_000

    def test_without_a_fresh_rate_the_shown_quote_stays(self, merchant, now, monkeypatch):
        invoice = make_invoice(merchant, now, expires_in=7200, price_lock_duration=600)
        Invoice.objects.filter(pk=invoice.pk).update(asset_code="POL")
        monkeypatch.delitem(fixed.IN_USD, "POL")

        after = view_invoice(invoice_id=invoice.pk, now=now + timedelta(seconds=600))

        assert after.amount_units == 16_490_000


class TestExpiry:
    def test_only_unpaid_invoices_past_their_deadline_expire(self, merchant, now):
        due, later = make_invoice(merchant, now), make_invoice(merchant, now, expires_in=7200)
        partial = receive(make_invoice(merchant, now), 1_000_000, confirmed=False, now=now)

        assert expire_due(now=due.expires_at - timedelta(seconds=1)) == 0
        assert expire_due(now=due.expires_at) == 1
        assert expire_due(now=due.expires_at) == 0

        statuses = {invoice.pk: invoice.status for invoice in Invoice.objects.all()}
        assert statuses == {due.pk: "expired", later.pk: "created", partial.pk: "partial"}
        assert types(due) == ["invoice.expired"]


class TestCancel:
    def cancel(self, invoice, now, **options):
        return cancel_invoice(
            merchant=options.get("merchant", invoice.merchant),
            livemode=options.get("livemode", False),
            public_id=invoice.public_id,
            reason="Customer requested cancellation",
            now=now,
        )

    def test_an_open_invoice_is_cancelled(self, invoice, now):
        cancelled = self.cancel(invoice, now)

        assert (cancelled.status, cancelled.cancelled_at) == ("cancelled", now)
        assert types(invoice) == ["invoice.cancelled"]

    def test_twice_is_a_conflict(self, invoice, now):
        self.cancel(invoice, now)

        with pytest.raises(InvoiceNotCancellable):
            self.cancel(invoice, now)
        assert types(invoice) == ["invoice.cancelled"]

    def test_money_on_its_way_keeps_it_open(self, invoice, now):
        receive(invoice, 16_490_000, confirmed=False, now=now)

        with pytest.raises(InvoiceNotCancellable):
            self.cancel(invoice, now)

    def test_another_merchant_s_and_the_other_mode_s_do_not_exist(self, invoice, now):
        stranger = make_merchant(now, email="stranger@example.com")

        with pytest.raises(InvoiceNotFound):
            self.cancel(invoice, now, merchant=stranger)
        with pytest.raises(InvoiceNotFound):
            self.cancel(invoice, now, livemode=True)
        invoice.refresh_from_db()
        assert invoice.status == "created"


class TestAccept:
    def accept(self, invoice, now):
        return accept_invoice(merchant=invoice.merchant, livemode=False, public_id=invoice.public_id, now=now)

    def test_a_confirmed_part_is_taken_for_enough(self, invoice, now):
        invoice = receive(invoice, 10_000_000, confirmed=True, now=now)

        accepted = self.accept(invoice, now)

        assert (accepted.status, accepted.exception, accepted.paid_at) == ("paid", "underpaid", now)
        assert types(invoice)[-1] == "invoice.paid"

    def test_an_unconfirmed_part_is_paid_once_it_is_confirmed(self, invoice, now):
        invoice = receive(invoice, 10_000_000, confirmed=False, now=now)

        assert self.accept(invoice, now).status == "confirming"
        invoice = receive(Invoice.objects.get(pk=invoice.pk), 10_000_000, confirmed=True, now=now)

        assert invoice.status == "paid"

    def test_nothing_received_is_nothing_to_accept(self, invoice, now):
        with pytest.raises(InvoiceNotAcceptable):
            self.accept(invoice, now)


def test_only_a_paid_invoice_is_refunded(invoice, now):
    with pytest.raises(InvalidTransition):
        mark_refunded(invoice_id=invoice.pk, now=now)

    receive(invoice, 16_490_000, confirmed=True, now=now)
    refunded = mark_refunded(invoice_id=invoice.pk, now=now)

    assert refunded.status == InvoiceStatus.REFUNDED
    assert refunded.paid_at == now
