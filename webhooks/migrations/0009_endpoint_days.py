"""
What became of each endpoint's deliveries, day by day, kept by triggers, so that it is right whoever writes deliveries.

On a live system: the table is new; the triggers and the sums of what is there are made in one transaction that keeps
others from writing deliveries, about two seconds for each million. Webhooks are late by that; nothing else waits.
"""

from django.db import migrations, models
from django.db.models.deletion import CASCADE

# A row that was counted is taken out as it was and put in as it is: what did not change adds up to nothing.
ADD = """
CREATE FUNCTION webhooks_keep_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO webhooks_endpointday AS sums (endpoint_id, day, delivered, failed, last_delivered_at)
        SELECT endpoint_id, (created_at AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE status = 'delivered'),
            count(*) FILTER (WHERE status = 'failed'), max(delivered_at)
        FROM written WHERE endpoint_id IS NOT NULL AND status <> 'pending'
        GROUP BY endpoint_id, day ORDER BY endpoint_id, day
        ON CONFLICT (endpoint_id, day) DO UPDATE SET
            delivered = sums.delivered + EXCLUDED.delivered,
            failed = sums.failed + EXCLUDED.failed,
            last_delivered_at = GREATEST(sums.last_delivered_at, EXCLUDED.last_delivered_at);
        RETURN NULL;
    END IF;
    INSERT INTO webhooks_endpointday AS sums (endpoint_id, day, delivered, failed, last_delivered_at)
    SELECT endpoint_id, (created_at AT TIME ZONE 'UTC')::date AS day,
        COALESCE(sum(times) FILTER (WHERE status = 'delivered'), 0) AS more_delivered,
        COALESCE(sum(times) FILTER (WHERE status = 'failed'), 0) AS more_failed,
        max(delivered_at) FILTER (WHERE times > 0)
    FROM (
        SELECT endpoint_id, created_at, status, delivered_at, 1 AS times FROM written
        UNION ALL SELECT endpoint_id, created_at, status, delivered_at, -1 FROM former
    ) AS change
    WHERE endpoint_id IS NOT NULL AND status <> 'pending'
    GROUP BY endpoint_id, day
    HAVING COALESCE(sum(times) FILTER (WHERE status = 'delivered'), 0) <> 0
        OR COALESCE(sum(times) FILTER (WHERE status = 'failed'), 0) <> 0
    ORDER BY endpoint_id, day
    ON CONFLICT (endpoint_id, day) DO UPDATE SET
        delivered = sums.delivered + EXCLUDED.delivered,
        failed = sums.failed + EXCLUDED.failed,
        last_delivered_at = GREATEST(sums.last_delivered_at, EXCLUDED.last_delivered_at);
    RETURN NULL;
END
$$;
CREATE TRIGGER delivery_added_to_days AFTER INSERT ON webhooks_delivery
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION webhooks_keep_days();
CREATE TRIGGER delivery_moved_in_days AFTER UPDATE ON webhooks_delivery
    REFERENCING OLD TABLE AS former NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION webhooks_keep_days();
INSERT INTO webhooks_endpointday (endpoint_id, day, delivered, failed, last_delivered_at)
SELECT endpoint_id, (created_at AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE status = 'delivered'),
    count(*) FILTER (WHERE status = 'failed'), max(delivered_at)
FROM webhooks_delivery WHERE endpoint_id IS NOT NULL AND status <> 'pending' GROUP BY endpoint_id, day;
"""
REMOVE = """
DROP TRIGGER delivery_added_to_days ON webhooks_delivery;
DROP TRIGGER delivery_moved_in_days ON webhooks_delivery;
DROP FUNCTION webhooks_keep_days();
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0008_replay_over")]

    operations = [
        migrations.CreateModel(
            name="EndpointDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("delivered", models.IntegerField()),
                ("failed", models.IntegerField()),
                ("last_delivered_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False, on_delete=CASCADE, related_name="days", to="webhooks.webhookendpoint"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("endpoint", "day"), name="endpointday_once")],
            },
        ),
        migrations.RunSQL(ADD, REMOVE),
    ]
