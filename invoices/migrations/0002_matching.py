"""Invoices may share an address, told apart by a tag or by their exact amount."""

import core.fields
import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('invoices', '0001_initial'),
        ('merchants', '0003_wallet_kinds'),
    ]

    operations = [
        migrations.CreateModel(
            name='AmountClaim',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('network', models.CharField(max_length=32)),
                ('address', models.CharField(max_length=128)),
                ('asset_code', models.CharField(max_length=16)),
                ('units', core.fields.UnitsField()),
                ('released_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='invoice',
            name='invoice_destination_once',
        ),
        migrations.AddField(
            model_name='invoice',
            name='matching',
            field=models.CharField(choices=[('address', 'by its own address'), ('tag', 'by address and tag'), ('amount', 'by address and exact amount')], default='address', max_length=7),
        ),
        migrations.AddField(
            model_name='invoice',
            name='wallet',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='merchants.wallet'),
        ),
        migrations.AddField(
            model_name='invoice',
            name='wallet_index',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('received_units__gt', 0)), fields=['wallet', 'wallet_index'], name='invoice_paid_index'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('matching', 'tag'), ('tag', ''), _connector='XOR'), name='invoice_tag_when_matched_by_it'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('matching__in', ['address', 'tag', 'amount'])), name='invoice_matching_known'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(condition=models.Q(('matching', 'address')), fields=('network', 'address'), name='invoice_address_once'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(condition=models.Q(('matching', 'tag')), fields=('network', 'tag', 'address'), name='invoice_tag_once'),
        ),
        migrations.AddField(
            model_name='amountclaim',
            name='invoice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='invoices.invoice'),
        ),
        migrations.AddIndex(
            model_name='amountclaim',
            index=models.Index(fields=['network', 'address', 'asset_code', 'units'], name='amountclaim_by_amount'),
        ),
        migrations.AddConstraint(
            model_name='amountclaim',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='amountclaim_positive'),
        ),
        migrations.AddConstraint(
            model_name='amountclaim',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at', None)), fields=('network', 'address', 'asset_code', 'units'), name='amountclaim_open_once'),
        ),
    ]
