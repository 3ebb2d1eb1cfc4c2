from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep the headers of each request: whoever looks for a wrong signature compares them with what came in."""

    dependencies = [("webhooks", "0001_initial")]

    operations = [
        migrations.AddField("attempt", "headers", models.JSONField(null=True)),
    ]
