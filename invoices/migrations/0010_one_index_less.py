"""The index of the merchant alone went unused: those for lists begin with the merchant."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('invoices', '0009_payment_options'),
        ('merchants', '0014_usage_in_parts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='invoice',
            name='merchant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='merchants.merchant'),
        ),
    ]
