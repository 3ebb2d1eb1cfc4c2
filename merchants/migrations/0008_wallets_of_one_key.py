"""Wallets with one extended key on several networks count their indexes together, in the oldest row."""

from django.db import migrations, models

# The oldest goes on where the furthest has come.
_CATCH_UP = """
    UPDATE merchants_wallet wallet SET next_index = furthest.next_index
    FROM (SELECT xpub, MAX(next_index) AS next_index FROM merchants_wallet WHERE xpub <> '' GROUP BY xpub) furthest
    WHERE wallet.xpub = furthest.xpub AND wallet.next_index < furthest.next_index
"""


class Migration(migrations.Migration):
    dependencies = [("merchants", "0007_permissions_of_links")]

    operations = [
        migrations.RunSQL(_CATCH_UP, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="wallet",
            index=models.Index(condition=models.Q(("xpub", ""), _negated=True), fields=["xpub"], name="wallet_by_key"),
        ),
    ]
