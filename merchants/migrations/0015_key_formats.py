"""A key is for one wire format; those there are were all native."""

from django.db import migrations, models


class Migration(migrations.Migration):
    SAFE_BECAUSE = "A merchant has a few dozen keys at most: the table is read in a moment."

    dependencies = [
        ('merchants', '0014_usage_in_parts'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='format',
            field=models.CharField(choices=[('native', "This gateway's own API"), ('cryptic', "Cryptic's merchant invoices"), ('selfhosted', 'The self-hosted checkout with ck_ keys')], db_default='native', default='native', editable=False, max_length=10),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(condition=models.Q(('format__in', ['native', 'cryptic', 'selfhosted'])), name='apikey_format_known'),
        ),
    ]
