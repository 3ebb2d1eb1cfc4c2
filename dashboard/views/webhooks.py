"""Webhook endpoints: made, changed, tested, switched, their secrets replaced, what they missed sent again."""

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import ratelimit
from core.errors import CheckoutError, Unavailable
from core.pages import ListPage
from dashboard.access import DEVELOP, Desk, desk
from dashboard.pages import show
from dashboard.webhook_forms import OVERLAPS, DeliveryFilterForm, EndpointForm, ReplayForm, SecretForm, formats_offered
from dashboard.words import ENDPOINT
from events.types import EVERYTHING
from webhooks import selectors, services, signing
from webhooks.errors import AnotherTestUnderWay
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services import EndpointChanges, EndpointOrder, Period, Rotation
from webhooks.states import DeliveryStatus

PER_PAGE: Final = 25
# A test waits for a stranger's server; nobody needs more of them in a minute than this.
_TESTS: Final = ratelimit.Limit(10, 60)


@require_safe
@desk()
def endpoint_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the endpoints and how well they do."""
    rows = selectors.list_endpoints(merchant=at.merchant, livemode=at.livemode)
    page = ListPage(selectors.with_figures(rows, now=timezone.now()), PER_PAGE, request.GET.get("place"))
    return show(request, "webhooks", page=page, cards=[(each, *ENDPOINT[each.disabled_reason]) for each in page])


@require_safe
@desk()
def endpoint_detail(request: HttpRequest, at: Desk, endpoint_id: str) -> HttpResponse:
    """Show one endpoint with what was sent to it."""
    endpoint = selectors.get_endpoint(
        merchant=at.merchant, livemode=at.livemode, public_id=endpoint_id, figures_at=timezone.now()
    )
    form = DeliveryFilterForm(request.GET)
    rows = selectors.list_deliveries(endpoint=endpoint).defer("body")
    if form.is_valid():
        rows = _narrowed(rows, form.cleaned_data)
    said, tone = ENDPOINT[endpoint.disabled_reason]
    replays = list(selectors.list_replays(endpoint=endpoint)[:3])
    return show(
        request,
        "webhook",
        endpoint=endpoint,
        said=said,
        tone=tone,
        takes_all=EVERYTHING in endpoint.events,
        told_in=dict(formats_offered()).get(endpoint.format, endpoint.format),
        secret=signing.masked(endpoint.secret) if at.may_develop else "",
        is_rotating=len(endpoint.secrets_at(timezone.now())) > 1,
        replays=[(each, selectors.progress_of(each)) for each in replays],
        is_replaying=any(each.delivered is None for each in replays),
        health=selectors.health_of(endpoint, now=timezone.now()),
        filters=form,
        page=ListPage(rows, PER_PAGE, request.GET.get("place")),
        is_narrowed=any(form.data.get(name) for name in form.fields),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def add_endpoint(request: HttpRequest, at: Desk) -> HttpResponse:
    """Make an endpoint and show its secret this once."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        order = EndpointOrder(**form.settings())
        try:
            endpoint, secret = services.create_endpoint(
                merchant=at.merchant, livemode=at.livemode, order=order, now=timezone.now()
            )
        except CheckoutError as refusal:
            form.refuse(refusal)
        else:
            return show(request, "webhook_secret", endpoint=endpoint, secret=secret)
    return show(request, "webhook_form", form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def change_endpoint(request: HttpRequest, at: Desk, endpoint_id: str) -> HttpResponse:
    """Change where an endpoint is, what it is told of and how often it is tried."""
    endpoint = _endpoint(at, endpoint_id)
    form = EndpointForm(request.POST, is_new=False) if request.method == "POST" else EndpointForm.of(endpoint)
    if form.is_valid():
        changes = EndpointChanges(**form.settings())
        try:
            services.update_endpoint(
                merchant=at.merchant, livemode=at.livemode, endpoint_id=endpoint_id, changes=changes
            )
        except CheckoutError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Changed. What is still to be sent goes to the new address, too."))
            return _to(endpoint_id)
    return show(request, "webhook_form", form=form, endpoint=endpoint)


@require_POST
@desk(may=DEVELOP)
def switch_endpoint(request: HttpRequest, at: Desk, endpoint_id: str) -> HttpResponse:
    """Disable an endpoint, or enable it with ``on``."""
    changes = EndpointChanges(enabled="on" in request.POST)
    services.update_endpoint(merchant=at.merchant, livemode=at.livemode, endpoint_id=endpoint_id, changes=changes)
    if changes.enabled:
        messages.success(request, _("Enabled. Send again what it missed, if it needs that."))
    else:
        messages.success(request, _("Disabled: nothing is sent there, and what waited was given up."))
    return _to(endpoint_id)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def delete_endpoint(request: HttpRequest, at: Desk, endpoint_id: str) -> HttpResponse:
    """Ask once more, then delete an endpoint."""
    endpoint = _endpoint(at, endpoint_id)
    if request.method != "POST":
        waiting = selectors.list_deliveries(endpoint=endpoint).filter(status=DeliveryStatus.PENDING)[:1000].count()
        return show(request, "webhook_delete", endpoint=endpoint, waiting=waiting)
    services.delete_endpoint(merchant=at.merchant, livemode=at.livemode, endpoint_id=endpoint_id, now=timezone.now())
    messages.success(request, _("The endpoint was deleted."))
    return HttpResponseRedirect(reverse("dashboard:webhooks"))


@require_POST
@desk(may=DEVELOP)
def test_endpoint(request: HttpRequest, at: Desk, endpoint_id: str) -> HttpResponse:
    """Send a test, wait for the answer and show it."""
    _endpoint(at, endpoint_id)
    if not ratelimit.hit("webhook-tests", at.merchant.public_id, _TESTS).allowed:
        messages.error(request, _("These were many tests in a minute. Wait a little, then send another."))
        return _to(endpoint_id)
    now = timezone.now()
    try:
        result = services.send_test(merchant=at.merchant, livemode=at.livemode, endpoint_id=endpoint_id, now=now)
    except (AnotherTestUnderWay, Unavailable) as problem:
        messages.error(request, problem.detail)
        return _to(endpoint_id)
    known = {"code": result.response_code, "time": result.response_time_ms, "why": result.error}
    if result.status == DeliveryStatus.DELIVERED:
        messages.success(request, _("It works: your server answered %(code)d after %(time)d ms.") % known)
    elif result.response_code:
        messages.error(request, _("Your server answered %(code)d after %(time)d ms; 200 to 299 is success.") % known)
    else:
        messages.error(request, _("There was no answer. %(why)s") % known)
    return HttpResponseRedirect(reverse("dashboard:delivery", args=[result.delivery_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def rotate_secret(request: HttpRequest, at: Desk, endpoint_id: str) -> HttpResponse:
    """Replace the secret by a new one, and show that this once."""
    endpoint = _endpoint(at, endpoint_id)
    form = SecretForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        overlap, _words = OVERLAPS[form.cleaned_data["overlap"]]
        endpoint, secret = services.rotate_secret(
            merchant=at.merchant,
            livemode=at.livemode,
            endpoint_id=endpoint_id,
            rotation=Rotation(overlap=overlap),
            now=timezone.now(),
        )
        return show(request, "webhook_secret", endpoint=endpoint, secret=secret, old_until=endpoint.previous_expires_at)
    return show(request, "webhook_rotate", form=form, endpoint=endpoint)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def replay(request: HttpRequest, at: Desk, endpoint_id: str) -> HttpResponse:
    """Send the events of a period again."""
    endpoint, now = _endpoint(at, endpoint_id), timezone.now()
    if request.method != "POST":
        # The field holds minutes: the one that has just begun is in it.
        end = timezone.localtime(now + timedelta(minutes=1))
        last_day = {"start": end - timedelta(days=1), "end": end}
        return show(request, "webhook_replay", form=ReplayForm(initial=last_day, endpoint=endpoint), endpoint=endpoint)
    form = ReplayForm(request.POST, endpoint=endpoint)
    if form.is_valid():
        filled = form.cleaned_data
        period = Period(start=filled["start"], end=filled["end"], events=filled["events"] or (EVERYTHING,))
        try:
            wish = services.replay(
                merchant=at.merchant, livemode=at.livemode, endpoint_id=endpoint_id, period=period, now=now
            )
        except CheckoutError as refusal:
            form.add_error("end" if refusal.field == "to" else None, refusal.detail)
        else:
            said = ngettext("%d event is being sent again.", "%d events are being sent again.", wish.total)
            messages.success(request, said % wish.total)
            return _to(endpoint_id)
    return show(request, "webhook_replay", form=form, endpoint=endpoint)


def _endpoint(at: Desk, endpoint_id: str) -> WebhookEndpoint:
    return selectors.get_endpoint(merchant=at.merchant, livemode=at.livemode, public_id=endpoint_id)


def _to(endpoint_id: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("dashboard:webhook", args=[endpoint_id]))


def _narrowed(rows: QuerySet[Delivery], wanted: dict[str, Any]) -> QuerySet[Delivery]:
    lookups = {"status": wanted["status"], "event_type": wanted["event"]}
    return rows.filter(**{lookup: value for lookup, value in lookups.items() if value})
