"""The chain of hashes over the log. What is there already is sealed by the worker, from the first event on."""

import django.db.models.deletion
from django.db import migrations, models

PROTECT = """
CREATE FUNCTION events_seal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'seals never change: that of event % stays', OLD.event_id USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE ON events_seal
    FOR EACH ROW EXECUTE FUNCTION events_seal_is_append_only();
"""
UNPROTECT = """
DROP TRIGGER seal_append_only ON events_seal;
DROP FUNCTION events_seal_is_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0002_failed_tasks'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChainHead',
            fields=[
                ('chain', models.UUIDField(primary_key=True, serialize=False)),
                ('number', models.BigIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('signature', models.CharField(max_length=64)),
                ('sealed_at', models.DateTimeField()),
                ('checked_number', models.BigIntegerField(default=0)),
                ('checked_at', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('event', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='seal', serialize=False, to='events.event')),
                ('chain', models.UUIDField()),
                ('number', models.BigIntegerField()),
                ('position', models.BigIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('is_change', models.BooleanField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_change', True)), fields=['chain', 'number'], name='seal_changes')],
                'constraints': [models.UniqueConstraint(fields=('chain', 'number'), name='seal_number_once'), models.UniqueConstraint(fields=('position',), name='seal_position_once')],
            },
        ),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
