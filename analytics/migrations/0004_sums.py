"""
Sums of the facts by hour and by day, kept by a trigger, so that they are right whoever writes facts.

On a live system: the table is new; the trigger and the sums of what is there are made in one transaction that keeps
others from writing facts. Only the dispatcher of events writes them, and it waits: about eight seconds for each five
million invoices, in which webhooks and streams are late. Invoices are made, paid and read meanwhile.
"""

from django.db import migrations, models

ADD = """
CREATE FUNCTION analytics_add_to_sums(fact analytics_invoicefact, times integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO analytics_sums AS sums (merchant_id, livemode, hours, start, currency, asset_code, network,
        created, paid, amount_created, amount_paid, waited)
    SELECT fact.merchant_id, fact.livemode, part.hours, date_trunc(part.unit, fact.created_at, 'UTC'),
        fact.currency, fact.asset_code, fact.network,
        times, CASE WHEN fact.paid_at IS NULL THEN 0 ELSE times END,
        times * fact.total, CASE WHEN fact.paid_at IS NULL THEN 0 ELSE times * fact.total END,
        COALESCE(times * (fact.paid_at - fact.created_at), interval '0')
    FROM (VALUES (1, 'hour'), (24, 'day')) AS part (hours, unit)
    ON CONFLICT (merchant_id, livemode, hours, start, currency, asset_code, network) DO UPDATE SET
        created = sums.created + EXCLUDED.created,
        paid = sums.paid + EXCLUDED.paid,
        amount_created = sums.amount_created + EXCLUDED.amount_created,
        amount_paid = sums.amount_paid + EXCLUDED.amount_paid,
        waited = sums.waited + EXCLUDED.waited
$$;
CREATE FUNCTION analytics_keep_sums() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM analytics_add_to_sums(OLD, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM analytics_add_to_sums(NEW, 1);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER invoicefact_kept_in_sums AFTER INSERT OR DELETE ON analytics_invoicefact
    FOR EACH ROW EXECUTE FUNCTION analytics_keep_sums();
-- An event that only moves the sequence on changes no sum.
CREATE TRIGGER invoicefact_moved_in_sums AFTER UPDATE ON analytics_invoicefact
    FOR EACH ROW WHEN (
        (OLD.merchant_id, OLD.livemode, OLD.created_at, OLD.paid_at, OLD.currency, OLD.total, OLD.asset_code, OLD.network)
        IS DISTINCT FROM
        (NEW.merchant_id, NEW.livemode, NEW.created_at, NEW.paid_at, NEW.currency, NEW.total, NEW.asset_code, NEW.network)
    ) EXECUTE FUNCTION analytics_keep_sums();
INSERT INTO analytics_sums (merchant_id, livemode, hours, start, currency, asset_code, network,
    created, paid, amount_created, amount_paid, waited)
SELECT merchant_id, livemode, part.hours, date_trunc(part.unit, created_at, 'UTC') AS start, currency, asset_code,
    network, count(*), count(paid_at), sum(total), COALESCE(sum(total) FILTER (WHERE paid_at IS NOT NULL), 0),
    COALESCE(sum(paid_at - created_at), interval '0')
FROM analytics_invoicefact, (VALUES (1, 'hour'), (24, 'day')) AS part (hours, unit)
GROUP BY merchant_id, livemode, part.hours, start, currency, asset_code, network;
"""
REMOVE = """
DROP TRIGGER invoicefact_kept_in_sums ON analytics_invoicefact;
DROP TRIGGER invoicefact_moved_in_sums ON analytics_invoicefact;
DROP FUNCTION analytics_keep_sums();
DROP FUNCTION analytics_add_to_sums(analytics_invoicefact, integer);
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0003_facts_by_day")]

    operations = [
        migrations.CreateModel(
            name="Sums",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("merchant_id", models.UUIDField()),
                ("livemode", models.BooleanField()),
                ("hours", models.PositiveSmallIntegerField()),
                ("start", models.DateTimeField()),
                ("currency", models.CharField(max_length=3)),
                ("asset_code", models.CharField(max_length=16)),
                ("network", models.CharField(max_length=32)),
                ("created", models.IntegerField()),
                ("paid", models.IntegerField()),
                ("amount_created", models.DecimalField(decimal_places=3, max_digits=30)),
                ("amount_paid", models.DecimalField(decimal_places=3, max_digits=30)),
                ("waited", models.DurationField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant_id", "livemode", "hours", "start", "currency", "asset_code", "network"),
                        name="sums_once",
                    )
                ],
                "indexes": [models.Index(fields=["hours", "start"], name="sums_of_everybody")],
            },
        ),
        migrations.RunSQL(ADD, REMOVE),
    ]
