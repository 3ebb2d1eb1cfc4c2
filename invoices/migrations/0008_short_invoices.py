from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import Index, Q


class Migration(migrations.Migration):
    atomic = False  # a live table is written to while its index grows

    dependencies = [("invoices", "0007_notes")]

    operations = [
        AddIndexConcurrently(
            "invoice", Index(name="invoice_short", fields=["created_at"], condition=Q(status="partial"))
        ),
    ]
