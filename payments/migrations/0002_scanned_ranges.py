"""The record of scanned blocks becomes a chain of ranges without a gap, and second readings leave findings."""

import core.fields
import core.ids
import django.db.models.expressions
import django.utils.timezone
from django.db import migrations, models


# Each range but the oldest begins where the one before it ends: so no block can be missing between two.
CHAIN = """
    ALTER TABLE payments_scannedrange ADD CONSTRAINT scannedrange_follows
    FOREIGN KEY (network, previous) REFERENCES payments_scannedrange (network, last)
    DEFERRABLE INITIALLY DEFERRED
"""
UNCHAIN = "ALTER TABLE payments_scannedrange DROP CONSTRAINT scannedrange_follows"
# Reading goes on where it stood; what lies before counts as one range that was read.
CARRY_OVER = """
    INSERT INTO payments_scannedrange (network, first, last, previous, hash, source, scanned_at, verified_at, verified_by)
    SELECT network, height, height, NULL, hash, '', scanned_at, scanned_at, '' FROM payments_cursor
"""


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('network', models.CharField(max_length=32)),
                ('kind', models.CharField(choices=[('missed', 'Missed'), ('unconfirmed', 'Unconfirmed'), ('fork', 'Fork')], max_length=11)),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('txid', models.CharField(blank=True, max_length=128)),
                ('address', models.CharField(blank=True, max_length=128)),
                ('asset_code', models.CharField(blank=True, max_length=16)),
                ('ordinal', models.PositiveIntegerField(default=0)),
                ('units', core.fields.UnitsField(default=0)),
                ('source', models.CharField(blank=True, max_length=200)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ScannedRange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.CharField(max_length=32)),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('previous', models.BigIntegerField(null=True)),
                ('hash', models.CharField(max_length=128)),
                ('source', models.CharField(blank=True, max_length=200)),
                ('scanned_at', models.DateTimeField()),
                ('verified_at', models.DateTimeField(null=True)),
                ('verified_by', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.DeleteModel(
            name='ScannedBlock',
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(condition=models.Q(('resolved_at', None)), fields=['network'], name='finding_open'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.UniqueConstraint(fields=('network', 'kind', 'first', 'last', 'txid', 'address', 'asset_code', 'ordinal'), name='finding_once'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['missed', 'unconfirmed', 'fork'])), name='finding_kind_known'),
        ),
        migrations.AddIndex(
            model_name='scannedrange',
            index=models.Index(condition=models.Q(('verified_at', None)), fields=['network', 'first'], name='scannedrange_unverified'),
        ),
        migrations.AddConstraint(
            model_name='scannedrange',
            constraint=models.UniqueConstraint(fields=('network', 'last'), name='scannedrange_last_once'),
        ),
        migrations.AddConstraint(
            model_name='scannedrange',
            constraint=models.UniqueConstraint(fields=('network', 'previous'), name='scannedrange_previous_once'),
        ),
        migrations.AddConstraint(
            model_name='scannedrange',
            constraint=models.UniqueConstraint(condition=models.Q(('previous', None)), fields=('network',), name='scannedrange_one_oldest'),
        ),
        migrations.AddConstraint(
            model_name='scannedrange',
            constraint=models.CheckConstraint(condition=models.Q(('previous', None), ('previous', django.db.models.expressions.CombinedExpression(models.F('first'), '-', models.Value(1))), _connector='OR'), name='scannedrange_adjoins'),
        ),
        migrations.AddConstraint(
            model_name='scannedrange',
            constraint=models.CheckConstraint(condition=models.Q(('first__gte', 0), ('last__gte', models.F('first'))), name='scannedrange_not_empty'),
        ),
        migrations.RunSQL(CHAIN, UNCHAIN),
        migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop),
    ]
