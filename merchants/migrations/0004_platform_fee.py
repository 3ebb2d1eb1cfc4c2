"""The platform's share of each settlement."""

from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0003_wallet_kinds'),
    ]

    operations = [
        migrations.AddField(
            model_name='merchant',
            name='platform_fee_percent',
            field=models.DecimalField(decimal_places=2, default=Decimal('1.00'), editable=False, max_digits=4),
        ),
        migrations.AddConstraint(
            model_name='merchant',
            constraint=models.CheckConstraint(condition=models.Q(('platform_fee_percent__gte', Decimal('0.1')), ('platform_fee_percent__lte', Decimal('5'))), name='merchant_platform_fee_range'),
        ),
    ]
