"""What all else rests on: the tables as the code expects them, the guards in them, the clock, the keys of secrets."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.apps import apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import secrets
from core.ids import public_id
from merchants.models import Merchant
from operations.doctor.base import CHUNK, Check, Moment, Row, asks, stream
from webhooks.models import WebhookEndpoint

_OURS: Final = frozenset(
    {"core", "events", "sandbox", "merchants", "invoices", "payments", "webhooks", "analytics", "dashboard"}
)
_CLOCK_SECONDS: Final = 2.0

# What migrations put into the database beside tables, and no model knows of.
TRIGGERS: Final = (
    "booking_adds_up",
    "booking_not_emptied",
    "booking_stays",
    "delivery_added_to_days",
    "delivery_moved_in_days",
    "event_append_only",
    "invoice_destination_moved",
    "invoice_destination_once",
    "invoicedestination_kept_once",
    "invoicefact_kept_in_sums",
    "invoicefact_moved_in_sums",
    "payout_stays",
    "payouttransaction_stays",
    "posting_adds_up",
    "posting_not_emptied",
    "posting_stays",
    "seal_append_only",
)

_GUARDS: Final = """
SELECT conname AS name FROM pg_constraint WHERE convalidated AND connamespace = current_schema::regnamespace
UNION SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
WHERE x.indisvalid AND c.relnamespace = current_schema::regnamespace
"""
_FOREIGN_KEYS: Final = """
SELECT k.conrelid::regclass::text AS "table", a.attname AS "column"
FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'f' AND k.convalidated AND k.connamespace = current_schema::regnamespace
"""
_TRIGGERS: Final = """
SELECT wanted.name AS trigger FROM unnest(%(triggers)s::text[]) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE c.relnamespace = current_schema::regnamespace
                    AND t.tgname = wanted.name AND t.tgenabled = 'O')
UNION ALL SELECT c.relname || ': ' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema::regnamespace AND t.tgenabled <> 'O' AND t.tgname <> ALL(%(triggers)s::text[])
ORDER BY 1
"""


def _waiting_migrations(_moment: Moment) -> Iterator[Row]:
    loader = MigrationLoader(connection)
    for app, name in sorted(loader.graph.nodes.keys() - loader.applied_migrations.keys()):
        yield {"migration": f"{app}.{name}"}


def _missing_guards(_moment: Moment) -> Iterator[Row]:
    there = {row["name"] for row in stream(_GUARDS)}
    keys = {(row["table"], row["column"]) for row in stream(_FOREIGN_KEYS)}
    for model in _models():
        table = model._meta.db_table  # noqa: SLF001 - the documented way to a model's parts
        for guard in (*model._meta.constraints, *model._meta.indexes):  # noqa: SLF001
            if guard.name not in there:
                yield {"table": table, "guard": guard.name}
        for column in _referring(model):
            if (table, column) not in keys:
                yield {"table": table, "guard": column}


def _models() -> Iterable[type[models.Model]]:
    return (model for model in apps.get_models() if model._meta.app_label in _OURS and model._meta.managed)  # noqa: SLF001


def _referring(model: type[models.Model]) -> Iterator[str]:
    for each in model._meta.local_fields:  # noqa: SLF001
        if isinstance(each, models.ForeignKey) and getattr(each, "db_constraint", False):
            yield each.column


def _clock_apart(_moment: Moment) -> Iterator[Row]:
    before = timezone.now()
    there = next(iter(stream("SELECT clock_timestamp() AS moment")))["moment"]
    apart = max((there - timezone.now()).total_seconds(), (before - there).total_seconds())
    if apart > _CLOCK_SECONDS:
        yield {"seconds": f"{apart:.1f}"}


def _unreadable_secrets(_moment: Moment) -> Iterator[Row]:
    names = ("webhook_secret_live", "webhook_secret_test")
    for key, *stored in Merchant.objects.values_list("pk", *names).iterator(chunk_size=CHUNK):
        yield from ({"owner": public_id(Merchant.PREFIX, key)} for text in stored if not _is_readable(text))
    endpoints = WebhookEndpoint.objects.filter(deleted_at=None).values_list("pk", "secret_encrypted")
    for key, text in endpoints.iterator(chunk_size=CHUNK):
        if not _is_readable(text):
            yield {"owner": public_id(WebhookEndpoint.PREFIX, key)}


def _is_readable(stored: str) -> bool:
    try:
        secrets.decrypt(stored)
    except secrets.SecretUnreadable:
        return False
    return True


CHECKS: Final = (
    Check(
        "migrations",
        _("The tables are those that this version of the code expects."),
        _("The migration %(migration)s was not applied."),
        _("Run `manage.py migrate`, which is safe while the old version still runs."),
        _waiting_migrations,
    ),
    Check(
        "guards",
        _("The database refuses what can never be so: every constraint and index is there and in force."),
        _("%(table)s: %(guard)s is missing or was never validated."),
        _(
            "Look at what else is found first, then create it anew (`manage.py sqlmigrate` prints how) "
            "or validate it; a restore that was cut short leaves such holes."
        ),
        _missing_guards,
    ),
    Check(
        "triggers",
        _("What must not change cannot be changed: the triggers that keep the log and the books are in force."),
        _("The trigger %(trigger)s is missing or switched off."),
        _("Switch it on (`ALTER TABLE … ENABLE TRIGGER …`), and find out who switched it off and what they did."),
        asks(_TRIGGERS, triggers=list(TRIGGERS)),
    ),
    Check(
        "clock",
        _("This machine and PostgreSQL agree on what time it is."),
        _("They are %(seconds)s seconds apart."),
        _("Let all machines take their time from NTP. Deadlines, leases and signatures go by it."),
        _clock_apart,
    ),
    Check(
        "secrets",
        _("Every stored secret can be read with the keys of SECRET_ENCRYPTION_KEYS."),
        _("No key reads a secret of %(owner)s."),
        _("Put the key that is missing back behind the others; without it the owner has to rotate the secret."),
        _unreadable_secrets,
    ),
)
