"""What lists, reports and pruning cost an installation that ``bench.filling`` has filled. Needs Django to be set up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from analytics.calendars import RECENT, recent
from analytics.selectors import report
from bench.filling import copy_row, quick_writing
from core.ids import uuid7
from core.pages import BoundedPaginator, ListPage
from events.models import Event
from invoices.models import Invoice
from invoices.selectors import list_invoices
from invoices.states import AWAITING
from merchants.models import Merchant
from webhooks.models import Attempt, Delivery, WebhookEndpoint
from webhooks.retention import prune


def list_times(merchant_id: str) -> dict[str, float]:
    """Return how many milliseconds pages of the merchant's list take, by what they are of."""
    rows = list_invoices(merchant=Merchant.objects.get(pk=merchant_id), livemode=False)
    oldest = datetime.now(UTC) - timedelta(days=300)
    deep = f"older~{oldest.isoformat()}~{uuid7()}"
    asked = {
        "first page": lambda: ListPage(rows, 25, None),
        "page 160,000": lambda: ListPage(rows, 25, deep),
        "paid ones": lambda: ListPage(rows.filter(status="paid"), 25, None),
        "waiting ones": lambda: ListPage(rows.filter(status__in=AWAITING), 25, None),
        "a rare asset": lambda: ListPage(rows.filter(asset_code="DOGE"), 25, None),
        "of one day": lambda: ListPage(rows.filter(created_at__range=(oldest, oldest + timedelta(days=1))), 25, None),
        "staff's, with its count": lambda: (
            BoundedPaginator(Invoice.objects.order_by("-id"), 100).page(1).object_list[:]
        ),
    }
    return {name: _milliseconds(ask) for name, ask in asked.items()}


def report_times(merchant_id: str) -> dict[str, float]:
    """Return how many milliseconds the merchant's reports take, by period and time zone."""
    now = datetime.now(UTC)
    asked = {
        f"{name} in {zone}": partial(
            report,
            merchant_id=UUID(merchant_id),
            livemode=False,
            period=recent(name, zone=ZoneInfo(zone), now=now),
            unit=period.divided_by,
            currency="USD",
        )
        for zone in ("UTC", "Europe/Berlin", "Asia/Kolkata")
        for name, period in RECENT.items()
    }
    return {name: _milliseconds(ask) for name, ask in asked.items()}


def deleted_in_a_second(merchant_id: str, count: int = 100_000) -> float:
    """Return how many old deliveries, with an attempt each, are deleted in a second."""
    now = datetime.now(UTC)
    merchant = Merchant.objects.get(pk=merchant_id)
    receiver = WebhookEndpoint.objects.create(
        merchant=merchant, livemode=False, url="https://shop.example/", events=["*"], secret_encrypted="x"
    )
    event = Event.objects.filter(merchant_id=merchant.pk).first()
    over = {"status": "delivered", "delivered_at": now, "event_type": "invoice.created", "url": receiver.url}
    made = Delivery.objects.create(
        merchant=merchant, livemode=False, endpoint=receiver, event=event, lane="x", body="x" * 1500, **over
    )
    attempt = Attempt.objects.create(delivery=made, number=1, started_at=now - timedelta(days=400), elapsed_ms=5)
    milliseconds = "(extract(epoch FROM now() - interval '400 days') * 1000)::bigint + n"
    key = f"(lpad(to_hex({milliseconds}), 12, '0') || '7000' || substr(md5(n::text), 1, 16))::uuid"
    with quick_writing(Event, Delivery, Attempt), transaction.atomic():
        changed = {"id": key, "sequence": "1000000 + n", "position": "1000000 + n"}
        copy_row(Event, event.pk, count, changed)  # type: ignore[union-attr] # there is that of the invoice
        copy_row(Delivery, made.pk, count, {"id": key, "event_id": key})
        copy_row(Attempt, attempt.pk, count, {"id": key, "delivery_id": key})
    begun = perf_counter()
    return prune(now=now) / (perf_counter() - begun)


def _milliseconds(ask: Callable[[], Any]) -> float:
    times = []
    for _ in range(9):
        begun = perf_counter()
        ask()
        times.append(perf_counter() - begun)
    return median(times) * 1000
