"""Personal data can be taken out of events. On a live system: a new table, and a function replaced at once."""

from django.db import migrations, models

_GUARD = """
CREATE OR REPLACE FUNCTION events_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unnumbered events_event;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('events.pruning', true) IS DISTINCT FROM 'on' THEN
            RAISE EXCEPTION 'events are kept: event %% cannot be deleted', OLD.id USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    unnumbered := NEW;
    {redacting}unnumbered.position := OLD.position;
    IF OLD.position IS NOT NULL OR unnumbered IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'events never change: event %% cannot be updated', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
"""
_REDACTING = """IF current_setting('events.redacting', true) = 'on' THEN
        unnumbered.data := OLD.data;
        unnumbered.ip_address := OLD.ip_address;
        unnumbered.user_agent := OLD.user_agent;
        IF unnumbered IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    """


def _guard(redacting: str) -> str:
    return _GUARD.replace("%%", "%").replace("{redacting}", redacting)


class Migration(migrations.Migration):
    dependencies = [("events", "0006_feed")]

    operations = [
        migrations.CreateModel(
            name="Redaction",
            fields=[
                ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                ("sealed_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=64)),
            ],
        ),
        migrations.RunSQL(_guard(_REDACTING), _guard("")),
    ]
