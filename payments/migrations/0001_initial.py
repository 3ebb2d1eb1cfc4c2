"""How far chains were read, payments and refunds."""

import core.fields
import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('invoices', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Cursor',
            fields=[
                ('network', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('height', models.BigIntegerField()),
                ('hash', models.CharField(max_length=128)),
                ('tip_height', models.BigIntegerField()),
                ('finalized_height', models.BigIntegerField(null=True)),
                ('scanned_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('network', models.CharField(max_length=32)),
                ('asset_code', models.CharField(max_length=16)),
                ('address', models.CharField(max_length=128)),
                ('tag', models.CharField(blank=True, max_length=64)),
                ('txid', models.CharField(max_length=128)),
                ('ordinal', models.PositiveIntegerField()),
                ('sender', models.CharField(blank=True, max_length=128)),
                ('units', core.fields.UnitsField()),
                ('value', core.fields.ValueField(default=0)),
                ('credited_units', core.fields.UnitsField(default=0)),
                ('fee_units', core.fields.UnitsField(null=True)),
                ('status', models.CharField(choices=[('detected', 'Detected'), ('confirming', 'Confirming'), ('confirmed', 'Confirmed'), ('orphaned', 'Orphaned'), ('failed', 'Failed')], editable=False, max_length=10)),
                ('counts', models.BooleanField()),
                ('review', models.CharField(choices=[('none', 'None'), ('open', 'Open'), ('accepted', 'Accepted'), ('refunded', 'Refunded'), ('ignored', 'Ignored')], default='none', max_length=10)),
                ('review_reason', models.CharField(blank=True, max_length=20)),
                ('is_late', models.BooleanField(default=False)),
                ('block_height', models.BigIntegerField(null=True)),
                ('block_hash', models.CharField(blank=True, max_length=128)),
                ('confirmations', models.PositiveIntegerField(default=0)),
                ('required_confirmations', models.PositiveIntegerField()),
                ('needs_finality', models.BooleanField(default=False)),
                ('sent_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='invoices.invoice')),
            ],
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('network', models.CharField(max_length=32)),
                ('asset_code', models.CharField(max_length=16)),
                ('units', core.fields.UnitsField()),
                ('address', models.CharField(blank=True, max_length=128)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('kind', models.CharField(choices=[('requested', 'requested'), ('cancellation', 'cancellation'), ('surplus', 'surplus'), ('deposit', 'deposit')], default='requested', max_length=12)),
                ('status', models.CharField(choices=[('requested', 'Requested'), ('completed', 'Completed'), ('cancelled', 'Cancelled')], default='requested', max_length=10)),
                ('txid', models.CharField(blank=True, max_length=128)),
                ('completed_at', models.DateTimeField(null=True)),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='invoices.invoice')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='payments.payment')),
            ],
        ),
        migrations.CreateModel(
            name='ScannedBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.CharField(max_length=32)),
                ('height', models.BigIntegerField()),
                ('hash', models.CharField(max_length=128)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('network', 'height'), name='scannedblock_once')],
            },
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(models.F('network'), models.F('block_height'), name='payment_by_height'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('status__in', ['confirming', 'detected', 'orphaned'])), fields=['network'], name='payment_unsettled'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('review', 'open')), fields=['invoice'], name='payment_in_review'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('network', 'txid', 'asset_code', 'address', 'tag', 'ordinal'), name='payment_once'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='payment_positive'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['detected', 'confirming', 'confirmed', 'orphaned', 'failed'])), name='payment_status_known'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('review__in', ['none', 'open', 'accepted', 'refunded', 'ignored'])), name='payment_review_known'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'confirmed'), _negated=True), ('block_height__isnull', False), _connector='OR'), name='payment_confirmed_in_block'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(models.F('invoice'), models.OrderBy(models.F('created_at'), descending=True), name='refund_by_invoice'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='refund_positive'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['requested', 'completed', 'cancelled'])), name='refund_status_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'completed'), _negated=True), models.Q(('txid', ''), _negated=True), _connector='OR'), name='refund_completed_has_transaction'),
        ),
    ]
