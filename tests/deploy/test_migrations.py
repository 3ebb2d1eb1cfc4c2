"""
Migrations that run while the version before them still serves.

That version must find every column where it was, and be able to write rows without those it does not
know; and no table may be locked for as long as it takes to read it. So: add (null, or with a default of
the database), fill in a migration of its own, remove one version after nothing uses it. A migration that
must do otherwise says why it is safe, in ``SAFE_BECAUSE`` of its class.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.models import NOT_PROVIDED

ROOT = Path(__file__).resolve().parent.parent.parent
# The number of each app's last migration before anybody had a version to upgrade from.
FIRST_VERSION = {
    "analytics": 4,
    "core": 1,
    "dashboard": 1,
    "events": 7,
    "invoices": 11,
    "merchants": 14,
    "payments": 13,
    "sandbox": 1,
    "webhooks": 6,
}
_GONE = (migrations.RemoveField, migrations.DeleteModel)
_RENAMED = (migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable)
_REWRITTEN = (migrations.AlterField, migrations.AddConstraint, migrations.AlterUniqueTogether)


def dangers(migration: Migration) -> Iterator[str]:
    """Say what the version before could not stand, or what would hold others up."""
    new = {operation.name_lower for operation in migration.operations if isinstance(operation, migrations.CreateModel)}
    for operation in _flat(migration.operations):
        table = getattr(operation, "model_name_lower", None) or getattr(operation, "name_lower", "")
        if table not in new and (danger := _danger_of(operation)):
            yield f"{operation.describe()}: {danger}"


def _flat(operations) -> Iterator:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from operation.database_operations
        else:
            yield operation


def _danger_of(operation) -> str:
    if isinstance(operation, _GONE):
        return "the version before still reads it; remove it one version later, and say so"
    if isinstance(operation, _RENAMED):
        return "the version before knows the old name only"
    if isinstance(operation, migrations.AddField) and not _may_be_left_out(operation.field):
        return "the version before writes rows without it; let it be null, or give it db_default"
    if isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        return "locks the table against writes while it is built; AddIndexConcurrently does not"
    if isinstance(operation, _REWRITTEN) and not isinstance(operation, AddConstraintNotValid):
        return "reads or writes the whole table under a lock; AddConstraintNotValid and ValidateConstraint do not"
    return ""


def _may_be_left_out(field: models.Field) -> bool:
    return field.null or field.many_to_many or field.db_default is not NOT_PROVIDED


def ours() -> dict[tuple[str, str], Migration]:
    """Return our own migrations by app and name."""
    found = MigrationLoader(None).disk_migrations
    labels = {config.label for config in apps.get_app_configs() if Path(config.path).parent in (ROOT, ROOT / "chains")}
    return {key: migration for key, migration in found.items() if key[0] in labels}


def test_every_migration_since_the_first_version_can_run_while_the_one_before_serves():
    migrations_of_ours = ours()

    assert {app for app, _ in migrations_of_ours} == set(FIRST_VERSION)
    assert [
        f"{app}.{name}: {danger}"
        for (app, name), migration in sorted(migrations_of_ours.items())
        if int(name[:4]) > FIRST_VERSION[app] and not getattr(migration, "SAFE_BECAUSE", "")
        for danger in dangers(migration)
    ] == []


def migration_with(*operations) -> Migration:
    migration = Migration("0002_next", "shop")
    migration.operations = list(operations)
    return migration


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (migrations.RemoveField("order", "total"), "one version later"),
        (migrations.RenameField("order", "total", "sum"), "old name"),
        (migrations.AddField("order", "colour", models.CharField(max_length=8, default="red")), "db_default"),
        (migrations.AddIndex("order", models.Index(fields=["total"], name="by_total")), "AddIndexConcurrently"),
        (migrations.AlterField("order", "total", models.BigIntegerField()), "whole table"),
        (
            migrations.AddConstraint(
                "order", models.CheckConstraint(condition=models.Q(total__gt=0), name="order_total_positive")
            ),
            "AddConstraintNotValid",
        ),
    ],
)
def test_what_is_dangerous_is_found(operation, word):
    assert [word in danger for danger in dangers(migration_with(operation))] == [True]


def test_what_is_safe_is_let_through():
    safe = migration_with(
        migrations.AddField("order", "colour", models.CharField(max_length=8, null=True)),
        migrations.AddField("order", "weight", models.IntegerField(db_default=0)),
        AddIndexConcurrently("order", models.Index(fields=["total"], name="by_total")),
        AddConstraintNotValid(
            "order", models.CheckConstraint(condition=models.Q(total__gt=0), name="order_total_positive")
        ),
        migrations.CreateModel("Parcel", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddIndex("parcel", models.Index(fields=["id"], name="by_id")),
    )

    assert list(dangers(safe)) == []
