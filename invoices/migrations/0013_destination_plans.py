"""
Whether a destination is free is always looked up in an index.

A session keeps the plan of a trigger's query. One that was made while the table had a page or two reads
the whole table, and goes on doing so while it grows: until statistics are taken, every new invoice of
that session costs as much as there are invoices.
"""

from django.db import migrations

_FUNCTIONS = ("invoices_destination_once", "invoices_kept_destination_once")


class Migration(migrations.Migration):
    dependencies = [("invoices", "0012_priced_in_asset")]

    operations = [
        migrations.RunSQL(f"ALTER FUNCTION {name} SET enable_seqscan = off", f"ALTER FUNCTION {name} RESET enable_seqscan")
        for name in _FUNCTIONS
    ]
