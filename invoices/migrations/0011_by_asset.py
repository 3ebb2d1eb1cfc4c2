"""Invoices of one asset or network are found where they are few. On a live system: made beside writing, without locks."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("invoices", "0010_one_index_less")]

    operations = [
        AddIndexConcurrently(
            "invoice",
            models.Index(F("merchant"), F("livemode"), F("asset_code"), F("network"), name="invoice_by_asset"),
        ),
    ]
