"""
What became of each endpoint's deliveries, day by day, kept by triggers, so that it is right whoever writes deliveries.

On a live system deliveries cannot be written for an instant, while the triggers are made. In that instant a second
connection takes its view of the table: every delivery in it was written without the triggers, and every later one with
them. So it may sum at its leisure, and what it finds is added to what the triggers have counted meanwhile. One that
was broken off begins anew.
"""

from django.db import migrations, transaction

LOCK_SECONDS = 2  # nobody waits longer behind it; `manage.py migrate` tries again
ROWS = 1_000  # days written at once: the triggers write the same ones

# A row that was counted is taken out as it was and put in as it is: what did not change adds up to nothing.
KEEP = """
LOCK TABLE webhooks_delivery IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM webhooks_endpointday;
CREATE OR REPLACE FUNCTION webhooks_keep_days() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP TRIGGER IF EXISTS delivery_added_to_days ON webhooks_delivery;
CREATE TRIGGER delivery_added_to_days AFTER INSERT ON webhooks_delivery
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION webhooks_keep_days();
DROP TRIGGER IF EXISTS delivery_moved_in_days ON webhooks_delivery;
CREATE TRIGGER delivery_moved_in_days AFTER UPDATE ON webhooks_delivery
    REFERENCING OLD TABLE AS former NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION webhooks_keep_days();
"""
SUMS = """
SELECT endpoint_id, (created_at AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE status = 'delivered'),
    count(*) FILTER (WHERE status = 'failed'), max(delivered_at)
FROM webhooks_delivery WHERE endpoint_id IS NOT NULL AND status <> 'pending'
GROUP BY endpoint_id, day ORDER BY endpoint_id, day
"""
ADD = """
INSERT INTO webhooks_endpointday AS sums (endpoint_id, day, delivered, failed, last_delivered_at)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (endpoint_id, day) DO UPDATE SET
    delivered = sums.delivered + EXCLUDED.delivered,
    failed = sums.failed + EXCLUDED.failed,
    last_delivered_at = GREATEST(sums.last_delivered_at, EXCLUDED.last_delivered_at)
"""
REMOVE = """
DROP TRIGGER delivery_added_to_days ON webhooks_delivery;
DROP TRIGGER delivery_moved_in_days ON webhooks_delivery;
DROP FUNCTION webhooks_keep_days();
"""


def keep_days(_apps, schema_editor):
    """Make the triggers, then count what was there before them."""
    beside = schema_editor.connection.copy()
    try:
        with beside.cursor() as view:
            watch(schema_editor.connection, view)
            add_former(schema_editor.connection, view)
    finally:
        beside.close()


def watch(connection, view):
    """Make the triggers, and let ``view``, a cursor of another connection, see what there was before them."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_SECONDS}s"])
        cursor.execute(KEEP)
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        view.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        view.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")  # takes no parameters


def add_former(connection, view):
    """Add up what ``view`` sees to what the triggers have counted since."""
    view.execute(SUMS)
    while days := view.fetchmany(ROWS):
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.executemany(ADD, days)


def forget_days(_apps, schema_editor):
    """Take the triggers away."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(REMOVE)


class Migration(migrations.Migration):
    atomic = False  # what the triggers count meanwhile is to be seen by others

    dependencies = [("webhooks", "0009_endpoint_days")]

    operations = [migrations.RunPython(keep_days, forget_days)]
