"""Reads of webhooks, tenant first. What belongs to somebody else is not found."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Count, DecimalField, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import NullIf, Round

from core.statements import Prepared
from events.types import WEBHOOK_TEST
from merchants.models import Merchant
from webhooks.errors import DeliveryNotFound, EndpointNotFound, ReplayNotFound
from webhooks.models import Attempt, Circuit, Delivery, EndpointDay, Replay, WebhookEndpoint
from webhooks.states import DeliveryStatus, trouble_of

RATED_PERIOD: Final = timedelta(days=30)
WATCHED_PERIOD: Final = timedelta(days=1)
WATCHED: Final = 1000
_RATE: Final = DecimalField(max_digits=4, decimal_places=1)

_sent_of = Prepared(
    lambda merchant, invoice, livemode: (
        Delivery.objects.filter(merchant_id=merchant, livemode=livemode, invoice_id=invoice)
        .defer("body")
        .order_by("created_at", "id")[:200]
    ),
    UUID(int=0),
    UUID(int=1),
)


def list_endpoints(*, merchant: Merchant, livemode: bool, status: str | None = None) -> QuerySet[WebhookEndpoint]:
    """Return the merchant's endpoints, newest first: all, or those that are ``active`` or ``disabled``."""
    endpoints = WebhookEndpoint.objects.filter(merchant=merchant, livemode=livemode, deleted_at=None)
    if status is not None:
        is_active = Q(disabled_reason="")
        endpoints = endpoints.filter(is_active if status == "active" else ~is_active)
    return endpoints.order_by("-created_at", "-id")


def with_figures(endpoints: QuerySet[WebhookEndpoint], *, now: datetime) -> QuerySet[WebhookEndpoint]:
    """
    Add ``success_rate`` and ``last_delivery_at`` to each endpoint, at a price that its deliveries do not raise.

    ``success_rate`` is the percentage, with one digit, of its deliveries of the last 30 days (UTC, with
    today) that arrived, among those that are over; None when there are none.
    """
    days = EndpointDay.objects.filter(endpoint=OuterRef("pk")).order_by().values("endpoint")
    arrived, over = Sum("delivered"), NullIf(Sum(F("delivered") + F("failed")), 0)
    rate = days.filter(day__gt=(now - RATED_PERIOD).astimezone(UTC).date()).annotate(
        rate=Round(Value(Decimal("100.0"), output_field=_RATE) * arrived / over, 1, output_field=_RATE)
    )
    return endpoints.annotate(
        success_rate=Subquery(rate.values("rate"), output_field=_RATE),
        last_delivery_at=Subquery(days.annotate(last=Max("last_delivered_at")).values("last")),
    )


def get_endpoint(
    *, merchant: Merchant, livemode: bool, public_id: str, figures_at: datetime | None = None
) -> WebhookEndpoint:
    """
    Return one endpoint of the merchant; with ``figures_at``, also its success rate at that moment.

    :raises EndpointNotFound: when there is none, or it is somebody else's
    """
    endpoints = list_endpoints(merchant=merchant, livemode=livemode)
    return _one(with_figures(endpoints, now=figures_at) if figures_at else endpoints, public_id)


def lock_endpoint(*, merchant: Merchant, livemode: bool, public_id: str) -> WebhookEndpoint:
    """
    Return one endpoint of the merchant, locked until the transaction ends.

    :raises EndpointNotFound: when there is none, or it is somebody else's
    """
    endpoints = list_endpoints(merchant=merchant, livemode=livemode)
    return _one(endpoints.select_for_update(no_key=True), public_id)


def count_endpoints(*, merchant: Merchant) -> int:
    """Return how many endpoints the merchant has, live and test, for the plan's limit."""
    return WebhookEndpoint.objects.filter(merchant=merchant, deleted_at=None).count()


def list_deliveries(*, endpoint: WebhookEndpoint) -> QuerySet[Delivery]:
    """Return what was and is owed to an endpoint, newest first."""
    return Delivery.objects.filter(endpoint=endpoint).order_by("-created_at", "-id")


def get_delivery(*, endpoint: WebhookEndpoint, public_id: str) -> Delivery:
    """
    Return one delivery of an endpoint.

    :raises DeliveryNotFound: when there is none
    """
    return _one_delivery(list_deliveries(endpoint=endpoint), public_id)


def get_delivery_of(*, merchant: Merchant, livemode: bool, public_id: str) -> Delivery:
    """
    Return a delivery of the merchant, whoever receives it: an endpoint, one deleted since, an invoice's own address.

    :raises DeliveryNotFound: when there is none, or it is somebody else's
    """
    return _one_delivery(Delivery.objects.filter(merchant=merchant, livemode=livemode), public_id)


def list_given_up(*, merchant: Merchant, livemode: bool) -> QuerySet[Delivery]:
    """Return what was given up, to whatever receiver, newest first; tests, which are sent once, are not among it."""
    failed = Delivery.objects.filter(merchant=merchant, livemode=livemode, status=DeliveryStatus.FAILED)
    return failed.exclude(event_type=WEBHOOK_TEST).select_related("endpoint").order_by("-created_at", "-id")


def list_all_deliveries(*, merchant: Merchant, livemode: bool) -> QuerySet[Delivery]:
    """Return what the merchant's endpoints (also deleted ones) and invoices' own addresses are sent, newest first."""
    return Delivery.objects.filter(merchant=merchant, livemode=livemode).order_by("-created_at", "-id")


def lock_delivery(*, endpoint: WebhookEndpoint, public_id: str) -> Delivery:
    """
    Return one delivery of an endpoint, locked until the transaction ends.

    :raises DeliveryNotFound: when there is none
    """
    return _one_delivery(list_deliveries(endpoint=endpoint).select_for_update(of=("self",)), public_id)


