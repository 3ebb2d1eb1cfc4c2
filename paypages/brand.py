"""Whose page it is: the merchant's name, logo, colour and address for questions, on every page of a customer's."""

from dataclasses import dataclass
from typing import Any, Final, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.colours import DARK, HEX, LIGHT, Accent, fit
from merchants.branding import is_local
from merchants.models import Logo, Merchant
from merchants.selectors import find_logo, logo_of
from merchants.settings import MerchantSettings

_FOR_EVER: Final = "public, max-age=31536000, immutable"
# A picture or a style sheet that somebody opens by itself may do nothing at all.
INERT: Final = {
    "Cache-Control": _FOR_EVER,
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Brand:
    """
    How a merchant's pages look. ``colour`` is written rrggbb, empty for ours; sides of the logo in pixels.

    ``origins`` are the sites that may show the page within theirs.
    """

    name: str
    initial: str
    colour: str = ""
    support_email: str = ""
    logo: str = ""  # its digest
    logo_url: str = ""
    logo_width: int = 0
    logo_height: int = 0
    origins: tuple[str, ...] = ()


def brand_of(merchant: Merchant, *, livemode: bool, logo: Logo | None = None) -> Brand:
    """Return the looks of ``merchant``. Local sites embed pages in test mode only."""
    own = MerchantSettings.of(merchant).branding
    name = own.display_name or merchant.business_name
    return Brand(
        name=name,
        initial=next((character for character in name.upper() if character.isalnum()), "•"),
        colour=own.accent_color.removeprefix("#"),
        support_email=own.support_email,
        logo=logo.digest if logo else "",
        logo_url=reverse("brand-logo", args=[logo.digest]) if logo else "",
        logo_width=logo.width if logo else 0,
        logo_height=logo.height if logo else 0,
        origins=tuple(origin for origin in own.allowed_origins if not (livemode and is_local(origin))),
    )


def brand_for(request: HttpRequest, merchant: Merchant, *, livemode: bool) -> Brand:
    """Return the looks of ``merchant``; from now on, whatever answers ``request`` has them, a problem too."""
    logo = logo_of(merchant) if merchant.settings.get("logo") else None
    brand = brand_of(merchant, livemode=livemode, logo=logo)
    cast("Any", request).brand = brand
    return brand


def known_brand(request: HttpRequest) -> Brand | None:
    """Return whose page it is, as far as anybody has found out."""
    return getattr(request, "brand", None)


@require_safe
def colours(request: HttpRequest, colour: str) -> HttpResponse:  # noqa: ARG001 - a view
    """Answer the style sheet of a colour (rrggbb): nothing but a colour can be in it."""
    if not HEX.fullmatch(f"#{colour}"):
        raise Http404
    return HttpResponse(sheet(f"#{colour}"), content_type="text/css; charset=utf-8", headers=INERT)


def sheet(colour: str, *, only: str = "") -> str:
    """Return the tokens of core/base.css that ``colour`` changes: for both schemes, or ``only`` light or dark."""
    light, dark = _tokens(fit(colour, LIGHT)), _tokens(fit(colour, DARK))
    if only:
        return f":root{{{dark if only == 'dark' else light}}}"
    return f":root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}"


def _tokens(accent: Accent) -> str:
    return (
        f"--accent:{accent.accent};--accent-strong:{accent.strong};"
        f"--on-accent:{accent.on_accent};--accent-wash:{accent.wash}"
    )


@require_safe
def logo_file(request: HttpRequest, digest: str) -> HttpResponse:  # noqa: ARG001 - a view
    """Answer a logo: a picture that we drew ourselves, whatever it was before."""
    logo = find_logo(digest)
    if logo is None:
        raise Http404
    return HttpResponse(bytes(logo.content), content_type=logo.media_type, headers=INERT)
