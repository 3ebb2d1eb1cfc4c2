"""The log and its sequence. Rows can be added, numbered once, and nothing else."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import F, Func, Q, Value

import core.fields
import core.ids

CREATE_SEQUENCE = "CREATE SEQUENCE events_event_sequence AS bigint"
DROP_SEQUENCE = "DROP SEQUENCE events_event_sequence"

PROTECT = """
CREATE FUNCTION events_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unnumbered events_event;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('events.pruning', true) IS DISTINCT FROM 'on' THEN
            RAISE EXCEPTION 'events are kept: event % cannot be deleted', OLD.id USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    unnumbered := NEW;
    unnumbered.position := OLD.position;
    IF OLD.position IS NOT NULL OR unnumbered IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'events never change: event % cannot be updated', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_event_is_append_only();
"""
UNPROTECT = """
DROP TRIGGER event_append_only ON events_event;
DROP FUNCTION events_event_is_append_only();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.RunSQL(CREATE_SEQUENCE, DROP_SEQUENCE),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("type", models.CharField(max_length=64)),
                ("merchant_id", models.UUIDField(null=True)),
                ("livemode", models.BooleanField()),
                ("invoice_id", models.UUIDField(null=True)),
                ("object_id", models.CharField(blank=True, max_length=64)),
                ("data", core.fields.ExactJSONField()),
                ("actor", models.CharField(max_length=120)),
                ("ip_address", models.CharField(blank=True, max_length=45)),
                ("user_agent", models.CharField(blank=True, max_length=200)),
                ("request_id", models.CharField(blank=True, max_length=40)),
                ("trace_id", models.CharField(blank=True, max_length=40)),
                (
                    "sequence",
                    models.BigIntegerField(
                        db_default=Func(Value("events_event_sequence"), function="nextval"), editable=False
                    ),
                ),
                ("position", models.BigIntegerField(editable=False, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["sequence"], name="event_undispatched", condition=Q(position=None)),
                    models.Index(F("merchant_id"), F("livemode"), F("position"), name="event_by_merchant"),
                    models.Index(
                        F("invoice_id"), F("position"), name="event_by_invoice", condition=Q(invoice_id__isnull=False)
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=["position"], name="event_position_once")],
            },
        ),
        migrations.CreateModel(
            name="FailedDispatch",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("subscriber", models.CharField(max_length=100)),
                ("error", models.TextField()),
                ("retries", models.PositiveIntegerField(default=0)),
                ("event", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="events.event")),
            ],
            options={
                "verbose_name_plural": "failed dispatches",
                "constraints": [
                    models.UniqueConstraint(fields=["event", "subscriber"], name="faileddispatch_once")
                ]
            },
        ),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
