from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import Index, Q


class Migration(migrations.Migration):
    """Find payouts by what names their fee in the books: those are compared a stretch of keys at a time."""

    atomic = False  # a live table is written to while its index grows

    dependencies = [("payments", "0013_rescans")]

    operations = [
        AddIndexConcurrently(
            "payout", Index(name="payout_by_fee", fields=["fee_source"], condition=Q(fee_units__gt=0))
        ),
    ]
