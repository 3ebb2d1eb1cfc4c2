"""Wallets of listed addresses, beside those of an extended public key."""

import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0002_first_plans'),
    ]

    operations = [
        migrations.CreateModel(
            name='WalletAddress',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('network', models.CharField(max_length=32)),
                ('address', models.CharField(max_length=128)),
                ('position', models.PositiveIntegerField(default=0)),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'wallet addresses',
            },
        ),
        migrations.RemoveConstraint(
            model_name='wallet',
            name='wallet_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='wallet',
            name='wallet_xpub_once',
        ),
        migrations.AlterField(
            model_name='wallet',
            name='kind',
            field=models.CharField(choices=[('xpub', 'Extended public key'), ('pool', 'List of addresses'), ('single', 'One address'), ('vault', 'Vault')], default='xpub', max_length=8),
        ),
        migrations.AlterField(
            model_name='wallet',
            name='xpub',
            field=models.CharField(blank=True, max_length=256),
        ),
        migrations.AddConstraint(
            model_name='wallet',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['xpub', 'pool', 'single', 'vault'])), name='wallet_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='wallet',
            constraint=models.UniqueConstraint(condition=models.Q(('xpub', ''), _negated=True), fields=('network', 'xpub'), name='wallet_xpub_once'),
        ),
        migrations.AddConstraint(
            model_name='wallet',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['xpub', 'vault']), models.Q(('xpub', ''), _negated=True)), models.Q(('kind__in', ['pool', 'single']), ('xpub', '')), _connector='OR'), name='wallet_xpub_of_its_kind'),
        ),
        migrations.AddField(
            model_name='walletaddress',
            name='wallet',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='addresses', to='merchants.wallet'),
        ),
        migrations.AddIndex(
            model_name='walletaddress',
            index=models.Index(condition=models.Q(('taken_at', None)), fields=['wallet', 'position'], name='walletaddress_free'),
        ),
        migrations.AddConstraint(
            model_name='walletaddress',
            constraint=models.UniqueConstraint(fields=('network', 'address'), name='walletaddress_once'),
        ),
    ]
