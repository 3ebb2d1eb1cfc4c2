"""The receipt of a paid invoice: a page that prints well, and the same as a PDF."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.errors import Conflict
from merchants.selectors import find_logo
from paypages import receipt_pdf
from paypages.policy import guarded
from paypages.presentation import PayPage
from paypages.problems import friendly, within_limit
from paypages.views import page_of

RECEIPTS: Final = "paypage-receipt"


@guarded
@require_safe
@friendly
def receipt_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer the receipt as a page."""
    within_limit(RECEIPTS)
    page = _paid(request, public_id)
    return render(request, "paypages/receipt.html", {"page": page})


@guarded
@require_safe
@friendly
def receipt_file(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer the receipt as a PDF to keep."""
    within_limit(RECEIPTS)
    page = _paid(request, public_id)
    url = settings.PAY_BASE_URL + reverse("paypages:receipt", args=[page.id])
    logo = find_logo(page.brand.logo) if page.brand.logo else None
    response = HttpResponse(receipt_pdf.write(page, url=url, logo=logo), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="receipt-{page.id}.pdf"'
    return response


def _paid(request: HttpRequest, public_id: str) -> PayPage:
    """
    Return what there is to tell of a paid invoice.

    :raises Conflict: when it has not been paid
    """
    page = page_of(request, public_id)
    if not page.has_receipt:
        raise Conflict
    return page
