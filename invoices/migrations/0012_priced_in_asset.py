"""An invoice may be priced in the asset itself."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('invoices', '0011_by_asset'),
    ]

    operations = [
        migrations.AddField(
            model_name='invoice',
            name='priced_in_asset',
            field=models.BooleanField(null=True),
        ),
    ]
