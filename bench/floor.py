"""
The bare minimum to compare with: Django without middleware, one view, two inserts in one transaction.

It checks nothing, authenticates nobody and promises nothing; it shows what this machine, this
database and this server give to any Django view that stores an invoice and an event.
"""

import json
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

if not settings.configured:
    from environ import Env

    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": Env.db_url_config(os.environ["DATABASE_URL"]) | {"CONN_MAX_AGE": None}},
        INSTALLED_APPS=[],
        MIDDLEWARE=[],
        ROOT_URLCONF=__name__,
        SECRET_KEY="floor",
        USE_TZ=True,
    )
    django.setup()

from django.db import connection, models, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path

from core.ids import uuid7


class Invoice(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7)
    merchant_id = models.UUIDField(default=uuid7)
    title = models.CharField(max_length=200)
    description = models.TextField()
    items = models.JSONField()
    metadata = models.JSONField()
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=20, decimal_places=2)
    address = models.CharField(max_length=128, unique=True)
    status = models.CharField(max_length=12, default="created")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        app_label = "floor"
        db_table = "floor_invoice"
        indexes = [
            models.Index(fields=["merchant_id", "created_at"], name="floor_newest"),
            models.Index(fields=["status", "expires_at"], name="floor_open"),
        ]


class Event(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7)
    type = models.CharField(max_length=64)
    invoice_id = models.UUIDField()
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        app_label = "floor"
        db_table = "floor_event"
        indexes = [models.Index(fields=["invoice_id", "created_at"], name="floor_event_by_invoice")]


def create(request: HttpRequest) -> JsonResponse:
    """Store what the body says and answer with it."""
    wanted = json.loads(request.body)
    now = datetime.now(UTC)
    with transaction.atomic():
        invoice = Invoice(
            title=wanted["title"],
            description=wanted["description"],
            items=wanted["items"],
            metadata=wanted["metadata"],
            currency=wanted["currency"],
            total=Decimal("16.49"),
            address=str(uuid7()),
            expires_at=now,
            created_at=now,
        )
        invoice.save(force_insert=True)
        answer = {"id": str(invoice.pk), "status": invoice.status, "total": 16.49, **wanted}
        Event(type="invoice.created", invoice_id=invoice.pk, data=answer, created_at=now).save(force_insert=True)
    return JsonResponse(answer, status=201)


urlpatterns = [path("api/v1/invoices", create)]
application: Any = get_wsgi_application()


def make_tables() -> None:
    """Create the two tables; they live beside the product's own."""
    with connection.schema_editor() as editor:
        editor.create_model(Invoice)
        editor.create_model(Event)


if __name__ == "__main__" and sys.argv[1:] == ["make-tables"]:
    make_tables()
