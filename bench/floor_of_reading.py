"""
The bare minimum to compare reading with: Django without middleware, and views that select the same rows.

They check nothing and know no formats: what the database gives goes out as it is.
"""

from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

if not apps.ready:
    django.setup()

from events.models import Event
from invoices.models import Invoice, InvoiceDestination
from payments.models import Payment, Refund
from webhooks.models import Delivery


def one(_request: HttpRequest, public_id: str) -> JsonResponse:
    """Answer with an invoice and what belongs to it."""
    key = Invoice.key_from(public_id)
    related = (Payment, Refund, Event, InvoiceDestination)
    found = {model.__name__: list(model.objects.filter(invoice_id=key).values()) for model in related}
    sent = Delivery.objects.filter(event__invoice_id=key).values()
    return JsonResponse({"invoice": Invoice.objects.filter(pk=key).values().get(), **found, "deliveries": list(sent)})


def newest(request: HttpRequest) -> JsonResponse:
    """Answer with a merchant's newest invoices and how many there are, up to 10,000."""
    own = Invoice.objects.filter(merchant_id=request.GET["merchant"], livemode=False).order_by("-created_at", "-id")
    return JsonResponse({"invoices": list(own.values()[:21]), "total": own[:10_001].count()})


urlpatterns = [path("api/v1/invoices/<str:public_id>", one), path("api/v1/invoices", newest)]
settings.MIDDLEWARE, settings.ROOT_URLCONF = [], __name__
application: Any = get_wsgi_application()
