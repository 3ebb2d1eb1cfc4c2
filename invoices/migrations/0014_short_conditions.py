"""The same conditions in fewer words, as they are read anew for each statement; see core.fields.condition."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models.expressions import RawSQL

_CONDITIONS = {
    "status_known": (
        "status = ANY ('{created,pending,partial,confirming,paid,expired,cancelled,refunded}'::text[])"
    ),
    "exception_known": "exception = ANY ('{none,underpaid,overpaid,late}'::text[])",
    "paid_at_when_paid": "(paid_at IS NOT NULL) = (status = ANY ('{paid,refunded}'::text[]))",
    "sandbox_is_test": "livemode <> (network = 'sandbox')",
    "tag_when_matched_by_it": "(matching = 'tag') = (tag <> '')",
    "matching_known": "matching = ANY ('{address,tag,amount}'::text[])",
}
NAMES = [f"invoice_{name}" for name in _CONDITIONS]


class Migration(migrations.Migration):
    dependencies = [("invoices", "0013_destination_plans")]

    operations = [
        *(migrations.RemoveConstraint("invoice", name) for name in NAMES),
        *(
            AddConstraintNotValid(
                "invoice",
                models.CheckConstraint(
                    condition=RawSQL(sql, (), output_field=models.BooleanField()), name=f"invoice_{name}"
                ),
            )
            for name, sql in _CONDITIONS.items()
        ),
    ]
