"""A merchant with a server of its own, and events that happen to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.db import transaction

from core import secrets
from core.ids import public_id, uuid7
from events import outbox
from events.models import Event
from events.outbox import Happening, dispatch, emit
from merchants.models import Merchant, Plan
from tests.webhooks.receiver import Receiver, serve
from webhooks import services
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services import EndpointOrder

NOW = datetime(2100, 1, 15, 10, 18, 0, tzinfo=UTC)  # later than anything the tests emit, so that everything is due


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def only_webhooks_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """These events are about nothing real; other readers of the log would only complain."""
    monkeypatch.setattr(outbox, "_subscribers", {"webhooks": outbox._subscribers["webhooks"]})


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    server = serve(receiver)
    yield receiver
    server.shutdown()
    server.server_close()


def make_merchant(name: str = "Acme VPN Services", *, endpoints: int = 5) -> Merchant:
    limits = {"max_webhook_endpoints": endpoints, "max_api_keys": 10, "monthly_invoice_limit": 1000}
    plan, _ = Plan.objects.update_or_create(code="webhook-tests", defaults=limits)
    return Merchant.objects.create(
        business_name=name,
        contact_email="admin@acmevpn.com",
        plan=plan,
        webhook_secret_live=secrets.encrypt("whsec_" + "L" * 44),
        webhook_secret_test=secrets.encrypt("whsec_" + "T" * 44),
    )


@pytest.fixture
def merchant(db) -> Merchant:
    return make_merchant()


@pytest.fixture
def make_endpoint(merchant: Merchant, receiver: Receiver, now: datetime) -> Callable[..., WebhookEndpoint]:
    def make(path: str = "/webhook", *, livemode: bool = False, **settings: Any) -> WebhookEndpoint:
        order = EndpointOrder(**{"url": receiver.url(path), "events": ["*"], **settings})
        return services.create_endpoint(merchant=merchant, livemode=livemode, order=order, now=now)[0]

    return make


@pytest.fixture
def endpoint(make_endpoint: Callable[..., WebhookEndpoint]) -> WebhookEndpoint:
    return make_endpoint()


@pytest.fixture
def happen(merchant: Merchant) -> Callable[..., Event]:
    """Have something happen, and have it dispatched."""

    def happen(
        event_type: str = "invoice.paid", *, livemode: bool = False, invoice_id: UUID | None = None, **data: Any
    ) -> Event:
        invoice_id = invoice_id or uuid7()
        with transaction.atomic():
            event = emit(
                Happening(
                    event_type,
                    merchant.pk,
                    livemode,
                    {"invoice_id": public_id("inv", invoice_id), **data},
                    invoice_id=invoice_id,
                )
            )
        dispatch()
        return Event.objects.get(pk=event.pk)

    return happen


@pytest.fixture
def delivery(endpoint: WebhookEndpoint, happen: Callable[..., Event]) -> Delivery:
    """An invoice.paid owed to the endpoint, due and not yet attempted."""
    return Delivery.objects.get(event=happen())