def invoice_deliveries(*, merchant: Merchant, livemode: bool, invoice_id: UUID) -> list[Delivery]:
    """Return what was sent about one invoice, to endpoints and to its own ``webhook_url``, oldest first."""
    return _sent_of.rows(merchant.pk, invoice_id, shape=(livemode,))


def event_deliveries(*, merchant: Merchant, livemode: bool, event_id: UUID) -> list[Delivery]:
    """Return the deliveries that one event owed, oldest first."""
    owed = Delivery.objects.filter(merchant=merchant, livemode=livemode, event_id=event_id).defer("body")
    return list(owed.order_by("created_at", "id"))


@dataclass(frozen=True, slots=True)
class Health:
    """
    How an endpoint does at present: what waits, what it answered within 24 hours, and whether it is left alone.

    ``typical_ms`` and ``slowest_ms`` are the median and the 95th percentile of its answers' times; None without any.
    """

    attempts: int
    answered: int
    typical_ms: int | None
    slowest_ms: int | None
    waiting: int
    oldest_at: datetime | None
    left_alone_until: datetime | None
    last_trouble: str

    @property
    def may_more_wait(self) -> bool:
        """Whether counting what waits has come to its end before what waits did."""
        return self.waiting >= WATCHED


def health_of(endpoint: WebhookEndpoint, *, now: datetime) -> Health:
    """
    Return how an endpoint does. Reads no more than its latest 1000 deliveries of the last 24 hours and, of what
    waits, the 1000 that are due first.
    """
    recent = list_deliveries(endpoint=endpoint).filter(created_at__gte=now - WATCHED_PERIOD).values("pk")[:WATCHED]
    made = Attempt.objects.filter(delivery__in=list(recent.values_list("pk", flat=True)))
    times = sorted(made.filter(response_code__range=(200, 299)).values_list("elapsed_ms", flat=True))
    pending = Delivery.objects.filter(lane=endpoint.public_id, status=DeliveryStatus.PENDING)
    waiting = list(pending.order_by("next_attempt_at").values_list("created_at", flat=True)[:WATCHED])
    circuit = Circuit.objects.filter(lane=endpoint.public_id, open_until__gt=now).first()
    trouble = made.exclude(response_code__range=(200, 299)).order_by("-started_at").first()
    return Health(
        attempts=made.count(),
        answered=len(times),
        typical_ms=times[len(times) // 2] if times else None,
        slowest_ms=times[len(times) * 95 // 100] if times else None,
        waiting=len(waiting),
        oldest_at=min(waiting, default=None),
        left_alone_until=circuit.open_until if circuit else None,
        last_trouble=trouble_of(error=trouble.error, status_code=trouble.response_code) if trouble else "",
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is: of ``total`` events so many are made due, and of those so many arrived, failed or wait."""

    total: int
    delivered: int
    failed: int
    waiting: int

    @property
    def percent(self) -> int:
        """The share that is over, rounded down; 100 when there was nothing to send."""
        return (self.delivered + self.failed) * 100 // self.total if self.total else 100


def list_replays(*, endpoint: WebhookEndpoint) -> QuerySet[Replay]:
    """Return the replays to an endpoint, newest first."""
    return Replay.objects.filter(endpoint=endpoint).select_related("endpoint").order_by("-created_at", "-id")


def get_replay(*, endpoint: WebhookEndpoint, public_id: str) -> Replay:
    """
    Return one replay to an endpoint.

    :raises ReplayNotFound: when there is none
    """
    key = Replay.key_from(public_id)
    found = list_replays(endpoint=endpoint).filter(pk=key).first() if key else None
    if found is None:
        raise ReplayNotFound
    return found


def replayed(replay: Replay) -> QuerySet[Delivery]:
    """Return the deliveries that a replay has made due so far."""
    return Delivery.objects.filter(
        endpoint=replay.endpoint,
        event__created_at__gte=replay.start,
        event__created_at__lt=replay.end,
        event__position__lte=replay.position,
        event_type__in=replay.types,
    )


def progress_of(replay: Replay) -> Progress:
    """Return how far a replay is now; of one that is over, how far it was then."""
    if replay.delivered is not None and replay.failed is not None:
        return Progress(total=replay.total, delivered=replay.delivered, failed=replay.failed, waiting=0)
    counted = dict(replayed(replay).order_by().values_list("status").annotate(Count("pk")))
    delivered, failed = counted.get(DeliveryStatus.DELIVERED, 0), counted.get(DeliveryStatus.FAILED, 0)
    return Progress(
        total=replay.total,
        delivered=delivered,
        failed=failed,
        waiting=0 if replay.is_stopped else max(replay.total - delivered - failed, 0),
    )


def is_over(replay: Replay) -> bool:
    """Return whether all of a replay was made due, and nothing of it waits."""
    return replay.finished_at is not None and not replayed(replay).filter(status=DeliveryStatus.PENDING).exists()


def _one(endpoints: QuerySet[WebhookEndpoint], public_id: str) -> WebhookEndpoint:
    key = WebhookEndpoint.key_from(public_id)
    endpoint = endpoints.filter(pk=key).first() if key else None
    if endpoint is None:
        raise EndpointNotFound
    return endpoint


def _one_delivery(deliveries: QuerySet[Delivery], public_id: str) -> Delivery:
    key = Delivery.key_from(public_id)
    delivery = deliveries.filter(pk=key).select_related("endpoint").first() if key else None
    if delivery is None:
        raise DeliveryNotFound
    return delivery
