from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import F, Index, Q
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    """Index addresses in small letters, for chains whose capitals are but a checksum; nobody has to wait for it."""

    atomic = False

    dependencies = [("invoices", "0005_links_and_customers")]

    operations = [
        AddIndexConcurrently(
            "invoice",
            Index(F("network"), Lower("address"), name="invoice_folded", condition=Q(address__startswith="0x")),
        ),
        # Until it knows how the small letters are spread, the planner would rather read the whole table.
        migrations.RunSQL("ANALYZE invoices_invoice", migrations.RunSQL.noop),
    ]
