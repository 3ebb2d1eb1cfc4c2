"""Webhooks: endpoints, and what was sent to them."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page

from events.outbox import dispatch
from tests.browser.screens import Stage, screen
from tests.factories import make_invoice
from webhooks import services, signing
from webhooks.models import Attempt, Circuit, Delivery, WebhookEndpoint
from webhooks.services import EndpointOrder, Period


def _endpoint(stage: Stage, url: str = "https://8.8.8.8/webhooks/crypto-checkout") -> WebhookEndpoint:
    stage.testing = True
    order = EndpointOrder(url, events=["*"])
    return services.create_endpoint(merchant=stage.merchant, livemode=False, order=order, now=stage.now)[0]


def _delivered(stage: Stage) -> Delivery:
    """Return a delivery that failed once and then arrived."""
    make_invoice(stage.merchant, stage.now)
    dispatch()
    delivery = Delivery.objects.latest("created_at")
    answers = [(503, "<html><body>Service Unavailable</body></html>"), (200, '{"ok":true,"order":"ord_789"}')]
    for number, (status, answer) in enumerate(answers, start=1):
        at = stage.now + timedelta(minutes=number)
        Attempt.objects.create(
            delivery=delivery,
            number=number,
            started_at=at,
            elapsed_ms=120 * number,
            headers=signing.headers(
                message_id=delivery.message_id,
                event_type=delivery.event_type,
                body=delivery.body.encode(),
                live_secrets=["whsec_screens", "whsec_before"],
                now=at,
            ),
            response_code=status,
            response=answer,
        )
    delivery.status, delivery.next_attempt_at = "delivered", None
    delivery.delivered_at, delivery.response_code, delivery.attempts = timezone.now(), 200, 2
    delivery.save()
    return delivery


@screen("webhooks", "some")
def _(stage: Stage) -> str:
    _endpoint(stage)
    _delivered(stage)
    failing = _endpoint(stage, "https://1.1.1.1/a/long/path/of/the/second/shop/that/does/not/end/webhooks")
    gone = _endpoint(stage, "https://9.9.9.9/old")
    WebhookEndpoint.objects.filter(pk=failing.pk).update(failing_since=stage.now, events=["invoice.paid"])
    WebhookEndpoint.objects.filter(pk=gone.pk).update(disabled_reason="gone")
    return "/dashboard/webhooks/"


def _wrong(page: Page) -> None:
    page.get_by_label("Address of your server").fill("http://127.0.0.1/")
    page.get_by_label("What I choose below").check()
    page.get_by_label("(invoice.paid)").check()
    page.get_by_role("button", name="Add the endpoint").click()
    page.locator(".field-error").first.wait_for()


@screen("webhooks", "refused", act=_wrong)
def _(stage: Stage) -> str:
    return "/dashboard/webhooks/add/"


@screen("webhooks", "endpoint")
def _(stage: Stage) -> str:
    endpoint = _endpoint(stage)
    _delivered(stage)
    make_invoice(stage.merchant, stage.now)
    dispatch()
    services.replay(
        merchant=stage.merchant,
        livemode=False,
        endpoint_id=endpoint.public_id,
        period=Period(start=stage.now - timedelta(days=1), end=timezone.now() + timedelta(days=1)),
        now=stage.now,
    )
    _delivered(stage)
    return f"/dashboard/webhooks/{endpoint.public_id}/"


@screen("webhooks", "left alone")
def _(stage: Stage) -> str:
    endpoint = _endpoint(stage)
    make_invoice(stage.merchant, stage.now)
    dispatch()
    WebhookEndpoint.objects.update(failing_since=stage.now - timedelta(hours=3))
    Circuit.objects.create(
        lane=endpoint.public_id, failures=5, openings=2, open_until=timezone.now() + timedelta(minutes=20)
    )
    return f"/dashboard/webhooks/{endpoint.public_id}/"


@screen("webhooks", "delivery")
def _(stage: Stage) -> str:
    _endpoint(stage)
    return f"/dashboard/webhooks/deliveries/{_delivered(stage).public_id}/"


@screen("webhooks", "given-up")
def _(stage: Stage) -> str:
    _endpoint(stage)
    make_invoice(stage.merchant, stage.now)
    dispatch()
    Delivery.objects.update(status="failed", next_attempt_at=None, attempts=6, failure="The receiver answered 500.")
    return "/dashboard/webhooks/given-up/"
