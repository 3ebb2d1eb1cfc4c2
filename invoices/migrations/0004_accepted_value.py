"""What the merchant took for enough is a sum, not whatever has arrived by now."""

from django.db import migrations
from django.db.models import F

import core.fields


def keep_what_was_accepted(apps, _schema_editor):
    invoices = apps.get_model("invoices", "Invoice").objects
    invoices.filter(accepted_at__isnull=False).update(accepted_value=F("received_value"))


class Migration(migrations.Migration):

    dependencies = [("invoices", "0003_rate_evidence")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="accepted_value",
            field=core.fields.ValueField(null=True),
        ),
        migrations.RunPython(keep_what_was_accepted, migrations.RunPython.noop),
    ]
