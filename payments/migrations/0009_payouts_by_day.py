from django.db import migrations, models


class Migration(migrations.Migration):
    """Find what a merchant's vaults signed within a day."""

    dependencies = [("payments", "0008_part_refunds")]

    operations = [
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(
                condition=models.Q(("signed_at__isnull", False)),
                fields=["merchant", "signed_at"],
                name="payout_by_day",
            ),
        ),
    ]
