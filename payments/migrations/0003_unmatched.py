"""Payments and refunds name their merchant, so that they may be without an invoice."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
    SET CONSTRAINTS ALL IMMEDIATE;
    UPDATE {table} SET merchant_id = invoice.merchant_id, livemode = invoice.livemode
    FROM invoices_invoice invoice WHERE invoice.id = {table}.invoice_id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('invoices', '0002_matching'),
        ('merchants', '0003_wallet_kinds'),
        ('payments', '0002_scanned_ranges'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='livemode',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='merchant',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='merchants.merchant'),
        ),
        migrations.AddField(
            model_name='refund',
            name='livemode',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='refund',
            name='merchant',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='merchants.merchant'),
        ),
        migrations.RunSQL(FILL.format(table="payments_payment"), migrations.RunSQL.noop),
        migrations.RunSQL(FILL.format(table="payments_refund"), migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='payment',
            name='livemode',
            field=models.BooleanField(),
        ),
        migrations.AlterField(
            model_name='payment',
            name='merchant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='merchants.merchant'),
        ),
        migrations.AlterField(
            model_name='refund',
            name='livemode',
            field=models.BooleanField(),
        ),
        migrations.AlterField(
            model_name='refund',
            name='merchant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='merchants.merchant'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='invoice',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='invoices.invoice'),
        ),
        migrations.AlterField(
            model_name='refund',
            name='invoice',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='invoices.invoice'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(models.F('merchant'), models.F('livemode'), models.F('created_at'), models.F('id'), name='payment_newest'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(models.F('merchant'), models.F('livemode'), models.F('created_at'), models.F('id'), condition=models.Q(('review', 'none'), _negated=True), name='payment_inbox'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(models.F('merchant'), models.F('livemode'), models.F('created_at'), models.F('id'), name='refund_newest'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('invoice__isnull', False), ('counts', False), _connector='OR'), name='payment_unmatched_counts_for_nothing'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('invoice__isnull', False), ('payment__isnull', False), _connector='OR'), name='refund_of_something'),
        ),
    ]
