"""Invoices of a month are counted in several rows, so that those made at once need not wait for each other."""

import django.db.models.deletion
from django.db import migrations, models

_VIEW = """
CREATE VIEW merchants_usage AS
SELECT min(id) AS id, merchant_id, livemode, month, sum(invoices)::integer AS invoices
FROM merchants_usagecount GROUP BY merchant_id, livemode, month
"""


class Migration(migrations.Migration):
    dependencies = [("merchants", "0013_notifications")]

    operations = [
        migrations.RenameModel("Usage", "UsageCount"),
        migrations.AlterModelOptions("usagecount", {}),
        migrations.AlterField(
            "usagecount",
            "merchant",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="merchants.merchant",
            ),
        ),
        migrations.AddField("usagecount", "slot", models.PositiveSmallIntegerField(default=0)),
        migrations.RemoveConstraint("usagecount", "usage_once"),
        migrations.AddConstraint(
            "usagecount",
            models.UniqueConstraint(fields=("merchant", "livemode", "month", "slot"), name="usagecount_once"),
        ),
        migrations.RunSQL(_VIEW, "DROP VIEW merchants_usage"),
        migrations.CreateModel(
            name="Usage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("livemode", models.BooleanField()),
                ("month", models.DateField()),
                ("invoices", models.PositiveIntegerField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="usage",
                        to="merchants.merchant",
                    ),
                ),
            ],
            options={"managed": False, "verbose_name_plural": "usage"},
        ),
    ]
