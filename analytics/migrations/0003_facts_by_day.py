from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # a live table is written to while its index grows

    dependencies = [("analytics", "0002_report_by_network")]

    operations = [
        AddIndexConcurrently("invoicefact", BrinIndex(name="invoicefact_by_day", fields=["created_at"])),
    ]
