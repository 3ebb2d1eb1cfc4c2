"""What was written before 0014 kept the same conditions in other words; that is looked at without a lock."""

from importlib import import_module

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

_NAMES = import_module("invoices.migrations.0014_short_conditions").NAMES


class Migration(migrations.Migration):
    dependencies = [("invoices", "0014_short_conditions")]

    operations = [ValidateConstraint("invoice", name) for name in _NAMES]
