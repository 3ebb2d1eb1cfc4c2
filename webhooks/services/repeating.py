"""Sending by hand: a test, one delivery again, or giving one up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from core.errors import Unavailable
from core.ids import public_id
from events.outbox import Happening, emit
from events.types import WEBHOOK_TEST
from merchants.models import Merchant
from webhooks import selectors
from webhooks.errors import AnotherTestUnderWay, DeliveryOver, EndpointDisabled, NotYetReplayable
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services import circuits
from webhooks.services.attempts import Claim
from webhooks.services.claiming import claim_new
from webhooks.services.delivering import attempt
from webhooks.services.owing import new_delivery, render_body
from webhooks.states import DeliveryStatus

MAX_RESENT: Final = 1000
TEST_PREFIX: Final = "test"
_TESTING: Final = 0x74657374  # "test"
_LONGEST_LEASE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class TestResult:
    """What came of a test. ``response_time_ms`` is in milliseconds."""

    __test__ = False

    test_id: str
    delivery_id: str
    status: str
    response_code: int | None
    response_time_ms: int
    delivered_at: datetime | None
    error: str


def send_test(*, merchant: Merchant, livemode: bool, endpoint_id: str, now: datetime) -> TestResult:
    """
    Send a ``webhook.test`` event at once, whatever the endpoint subscribes to and even if it is disabled.

    Whoever calls waits for a stranger's server. So a merchant has one test under way, and half of a web process's
    threads are kept from all of them.

    :raises EndpointNotFound: when the merchant has no such endpoint
    :raises AnotherTestUnderWay: while another one of the merchant waits
    :raises Unavailable: while as many wait in this process as may
    """
    seats = _seats(max(1, settings.WEB_THREADS // 2))
    if not seats.acquire(blocking=False):
        raise Unavailable("Many webhooks are being tested. Please try again shortly.")
    try:
        claim = _owe_test(merchant=merchant, livemode=livemode, endpoint_id=endpoint_id, now=now)
        attempt(claim=claim)
    finally:
        seats.release()
    delivery = Delivery.objects.get(pk=claim.delivery_id)
    # None when the endpoint was deleted or disabled meanwhile: then nothing counts any more that came of it.
    made = delivery.history.order_by("number").last()
    return TestResult(
        test_id=public_id(TEST_PREFIX, delivery.pk),
        delivery_id=delivery.public_id,
        status=delivery.status,
        response_code=delivery.response_code,
        response_time_ms=made.elapsed_ms if made else 0,
        delivered_at=delivery.delivered_at,
        error=made.error if made else delivery.failure,
    )


@lru_cache(maxsize=1)
def _seats(count: int) -> BoundedSemaphore:
    return BoundedSemaphore(count)


def _refuse_a_second_test(merchant: Merchant, *, livemode: bool, now: datetime) -> None:
    with connection.cursor() as cursor:  # two at once would each not see the other
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_TESTING, str(merchant.pk)])
    tests = Delivery.objects.filter(merchant=merchant, livemode=livemode, event_type=WEBHOOK_TEST)
    # The lease that is asked for is the longest there is; looking no further back keeps this to the end of an index.
    if tests.filter(created_at__gt=now - _LONGEST_LEASE, lease_token__isnull=False, leased_until__gt=now).exists():
        raise AnotherTestUnderWay


@transaction.atomic
def _owe_test(*, merchant: Merchant, livemode: bool, endpoint_id: str, now: datetime) -> Claim:
    endpoint = selectors.get_endpoint(merchant=merchant, livemode=livemode, public_id=endpoint_id)
    _refuse_a_second_test(merchant, livemode=livemode, now=now)
    event = emit(
        Happening(
            type=WEBHOOK_TEST,
            merchant_id=merchant.pk,
            livemode=livemode,
            data={"webhook_endpoint_id": endpoint.public_id, "message": "This is a test."},
            object_id=endpoint.public_id,
        )
    )
    delivery = new_delivery(event=event, receiver=endpoint, body=render_body(event, endpoint), now=now)
    return claim_new(delivery=delivery, now=now)


@transaction.atomic
def redeliver(*, merchant: Merchant, livemode: bool, endpoint_id: str, delivery_id: str, now: datetime) -> Delivery:
    """
    Send one delivery again, with the same id and body and a full set of retries.

    :raises EndpointNotFound: when the merchant has no such endpoint
    :raises DeliveryNotFound: when the endpoint has no such delivery
    :raises EndpointDisabled: when nothing is sent to the endpoint
    :raises NotYetReplayable: while it is being attempted
    """
    endpoint = enabled_endpoint(merchant=merchant, livemode=livemode, endpoint_id=endpoint_id)
    return _resend(selectors.lock_delivery(endpoint=endpoint, public_id=delivery_id), now=now)


@transaction.atomic
def resend(*, delivery: Delivery, now: datetime) -> Delivery:
    """
    Send one delivery again to an endpoint or to an invoice's own address; the caller looked whose it is.

    :raises EndpointDisabled: when nothing is sent to the endpoint
    :raises NotYetReplayable: while it is being attempted
    """
    if delivery.endpoint is not None and not delivery.endpoint.enabled:
        raise EndpointDisabled
    return _resend(delivery.locked(), now=now)


@transaction.atomic
def resend_given_up(*, merchant: Merchant, livemode: bool, now: datetime) -> int:
    """
    Send again what was given up and can be sent, the newest first and MAX_RESENT at most; return how many.

    What went to an endpoint that is disabled or deleted stays as it is.
    """
    # The endpoints first and in order, as who records does: both write the sums of several, and wait for each other so.
    endpoints = selectors.list_endpoints(merchant=merchant, livemode=livemode).order_by("pk")
    list(endpoints.select_for_update(no_key=True).values_list("pk"))
    able = Q(endpoint=None) | Q(endpoint__disabled_reason="", endpoint__deleted_at=None)
    found = selectors.list_given_up(merchant=merchant, livemode=livemode).filter(able)
    chosen = list(found.select_for_update(of=("self",), skip_locked=True).values_list("pk", "lane")[:MAX_RESENT])
    count = Delivery.objects.filter(pk__in=[key for key, _lane in chosen]).renew(now=now)
    for lane in sorted({lane for _key, lane in chosen}):
        circuits.close(lane)
    return count


@transaction.atomic
def give_up(*, delivery_id: UUID, now: datetime) -> Delivery:
    """
    Stop attempting a delivery until somebody sends it again.

    :raises DeliveryOver: when it was made or given up before
    :raises NotYetReplayable: while it is being attempted
    """
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
    if delivery.status != DeliveryStatus.PENDING:
        raise DeliveryOver
    if delivery.leased_until is not None and delivery.leased_until > now:
        raise NotYetReplayable
    Delivery.objects.filter(pk=delivery_id).give_up(why="Given up by staff.")
    delivery.refresh_from_db()
    return delivery


def _resend(delivery: Delivery, *, now: datetime) -> Delivery:
    if delivery.leased_until is not None and delivery.leased_until > now:
        raise NotYetReplayable
    Delivery.objects.filter(pk=delivery.pk).renew(now=now)
    circuits.close(delivery.lane)
    delivery.refresh_from_db()
    return delivery


def enabled_endpoint(*, merchant: Merchant, livemode: bool, endpoint_id: str) -> WebhookEndpoint:
    """
    Return an endpoint that is sent to, locked until the transaction ends.

    :raises EndpointNotFound: when the merchant has no such endpoint
    :raises EndpointDisabled: when nothing is sent to it
    """
    endpoint = selectors.lock_endpoint(merchant=merchant, livemode=livemode, public_id=endpoint_id)
    if not endpoint.enabled:
        raise EndpointDisabled
    return endpoint
