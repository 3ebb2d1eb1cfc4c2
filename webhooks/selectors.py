"""Reads of webhooks, tenant first. What belongs to somebody else is not found."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Count, DecimalField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Round

from merchants.models import Merchant
from webhooks.errors import DeliveryNotFound, EndpointNotFound
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.states import DeliveryStatus

RATED_PERIOD: Final = timedelta(days=30)
_RATE: Final = DecimalField(max_digits=4, decimal_places=1)


def list_endpoints(*, merchant: Merchant, livemode: bool, status: str | None = None) -> QuerySet[WebhookEndpoint]:
    """Return the merchant's endpoints, newest first: all, or those that are ``active`` or ``disabled``."""
    endpoints = WebhookEndpoint.objects.filter(merchant=merchant, livemode=livemode, deleted_at=None)
    if status is not None:
        is_active = Q(disabled_reason="")
        endpoints = endpoints.filter(is_active if status == "active" else ~is_active)
    return endpoints.order_by("-created_at", "-id")


def with_figures(endpoints: QuerySet[WebhookEndpoint], *, now: datetime) -> QuerySet[WebhookEndpoint]:
    """
    Add ``success_rate`` and ``last_delivery_at`` to each endpoint.

    ``success_rate`` is the percentage, with one digit, of its deliveries of the last 30 days that
    arrived, among those that are over; None when there are none.
    """
    own = Delivery.objects.filter(endpoint=OuterRef("pk")).order_by()
    over = own.filter(created_at__gte=now - RATED_PERIOD).exclude(status=DeliveryStatus.PENDING)
    arrived = Count("pk", filter=Q(status=DeliveryStatus.DELIVERED))
    rate = over.values("endpoint").annotate(
        rate=Round(Value(Decimal("100.0"), output_field=_RATE) * arrived / Count("pk"), 1, output_field=_RATE)
    )
    latest = own.filter(delivered_at__isnull=False).order_by("-created_at").values("delivered_at")[:1]
    return endpoints.annotate(
        success_rate=Subquery(rate.values("rate"), output_field=_RATE), last_delivery_at=Subquery(latest)
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


def lock_delivery(*, endpoint: WebhookEndpoint, public_id: str) -> Delivery:
    """
    Return one delivery of an endpoint, locked until the transaction ends.

    :raises DeliveryNotFound: when there is none
    """
    return _one_delivery(list_deliveries(endpoint=endpoint).select_for_update(of=("self",)), public_id)


def invoice_deliveries(*, merchant: Merchant, livemode: bool, invoice_id: UUID) -> list[Delivery]:
    """Return what was sent about one invoice, to endpoints and to its own ``webhook_url``, oldest first."""
    return list(
        Delivery.objects.filter(merchant=merchant, livemode=livemode, invoice_id=invoice_id)
        .defer("body")
        .order_by("created_at", "id")[:200]
    )


def event_deliveries(*, merchant: Merchant, livemode: bool, event_id: UUID) -> list[Delivery]:
    """Return the deliveries that one event owed, oldest first."""
    owed = Delivery.objects.filter(merchant=merchant, livemode=livemode, event_id=event_id).defer("body")
    return list(owed.order_by("created_at", "id"))


def oldest_due(*, now: datetime) -> datetime | None:
    """Return since when the longest waiting delivery has been due: None when nothing is overdue."""
    due = Delivery.objects.filter(status=DeliveryStatus.PENDING, next_attempt_at__lte=now)
    return due.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()


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
