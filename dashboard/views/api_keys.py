"""API keys: made, rotated and revoked; their text is shown once. And the first lines of code to use one."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import CheckoutError
from core.pages import ListPage
from dashboard.access import DEVELOP, Desk, desk
from dashboard.key_forms import OVERLAPS, KeyForm, RotateForm, grant_of
from dashboard.pages import show
from dashboard.words import KEY
from merchants import selectors, services
from merchants.errors import APIKeyNotFound
from merchants.models import APIKey
from merchants.scopes import named
from merchants.secrets import KeyFormat
from merchants.services import KeyOrder

PER_PAGE = 25


@require_safe
@desk(may=DEVELOP)
def key_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the keys, those that have ended too."""
    rows = selectors.list_api_keys(merchant=at.merchant, livemode=at.livemode).filter(livemode=at.livemode)
    page = ListPage(rows, PER_PAGE, request.GET.get("place"))
    now = timezone.now()
    cards = [(key, *KEY[key.status_at(now)], key.status_at(now) == "active", named(key.permissions)) for key in page]
    return show(request, "api_keys", page=page, keys=cards)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def add_key(request: HttpRequest, at: Desk) -> HttpResponse:
    """Make a key and show it this once."""
    if request.method != "POST":
        return show(request, "api_key_form", form=KeyForm(at=at, initial={"access": "shop"}))
    form = KeyForm(request.POST, at=at)
    if form.is_valid():
        now, days = timezone.now(), form.cleaned_data["lifetime"]
        order = KeyOrder(
            name=form.cleaned_data["name"],
            livemode=at.livemode,
            permissions=form.wanted(),
            expires_at=now + timedelta(days=int(days)) if days else None,
            format=form.cleaned_data["format"] or KeyFormat.NATIVE,
        )
        try:
            key, text = services.create_api_key(merchant=at.merchant, order=order, grant=grant_of(at), now=now)
        except CheckoutError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
        else:
            return _shown_once(request, key, text)
    return show(request, "api_key_form", form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def rotate_key(request: HttpRequest, at: Desk, key_id: str) -> HttpResponse:
    """Replace a key by a new one, and show that this once."""
    key = _key(at, key_id)
    form = RotateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        overlap, _words = OVERLAPS[form.cleaned_data["overlap"]]
        try:
            new, text = services.rotate_api_key(
                merchant=at.merchant, key_id=key_id, overlap=overlap, grant=grant_of(at), now=timezone.now()
            )
        except CheckoutError as refusal:
            form.add_error(None, refusal.detail)
        else:
            return _shown_once(request, new, text)
    return show(request, "api_key_rotate", form=form, key=key)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def revoke_key(request: HttpRequest, at: Desk, key_id: str) -> HttpResponse:
    """Ask once more, then end a key at once."""
    key = _key(at, key_id)
    if request.method != "POST":
        return show(request, "api_key_revoke", key=key)
    services.revoke_api_key(merchant=at.merchant, key_id=key_id, grant=grant_of(at), now=timezone.now())
    messages.success(request, _("The key was revoked: it opens nothing any more."))
    return HttpResponseRedirect(reverse("dashboard:api_keys"))


@require_safe
@desk(may=DEVELOP)
def quick_start(request: HttpRequest, at: Desk) -> HttpResponse:  # noqa: ARG001 - the decorator hands it over
    """Show how to create the first invoice from a program."""
    return show(request, "quick_start", base=settings.API_BASE_URL)


def _key(at: Desk, key_id: str) -> APIKey:
    """
    Return a key of the desk's mode: for programs live keys see those of test mode too, people look at one mode.

    :raises APIKeyNotFound: when there is none
    """
    key = selectors.get_api_key(merchant=at.merchant, livemode=at.livemode, public_id=key_id)
    if key.livemode != at.livemode:
        raise APIKeyNotFound
    return key


def _shown_once(request: HttpRequest, key: APIKey, text: str) -> HttpResponse:
    return show(request, "api_key_made", key=key, text=text, base=_base_url(KeyFormat(key.format)))


def _base_url(key_format: KeyFormat) -> str:
    """Return where programs with keys of a format have to be pointed; our own samples add the rest themselves."""
    if key_format is KeyFormat.NATIVE:
        return settings.API_BASE_URL
    host = {KeyFormat.CRYPTIC: settings.CRYPTIC_HOST, KeyFormat.SELFHOSTED: settings.SELFHOSTED_HOST}[key_format]
    return f"https://{host}/api/v1" if host else f"{settings.API_BASE_URL}/{key_format}/api/v1"
