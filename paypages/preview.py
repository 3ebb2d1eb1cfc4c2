"""The pay page of an invoice that is only tried out: every part of the true page, and nothing that could be paid."""

from dataclasses import replace
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import get_language

from invoices.models import Invoice
from paypages.brand import brand_for
from paypages.destination import Destination
from paypages.presentation import Surroundings, present

_HIDDEN: Final = "••••"


def preview(request: HttpRequest, invoice: Invoice, *, around: str, shown: dict[str, Any]) -> HttpResponse:
    """
    Answer the page that ``invoice`` would have, below the template ``around``, which is given ``shown``.

    The invoice is taken back afterwards, so its address belongs to nobody: the page shows none, and
    neither codes nor links that lead to it.
    """
    surroundings = Surroundings(
        now=timezone.now(),
        language=get_language() or "en",
        brand=brand_for(request, invoice.merchant, livemode=invoice.livemode),
    )
    page = present(invoice, payments=[], refunds=[], around=surroundings)
    harmless = replace(
        page,
        id="inv_preview",
        destination=_without_address(page.destination) if page.destination else None,
        wallet=None,
        may_report=False,
        choices=(),
        refresh_seconds=0,
    )
    return render(request, "paypages/preview.html", {**shown, "page": harmless, "around": around, "is_preview": True})


def _without_address(to: Destination) -> Destination:
    return replace(
        to,
        address=_HIDDEN,
        groups=(_HIDDEN,) * len(to.groups),
        ends=(_HIDDEN, _HIDDEN),
        tag=to.tag and _HIDDEN,
        uri=to.uri and _HIDDEN,
        wallet_url="",
        app_url="",
        qr_address=static("paypages/preview-code.svg"),
        qr_uri=static("paypages/preview-code.svg"),
    )
