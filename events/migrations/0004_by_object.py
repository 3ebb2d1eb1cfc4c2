from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False  # a live table is written to while its index grows

    dependencies = [("events", "0003_seals")]

    operations = [
        AddIndexConcurrently(
            "event",
            models.Index(
                name="event_by_object", fields=["object_id"], condition=Q(invoice_id=None) & ~Q(object_id="")
            ),
        ),
    ]
