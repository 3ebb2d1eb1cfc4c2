"""The books: an append-only double-entry ledger, and settlements."""

import core.fields
import core.ids
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
import django.utils.timezone
from django.db import migrations, models


# The ledger is only ever added to, and every booking adds up: kept by the database, whoever writes.
GUARDS = """
CREATE FUNCTION payments_books_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION payments_booking_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    booking uuid;
    lines integer;
    total numeric;
BEGIN
    IF TG_TABLE_NAME = 'payments_booking' THEN
        booking := NEW.id;
    ELSE
        booking := NEW.booking_id;
    END IF;
    SELECT count(*), coalesce(sum(units), 0) INTO lines, total FROM payments_posting WHERE booking_id = booking;
    IF lines < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'booking % has % postings that add up to %', booking, lines, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'booking_adds_up';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER booking_stays BEFORE UPDATE OR DELETE ON payments_booking
    FOR EACH ROW EXECUTE FUNCTION payments_books_stay();
CREATE TRIGGER posting_stays BEFORE UPDATE OR DELETE ON payments_posting
    FOR EACH ROW EXECUTE FUNCTION payments_books_stay();
CREATE TRIGGER booking_not_emptied BEFORE TRUNCATE ON payments_booking
    FOR EACH STATEMENT EXECUTE FUNCTION payments_books_stay();
CREATE TRIGGER posting_not_emptied BEFORE TRUNCATE ON payments_posting
    FOR EACH STATEMENT EXECUTE FUNCTION payments_books_stay();
CREATE CONSTRAINT TRIGGER booking_adds_up AFTER INSERT ON payments_booking
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_booking_adds_up();
CREATE CONSTRAINT TRIGGER posting_adds_up AFTER INSERT ON payments_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_booking_adds_up();
"""
NO_GUARDS = """
DROP TRIGGER booking_stays ON payments_booking;
DROP TRIGGER posting_stays ON payments_posting;
DROP TRIGGER booking_not_emptied ON payments_booking;
DROP TRIGGER posting_not_emptied ON payments_posting;
DROP TRIGGER booking_adds_up ON payments_booking;
DROP TRIGGER posting_adds_up ON payments_posting;
DROP FUNCTION payments_booking_adds_up();
DROP FUNCTION payments_books_stay();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('invoices', '0002_matching'),
        ('merchants', '0004_platform_fee'),
        ('payments', '0003_unmatched'),
    ]

    operations = [
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('kind', models.CharField(choices=[('payment_confirmed', 'Payment Confirmed'), ('payment_reversed', 'Payment Reversed'), ('deposit_resolved', 'Deposit Resolved'), ('invoice_settled', 'Invoice Settled'), ('settlement_reversed', 'Settlement Reversed'), ('credit_given', 'Credit Given'), ('credit_voided', 'Credit Voided'), ('refund_promised', 'Refund Promised'), ('refund_completed', 'Refund Completed'), ('refund_reversed', 'Refund Reversed'), ('refund_cancelled', 'Refund Cancelled'), ('corrected', 'Corrected'), ('payout', 'Payout')], max_length=20)),
                ('livemode', models.BooleanField()),
                ('network', models.CharField(max_length=32)),
                ('asset_code', models.CharField(max_length=16)),
                ('fact', models.CharField(choices=[('payment', 'Payment'), ('settlement', 'Settlement'), ('credit', 'Credit'), ('refund', 'Refund'), ('payout', 'Payout')], max_length=10)),
                ('source_id', models.UUIDField()),
                ('number', models.PositiveIntegerField()),
                ('txid', models.CharField(blank=True, max_length=128)),
                ('occurred_at', models.DateTimeField()),
                ('invoice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='invoices.invoice')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
            ],
        ),
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(choices=[('chain', 'Chain'), ('customers', 'Customers'), ('merchant', 'Merchant'), ('fees', 'Fees'), ('network_fees', 'Network Fees'), ('refunds', 'Refunds'), ('credits', 'Credits'), ('unmatched', 'Unmatched')], max_length=12)),
                ('units', core.fields.UnitsField()),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='payments.booking')),
            ],
        ),
        migrations.CreateModel(
            name='Settlement',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('livemode', models.BooleanField()),
                ('network', models.CharField(max_length=32)),
                ('asset_code', models.CharField(max_length=16)),
                ('gross_units', core.fields.UnitsField()),
                ('fee_units', core.fields.UnitsField()),
                ('net_units', core.fields.UnitsField()),
                ('fee_percent', models.DecimalField(decimal_places=2, max_digits=4)),
                ('status', models.CharField(choices=[('settled', 'Settled'), ('reversed', 'Reversed')], default='settled', max_length=8)),
                ('reversed_at', models.DateTimeField(null=True)),
                ('reversal_reason', models.CharField(blank=True, choices=[('reorg', 'reorg'), ('changed', 'changed')], max_length=10)),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='settlements', to='invoices.invoice')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('replaces', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='payments.settlement')),
            ],
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(models.F('merchant'), models.F('livemode'), models.F('network'), models.F('asset_code'), name='booking_by_asset'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('txid', ''), _negated=True), fields=['txid'], name='booking_by_transaction'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.UniqueConstraint(fields=('source_id', 'number'), name='booking_once'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['payment_confirmed', 'payment_reversed', 'deposit_resolved', 'invoice_settled', 'settlement_reversed', 'credit_given', 'credit_voided', 'refund_promised', 'refund_completed', 'refund_reversed', 'refund_cancelled', 'corrected', 'payout'])), name='booking_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('fact__in', ['payment', 'settlement', 'credit', 'refund', 'payout'])), name='booking_fact_known'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='booking_numbered_from_one'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.UniqueConstraint(fields=('booking', 'account'), name='posting_once'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('account__in', ['chain', 'customers', 'merchant', 'fees', 'network_fees', 'refunds', 'credits', 'unmatched'])), name='posting_account_known'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('units', 0), _negated=True), name='posting_moves_something'),
        ),
        migrations.AddIndex(
            model_name='settlement',
            index=models.Index(models.F('merchant'), models.F('livemode'), models.F('created_at'), models.F('id'), name='settlement_newest'),
        ),
        migrations.AddIndex(
            model_name='settlement',
            index=models.Index(models.F('invoice'), name='settlement_by_invoice'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'settled')), fields=('invoice', 'network', 'asset_code'), name='settlement_once'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('fee_units__gte', 0), ('gross_units', django.db.models.expressions.CombinedExpression(models.F('fee_units'), '+', models.F('net_units'))), ('gross_units__gt', 0)), name='settlement_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(django.db.models.lookups.LessThanOrEqual(django.db.models.expressions.CombinedExpression(models.F('fee_units'), '*', models.Value(100)), django.db.models.expressions.CombinedExpression(models.F('gross_units'), '*', models.F('fee_percent'))), django.db.models.lookups.GreaterThan(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('fee_units'), '+', models.Value(1)), '*', models.Value(100)), django.db.models.expressions.CombinedExpression(models.F('gross_units'), '*', models.F('fee_percent')))), name='settlement_fee_rounded_down'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reversal_reason', ''), ('reversed_at', None), ('status', 'settled')), models.Q(('reversed_at__isnull', False), ('status', 'reversed'), models.Q(('reversal_reason', ''), _negated=True)), _connector='OR'), name='settlement_reversed_whole'),
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
