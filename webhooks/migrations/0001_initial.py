"""Endpoints, per-invoice hooks, deliveries and their attempts."""

import core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('events', '0001_initial'),
        ('merchants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='InvoiceHook',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('livemode', models.BooleanField()),
                ('invoice_id', models.UUIDField()),
                ('url', models.CharField(max_length=2048)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
            ],
        ),
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('livemode', models.BooleanField()),
                ('url', models.CharField(max_length=2048)),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None)),
                ('secret_encrypted', models.TextField()),
                ('previous_secret_encrypted', models.TextField(blank=True)),
                ('previous_expires_at', models.DateTimeField(blank=True, null=True)),
                ('allowed_ips', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=49), blank=True, default=list, size=None)),
                ('max_retries', models.PositiveSmallIntegerField(default=5)),
                ('retry_backoff', models.CharField(choices=[('exponential', 'Exponential'), ('linear', 'Linear')], default='exponential', max_length=11)),
                ('timeout', models.PositiveSmallIntegerField(default=30)),
                ('disabled_reason', models.CharField(blank=True, choices=[('by_merchant', 'By Merchant'), ('gone', 'Gone'), ('failing', 'Failing')], max_length=11)),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('owners_told', models.BooleanField(default=True)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhook_endpoints', to='merchants.merchant')),
            ],
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('livemode', models.BooleanField()),
                ('event_type', models.CharField(max_length=64)),
                ('invoice_id', models.UUIDField(null=True)),
                ('url', models.CharField(max_length=2048)),
                ('lane', models.CharField(max_length=64)),
                ('body', models.TextField()),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('failed', 'Failed')], default='pending', max_length=9)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('attempts_before_round', models.PositiveIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('lease_token', models.UUIDField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('response_code', models.PositiveSmallIntegerField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('failure', models.CharField(blank=True, max_length=200)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='events.event')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('hook', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='webhooks.invoicehook')),
                ('endpoint', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='webhooks.webhookendpoint')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('number', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField()),
                ('elapsed_ms', models.PositiveIntegerField()),
                ('response_code', models.PositiveSmallIntegerField(null=True)),
                ('response', models.TextField(blank=True)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='history', to='webhooks.delivery')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='attempt_number_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='invoicehook',
            constraint=models.UniqueConstraint(fields=('invoice_id',), name='invoicehook_once'),
        ),
        migrations.AddIndex(
            model_name='webhookendpoint',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['merchant', 'livemode'], name='webhookendpoint_by_merchant'),
        ),
        migrations.AddIndex(
            model_name='webhookendpoint',
            index=models.Index(condition=models.Q(('owners_told', False)), fields=['id'], name='webhookendpoint_untold'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('events__len__gt', 0)), name='webhookendpoint_events_some'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('max_retries__lte', 10)), name='webhookendpoint_retries_range'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('timeout__range', (1, 30))), name='webhookendpoint_timeout_range'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('retry_backoff__in', ['exponential', 'linear'])), name='webhookendpoint_backoff_known'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('disabled_reason__in', ['', 'by_merchant', 'gone', 'failing'])), name='webhookendpoint_disabled_reason_known'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['lane', 'next_attempt_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('lease_token__isnull', False)), fields=['lane'], name='delivery_leased'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(models.F('endpoint'), models.OrderBy(models.F('created_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='delivery_by_endpoint'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('invoice_id__isnull', False)), fields=['invoice_id'], name='delivery_by_invoice'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'delivered', 'failed'])), name='delivery_status_known'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('endpoint__isnull', False), ('hook__isnull', True)), models.Q(('endpoint__isnull', True), ('hook__isnull', False)), _connector='OR'), name='delivery_one_receiver'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_attempt_at__isnull', False), ('status', 'pending')), models.Q(models.Q(('status', 'pending'), _negated=True), ('next_attempt_at__isnull', True)), _connector='OR'), name='delivery_due_while_pending'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('delivered_at__isnull', False), ('status', 'delivered')), models.Q(models.Q(('status', 'delivered'), _negated=True), ('delivered_at__isnull', True)), _connector='OR'), name='delivery_delivered_at_when_delivered'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('event', 'endpoint'), name='delivery_endpoint_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('event', 'hook'), name='delivery_hook_once'),
        ),
    ]
