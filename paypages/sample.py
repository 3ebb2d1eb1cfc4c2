"""
The pay page as a merchant's customers would see it, with an order that nobody placed.

The dashboard shows it, so it is in English; ``settings.PAY_PAGE_SAMPLE`` names it, because no face imports another.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from core.colours import HEX
from core.pictures import Picture
from invoices.models import Invoice
from merchants.models import Logo, Merchant
from merchants.selectors import logo_of
from merchants.settings import as_data_url
from paypages.brand import INERT, brand_of, sheet
from paypages.presentation import PayPage, Surroundings, present

SCHEMES: Final = ("light", "dark")
_DARK: Final = "@media (prefers-color-scheme: dark)"
_ADDRESS: Final = "sandbox10123456789abcdefghjkmnpqrstvwxyz"
# Nothing in it works: it sends no form, runs no script, and only our own pages may show it.
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'; sandbox allow-same-origin"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "no-store",
}


def sample(
    request: HttpRequest, merchant: Merchant, *, scheme: str, now: datetime, logo: Picture | None = None
) -> HttpResponse:
    """
    Answer the page of ``merchant``, saved or not, in one of SCHEMES.

    ``logo`` is one that is not saved yet; without it the page has the one that is, as far as the settings have any.
    """
    scheme = scheme if scheme in SCHEMES else SCHEMES[0]
    shown = {"page": _page(merchant, logo, now), "scheme": scheme, "stays": True}
    return HttpResponse(render(request, "paypages/sample.html", shown).content, headers=_HEADERS)


def _page(merchant: Merchant, logo: Picture | None, now: datetime) -> PayPage:
    kept: Logo | None = logo_of(merchant) if merchant.settings.get("logo") and not logo else None
    brand = brand_of(merchant, livemode=True, logo=kept)
    if logo:
        brand = replace(brand, logo_url=as_data_url(logo), logo_width=logo.width, logo_height=logo.height)
    page = present(_order(merchant, now), payments=(), refunds=(), around=Surroundings(now=now, brand=brand))
    to, code = page.destination, static("paypages/preview-code.svg")
    return replace(page, destination=replace(to, qr_address=code, qr_uri=code) if to else None)


def _order(merchant: Merchant, now: datetime) -> Invoice:
    return Invoice(
        id=UUID(int=0),
        merchant=merchant,
        livemode=True,
        status="pending",
        title="Order 1042",
        items=[{"name": "Bicycle bell", "quantity": 1, "unit_price": Decimal("24.50")}],
        currency="USD",
        subtotal=Decimal("24.50"),
        tax=Decimal(0),
        total=Decimal("24.50"),
        network="sandbox",
        asset_code="USDT",
        address=_ADDRESS,
        amount_units=24_500_000,
        asked_value=Decimal("24.50"),
        rate=Decimal(1),
        quote_expires_at=now + timedelta(minutes=30),
        expires_at=now + timedelta(minutes=30),
        underpayment_threshold=Decimal(0),
        overpayment_threshold=Decimal(0),
        overpayment_action="keep",
        created_at=now,
        updated_at=now,
        viewed_at=now,
    )


@require_safe
def scheme_sheet(request: HttpRequest, scheme: str) -> HttpResponse:  # noqa: ARG001 - a view
    """Answer the pages' styles in one scheme, whatever the browser prefers."""
    if scheme not in SCHEMES:
        raise Http404
    styles = "".join(_source(name) for name in ("core/base.css", "paypages/pay.css"))
    fixed = styles.replace(_DARK, "@media all" if scheme == "dark" else "@media not all")
    fixed = fixed.replace("color-scheme: light dark", f"color-scheme: {scheme}")
    return HttpResponse(fixed, content_type="text/css; charset=utf-8", headers={**INERT, "Cache-Control": "no-cache"})


@require_safe
def scheme_colours(request: HttpRequest, colour: str, scheme: str) -> HttpResponse:  # noqa: ARG001 - a view
    """Answer the tokens of a colour in one scheme."""
    if scheme not in SCHEMES or not HEX.fullmatch(f"#{colour}"):
        raise Http404
    return HttpResponse(sheet(f"#{colour}", only=scheme), content_type="text/css; charset=utf-8", headers=INERT)


def _source(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise Http404
    return Path(path).read_text()
