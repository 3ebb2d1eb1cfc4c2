"""How far the feed of the log has come. On a live system: a new table, nothing else."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0005_cuts")]

    operations = [
        migrations.CreateModel(
            name="Feed",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(default=0)),
                ("lease_token", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
            ],
        ),
    ]
