"""One fact per invoice: whatever order, however often."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from django.core.management import call_command

from analytics import services
from analytics.models import InvoiceFact
from events import outbox
from events.models import Event, FailedDispatch
from tests.analytics.log import MERCHANT, LoggedInvoice

pytestmark = pytest.mark.django_db


def test_dispatching_the_log_leaves_one_fact_per_invoice(now):
    invoice = LoggedInvoice(now, total=Decimal("16.49"), asset_code="BTC").create().pay(now + timedelta(minutes=5))

    outbox.dispatch_all()

    fact = InvoiceFact.objects.get()
    assert fact.invoice_id == invoice.id
    assert (fact.merchant_id, fact.livemode) == (MERCHANT, True)
    assert (fact.created_at, fact.paid_at) == (now, now + timedelta(minutes=5))
    assert (fact.currency, fact.total, fact.asset_code, fact.network) == ("USD", Decimal("16.49"), "BTC", "tron")
    assert not FailedDispatch.objects.exists()


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_events_may_come_in_any_order_and_twice(now, order):
    invoice = LoggedInvoice(now)
    last = now + timedelta(minutes=9)
    events = [
        invoice.emit("invoice.created"),
        invoice.emit("invoice.paid", paid_at=now + timedelta(minutes=1)),
        invoice.emit("invoice.reversed"),
        invoice.emit("invoice.paid", paid_at=last),
    ]
    events = [Event.objects.get(pk=event.pk) for event in events]

    for place in (*order, *order):
        services.take_in(event=events[place])

    assert InvoiceFact.objects.get().paid_at == last


def test_a_payment_that_a_reorg_took_back_is_no_longer_counted(now):
    LoggedInvoice(now).create().pay(now).emit("invoice.reversed")

    outbox.dispatch_all()

    assert InvoiceFact.objects.get().paid_at is None


def test_a_refunded_invoice_stays_paid(now):
    LoggedInvoice(now).create().pay(now).emit("invoice.refunded", paid_at=now)

    outbox.dispatch_all()

    assert InvoiceFact.objects.get().paid_at == now


def test_other_events_of_an_invoice_change_nothing(now):
    LoggedInvoice(now).emit("invoice.pending")

    outbox.dispatch_all()

    assert not InvoiceFact.objects.exists()


def test_the_facts_can_be_rebuilt_from_the_log(now):
    LoggedInvoice(now).create().pay(now)
    LoggedInvoice(now).create()
    outbox.dispatch_all()
    before = list(InvoiceFact.objects.order_by("invoice_id").values())
    InvoiceFact.objects.all().delete()

    call_command("rebuild_analytics")

    assert list(InvoiceFact.objects.order_by("invoice_id").values()) == before
