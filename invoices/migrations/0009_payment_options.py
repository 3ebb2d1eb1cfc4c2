"""Customers may choose what an invoice is paid in; where it was to be paid before is kept, and is nobody else's."""

import core.fields
import core.ids
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

# Until now all quotes of an invoice were of its one asset.
_NAME_ASSETS = """
UPDATE invoices_replacedquote quote SET network = invoice.network, asset_code = invoice.asset_code
FROM invoices_invoice invoice WHERE invoice.id = quote.invoice_id
"""

# A unique index sees one table. A new invoice at a destination of another one gets the id of that one, and so breaks
# the primary key: it is refused, or with ON CONFLICT DO NOTHING passed over, just as with a unique index. It looks at
# the invoices, too: one may be leaving its address at this moment, and waiting for it in the index would miss where it
# is kept from then on.
_TRIGGERS = """
CREATE FUNCTION invoices_destination_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE holder uuid;
BEGIN
    IF NEW.matching = 'address' THEN
        SELECT coalesce(
            (SELECT invoice_id FROM invoices_invoicedestination WHERE network = NEW.network
                AND address = NEW.address AND matching = 'address' AND invoice_id <> NEW.id),
            (SELECT id FROM invoices_invoice WHERE network = NEW.network
                AND address = NEW.address AND matching = 'address' AND id <> NEW.id)
        ) INTO holder;
    ELSE
        SELECT coalesce(
            (SELECT invoice_id FROM invoices_invoicedestination WHERE network = NEW.network
                AND tag = NEW.tag AND address = NEW.address AND matching = 'tag' AND invoice_id <> NEW.id),
            (SELECT id FROM invoices_invoice WHERE network = NEW.network
                AND tag = NEW.tag AND address = NEW.address AND matching = 'tag' AND id <> NEW.id)
        ) INTO holder;
    END IF;
    IF holder IS NULL THEN
        RETURN NEW;
    ELSIF TG_OP = 'INSERT' THEN
        NEW.id := holder;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on % is a destination of another invoice', NEW.address, NEW.network
        USING ERRCODE = 'unique_violation', CONSTRAINT = 'invoice_destination_once';
END $$;

CREATE FUNCTION invoices_kept_destination_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM invoices_invoice WHERE network = NEW.network AND address = NEW.address
            AND matching = 'address' AND NEW.matching = 'address' AND id <> NEW.invoice_id
    ) OR EXISTS (
        SELECT FROM invoices_invoice WHERE network = NEW.network AND tag = NEW.tag AND address = NEW.address
            AND matching = 'tag' AND NEW.matching = 'tag' AND id <> NEW.invoice_id
    ) THEN
        RAISE EXCEPTION '% on % is a destination of another invoice', NEW.address, NEW.network
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'invoice_destination_once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER invoice_destination_once BEFORE INSERT ON invoices_invoice
    FOR EACH ROW WHEN (NEW.matching <> 'amount') EXECUTE FUNCTION invoices_destination_once();
CREATE TRIGGER invoice_destination_moved BEFORE UPDATE ON invoices_invoice
    FOR EACH ROW WHEN (
        NEW.matching <> 'amount'
        AND (NEW.network, NEW.address, NEW.tag, NEW.matching) <> (OLD.network, OLD.address, OLD.tag, OLD.matching)
    ) EXECUTE FUNCTION invoices_destination_once();
CREATE TRIGGER invoicedestination_kept_once BEFORE INSERT OR UPDATE ON invoices_invoicedestination
    FOR EACH ROW WHEN (NEW.matching <> 'amount') EXECUTE FUNCTION invoices_kept_destination_once();
"""
_NO_TRIGGERS = """
DROP TRIGGER invoicedestination_kept_once ON invoices_invoicedestination;
DROP TRIGGER invoice_destination_moved ON invoices_invoice;
DROP TRIGGER invoice_destination_once ON invoices_invoice;
DROP FUNCTION invoices_kept_destination_once;
DROP FUNCTION invoices_destination_once;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0008_short_invoices"),
        ("merchants", "0011_invitations"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="payment_options",
            field=core.fields.ExactJSONField(null=True),
        ),
        migrations.AddField(
            model_name="replacedquote",
            name="network",
            field=models.CharField(default="", max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="replacedquote",
            name="asset_code",
            field=models.CharField(default="", max_length=16),
            preserve_default=False,
        ),
        migrations.RunSQL(_NAME_ASSETS, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="InvoiceDestination",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("network", models.CharField(max_length=32)),
                ("asset_code", models.CharField(max_length=16)),
                ("address", models.CharField(max_length=128)),
                ("tag", models.CharField(blank=True, max_length=64)),
                (
                    "matching",
                    models.CharField(
                        choices=[
                            ("address", "by its own address"),
                            ("tag", "by address and tag"),
                            ("amount", "by address and exact amount"),
                        ],
                        max_length=7,
                    ),
                ),
                ("wallet_index", models.BigIntegerField(null=True)),
                ("paid_at", models.DateTimeField(null=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="destinations", to="invoices.invoice"
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="merchants.wallet"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("network"),
                        django.db.models.functions.text.Lower("address"),
                        condition=models.Q(("address__startswith", "0x")),
                        name="invoicedestination_folded",
                    ),
                    models.Index(
                        condition=models.Q(("paid_at__isnull", False)),
                        fields=["wallet", "wallet_index"],
                        name="invoicedestination_paid_index",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("matching", "tag"), ("tag", ""), _connector="XOR"),
                        name="invoicedestination_tag_when_matched_by_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("matching__in", ["address", "tag", "amount"])),
                        name="invoicedestination_matching_known",
                    ),
                    models.UniqueConstraint(
                        fields=("invoice", "network", "address", "tag"), name="invoicedestination_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("matching", "address")),
                        fields=("network", "address"),
                        name="invoicedestination_address_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("matching", "tag")),
                        fields=("network", "tag", "address"),
                        name="invoicedestination_tag_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(_TRIGGERS, _NO_TRIGGERS),
    ]
