"""What became of each endpoint's deliveries, day by day: the table. The next migration counts what is there."""

from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0008_replay_over")]

    operations = [
        migrations.CreateModel(
            name="EndpointDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("delivered", models.IntegerField()),
                ("failed", models.IntegerField()),
                ("last_delivered_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False, on_delete=CASCADE, related_name="days", to="webhooks.webhookendpoint"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("endpoint", "day"), name="endpointday_once")],
            },
        ),
    ]
