"""
``{% load desk %}``: the small parts of a page that are said in one word.

    {% icon "wallets" %}  {% moment invoice.created_at %}  {% ago key.last_used_at %}
    {% badge "Paid" "good" %}  {% copy invoice.pay_url %}  {% code payment.txid %}  {% here %} in forms
    {{ delivery.body|pretty }}: JSON over lines

Larger parts are templates in dashboard/parts; docs/dashboard.md lists them.
"""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from core import exact_json
from dashboard import navigation
from dashboard.access import HERE
from dashboard.icons import drawn

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon; the text beside it says what it means."""
    return drawn(name)


@register.simple_tag
def moment(at: datetime | None, otherwise: str = "–") -> SafeString:
    """Tell a moment in the viewer's zone; on hover to the second, with the zone and in UTC."""
    if at is None:
        return format_html('<span class="soft">{}</span>', otherwise)
    here = timezone.localtime(at)
    zone = "" if timezone.get_current_timezone_name() != "UTC" else " UTC"
    return _time(at, date_format(here, "j M Y, H:i") + zone)


@register.simple_tag
def ago(at: datetime | None, otherwise: str = "–") -> SafeString:
    """Tell how long ago it was, in one word or two; on hover exactly."""
    if at is None:
        return format_html('<span class="soft">{}</span>', otherwise)
    now = timezone.now()
    if abs((now - at).total_seconds()) < 60:
        return _time(at, _("just now"))
    if at > now:
        return _time(at, _("in %(time)s") % {"time": timesince(now, at, depth=1)})
    return _time(at, _("%(time)s ago") % {"time": timesince(at, now, depth=1)})


@register.simple_tag
def badge(text: object, tone: str = "") -> SafeString:
    """Show a status; ``tone`` is good, warn, bad, info or nothing."""
    return format_html('<span class="badge{}">{}</span>', f" badge-{tone}" if tone else "", text)


@register.simple_tag
def copy(value: object, label: str = "") -> SafeString:
    """Offer to copy a value; the button shows itself where JavaScript runs."""
    name = label or _("Copy")
    return format_html(
        '<button type="button" class="copy" data-copy="{}" data-done="{}" hidden>'
        '<span class="copy-icon">{}</span><span class="copy-said visually-hidden">{}</span></button>',
        value,
        _("Copied"),
        drawn("copy"),
        name,
    )


@register.simple_tag
def code(value: object) -> SafeString:
    """Show an id, an address, a hash: never translated, with the button that copies it."""
    return format_html('<span class="value"><code class="code" translate="no">{}</code>{}</span>', value, copy(value))


@register.filter
def pretty(text: str) -> str:
    """Lay JSON out over lines; what is no JSON stays as it is."""
    try:
        return exact_json.laid_out(exact_json.loads(text))
    except ValueError:
        return text


@register.simple_tag
def failure(code: str) -> SafeString:
    """Show an error code of the API and lead to what it means."""
    return format_html('<a class="small" href="/docs/errors#{}">{}</a>', code.lower().replace("_", "-"), code)


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any]) -> SafeString:
    """Bind a form to the merchant and the mode it is shown for; belongs beside ``{% csrf_token %}``."""
    return format_html('<input type="hidden" name="{}" value="{}">', HERE, context["at"].token)


@register.simple_tag(takes_context=True)
def section(context: dict[str, Any]) -> str:
    """Return the URL of the menu's entry that this page belongs to: it is there in both modes."""
    return navigation.home_of(context["request"].path)


@register.inclusion_tag("dashboard/parts/menu.html", takes_context=True)
def menu(context: dict[str, Any], place: str) -> dict[str, Any]:
    """Show the menu; ``place`` tells the one of the phone from the one of wide screens."""
    at, request = context["at"], context["request"]
    return {
        "at": at,
        "place": place,
        "signup_is_open": context.get("signup_is_open"),
        "sections": navigation.menu(at, path=request.path),
        "is_own": request.path.startswith(reverse("mfa_index")),
        "next": navigation.home_of(request.path),
        "csrf_token": context.get("csrf_token"),
    }


def _time(at: datetime, text: str) -> SafeString:
    here, there = timezone.localtime(at), at.astimezone(UTC)
    exact = f"{there:%Y-%m-%d %H:%M:%S} UTC"
    if timezone.get_current_timezone_name() != "UTC":
        exact = f"{here:%Y-%m-%d %H:%M:%S %Z} · {exact}"
    return format_html('<time datetime="{}" title="{}">{}</time>', there.isoformat(timespec="seconds"), exact, text)
