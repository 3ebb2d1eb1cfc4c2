import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import core.fields
import core.ids

FIRST_ONES = """
INSERT INTO payments_payouttransaction (id, created_at, payout_id, position, raw, txid, fee_cap_units)
SELECT gen_random_uuid(), coalesce(signed_at, created_at), id, 0, raw, txid, fee_cap_units
FROM payments_payout WHERE raw <> '';
"""

# What was signed stays as it is, whoever writes. A payout may come to name another of its own transactions.
GUARDS = """
CREATE FUNCTION payments_payouttransaction_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'transaction % was signed and stays', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payouttransaction_stays';
END $$;

CREATE TRIGGER payouttransaction_stays BEFORE UPDATE OR DELETE ON payments_payouttransaction
    FOR EACH ROW EXECUTE FUNCTION payments_payouttransaction_stays();

CREATE OR REPLACE FUNCTION payments_payout_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.raw = '' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'payout % was signed and stays', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payout_stays';
    END IF;
    IF OLD.raw <> '' AND
       (NEW.kind, NEW.refund_id, NEW.network, NEW.asset_code, NEW.units, NEW.sender, NEW.recipient, NEW.nonce)
        IS DISTINCT FROM
       (OLD.kind, OLD.refund_id, OLD.network, OLD.asset_code, OLD.units, OLD.sender, OLD.recipient, OLD.nonce)
    THEN
        RAISE EXCEPTION 'payout % was signed and stays', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payout_stays';
    END IF;
    IF (NEW.raw, NEW.txid) IS DISTINCT FROM (OLD.raw, OLD.txid) AND NOT EXISTS (
        SELECT FROM payments_payouttransaction t
        WHERE t.payout_id = NEW.id AND t.raw = NEW.raw AND t.txid = NEW.txid
    ) THEN
        RAISE EXCEPTION 'payout % was signed and stays, or names what was not signed for it', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payout_names_its_own';
    END IF;
    RETURN NEW;
END $$;
"""

NO_GUARDS = """
DROP TRIGGER payouttransaction_stays ON payments_payouttransaction;
DROP FUNCTION payments_payouttransaction_stays();

CREATE OR REPLACE FUNCTION payments_payout_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.raw = '' THEN
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR
       (NEW.kind, NEW.refund_id, NEW.network, NEW.asset_code, NEW.units, NEW.sender, NEW.recipient, NEW.nonce,
        NEW.raw, NEW.txid)
        IS DISTINCT FROM
       (OLD.kind, OLD.refund_id, OLD.network, OLD.asset_code, OLD.units, OLD.sender, OLD.recipient, OLD.nonce,
        OLD.raw, OLD.txid)
    THEN
        RAISE EXCEPTION 'payout % was signed and stays', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payout_stays';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    """Keep every transaction that was signed for a payout, and why a payout waits."""

    dependencies = [("payments", "0006_payouts")]

    operations = [
        migrations.AddField(
            model_name="payout",
            name="waiting_reason",
            field=models.CharField(blank=True, max_length=9),
        ),
        migrations.CreateModel(
            name="PayoutTransaction",
            fields=[
                (
                    "id",
                    models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("raw", models.TextField(editable=False)),
                ("txid", models.CharField(max_length=128)),
                ("fee_cap_units", core.fields.UnitsField()),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="payments.payout",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("payout", "position"), name="payouttransaction_position_once"),
                    models.UniqueConstraint(fields=("txid",), name="payouttransaction_once"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("raw", ""), _negated=True), models.Q(("txid", ""), _negated=True)),
                        name="payouttransaction_whole",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FIRST_ONES, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
