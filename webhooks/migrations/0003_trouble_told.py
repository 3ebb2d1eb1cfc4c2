"""Whether members were told that an endpoint only fails."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhooks', '0002_attempt_headers'),
    ]

    operations = [
        migrations.AddField(
            model_name='webhookendpoint',
            name='is_trouble_told',
            field=models.BooleanField(default=False),
        ),
    ]
