"""Where events were cut off into files. On a live system: a new table, nothing else."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0004_by_object")]

    operations = [
        migrations.CreateModel(
            name="Cut",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=64)),
                ("file", models.CharField(max_length=100)),
                ("cut_at", models.DateTimeField()),
            ],
        ),
    ]
