"""Invoices, replaced quotes, credits and rate sheets; the extension behind the search index."""

import core.fields
import core.ids
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
from decimal import Decimal
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0002_first_plans'),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('livemode', models.BooleanField()),
                ('status', models.CharField(choices=[('created', 'Created'), ('pending', 'Pending'), ('partial', 'Partial'), ('confirming', 'Confirming'), ('paid', 'Paid'), ('expired', 'Expired'), ('cancelled', 'Cancelled'), ('refunded', 'Refunded')], default='created', editable=False, max_length=12)),
                ('exception', models.CharField(choices=[('none', 'None'), ('underpaid', 'Underpaid'), ('overpaid', 'Overpaid'), ('late', 'Late')], default='none', editable=False, max_length=10)),
                ('title', models.CharField(max_length=200)),
                ('description', models.TextField(blank=True)),
                ('items', core.fields.ExactJSONField(default=list)),
                ('metadata', core.fields.ExactJSONField(default=dict)),
                ('webhook_url', models.CharField(blank=True, max_length=2048)),
                ('return_url', models.CharField(blank=True, max_length=2048)),
                ('cancel_url', models.CharField(blank=True, max_length=2048)),
                ('currency', models.CharField(max_length=3)),
                ('subtotal', models.DecimalField(decimal_places=3, max_digits=20)),
                ('tax', models.DecimalField(decimal_places=3, max_digits=20)),
                ('total', models.DecimalField(decimal_places=3, max_digits=20)),
                ('total_usd', models.DecimalField(decimal_places=3, max_digits=20)),
                ('reporting_currency', models.CharField(max_length=3)),
                ('reporting_total', models.DecimalField(decimal_places=3, max_digits=20)),
                ('network', models.CharField(max_length=32)),
                ('asset_code', models.CharField(max_length=16)),
                ('address', models.CharField(max_length=128)),
                ('tag', models.CharField(blank=True, max_length=64)),
                ('amount_units', core.fields.UnitsField()),
                ('asked_value', core.fields.ValueField()),
                ('rate', models.DecimalField(decimal_places=18, max_digits=40)),
                ('rate_source', models.CharField(max_length=64)),
                ('rate_observed_at', models.DateTimeField()),
                ('quoted_at', models.DateTimeField()),
                ('quote_expires_at', models.DateTimeField()),
                ('price_lock_seconds', models.PositiveIntegerField()),
                ('underpayment_threshold', models.DecimalField(decimal_places=3, max_digits=12)),
                ('overpayment_threshold', models.DecimalField(decimal_places=3, max_digits=12)),
                ('overpayment_action', models.CharField(choices=[('credit_account', 'Credit Account'), ('refund', 'Refund'), ('keep', 'Keep')], max_length=16)),
                ('received_units', core.fields.UnitsField(default=0)),
                ('confirmed_units', core.fields.UnitsField(default=0)),
                ('received_value', core.fields.ValueField(default=Decimal('0'))),
                ('confirmed_value', core.fields.ValueField(default=Decimal('0'))),
                ('is_late', models.BooleanField(default=False)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField()),
                ('viewed_at', models.DateTimeField(null=True)),
                ('paid_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=500)),
                ('updated_at', models.DateTimeField()),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='merchants.merchant')),
            ],
        ),
        migrations.CreateModel(
            name='Credit',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('livemode', models.BooleanField()),
                ('customer', models.CharField(blank=True, max_length=200)),
                ('currency', models.CharField(max_length=3)),
                ('amount', core.fields.ValueField()),
                ('voided_at', models.DateTimeField(null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='merchants.merchant')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credits', to='invoices.invoice')),
            ],
        ),
        migrations.CreateModel(
            name='RateSheet',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('base', models.CharField(max_length=16)),
                ('source', models.CharField(max_length=32)),
                ('prices', models.JSONField()),
                ('observed_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(models.F('base'), models.OrderBy(models.F('observed_at'), descending=True), name='ratesheet_newest')],
            },
        ),
        migrations.CreateModel(
            name='ReplacedQuote',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('rate', models.DecimalField(decimal_places=18, max_digits=40)),
                ('rate_source', models.CharField(max_length=64)),
                ('amount_units', core.fields.UnitsField()),
                ('quoted_at', models.DateTimeField()),
                ('replaced_at', models.DateTimeField()),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replaced_quotes', to='invoices.invoice')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('status__in', ['created', 'pending'])), fields=['expires_at'], name='invoice_expiring'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(models.F('merchant'), models.F('livemode'), models.F('created_at'), models.F('id'), name='invoice_newest'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(models.F('merchant'), models.F('livemode'), models.F('status'), models.F('created_at'), name='invoice_by_status'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(django.db.models.functions.text.Concat(models.F('title'), models.Value(' '), models.F('description'), models.Value(' '), django.db.models.functions.comparison.Cast(models.F('metadata'), models.TextField()), output_field=models.TextField())), name='gin_trgm_ops'), name='invoice_search'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['created', 'pending', 'partial', 'confirming', 'paid', 'expired', 'cancelled', 'refunded'])), name='invoice_status_known'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('exception__in', ['none', 'underpaid', 'overpaid', 'late'])), name='invoice_exception_known'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('amount_units__gt', 0), ('rate__gt', 0), ('total__gt', 0)), name='invoice_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_units__lte', models.F('received_units')), ('confirmed_value__lte', models.F('received_value'))), name='invoice_confirmed_within_received'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('paid_at__isnull', False), ('status__in', ['paid', 'refunded'])), models.Q(models.Q(('status__in', ['paid', 'refunded']), _negated=True), ('paid_at', None)), _connector='OR'), name='invoice_paid_at_when_paid'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('livemode', True), ('network', 'sandbox'), _connector='XOR'), name='invoice_sandbox_is_test'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('network', 'address', 'tag'), name='invoice_destination_once'),
        ),
        migrations.AddConstraint(
            model_name='credit',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='credit_positive'),
        ),
        migrations.AddConstraint(
            model_name='credit',
            constraint=models.UniqueConstraint(condition=models.Q(('voided_at', None)), fields=('invoice',), name='credit_once'),
        ),
    ]
