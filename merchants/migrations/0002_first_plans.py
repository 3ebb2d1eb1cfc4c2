"""The plans every installation starts with; the staff may change them."""

from django.db import migrations

PLANS = [
    # code, name, API keys, webhook endpoints, invoices a month, chosen by merchants themselves
    ("free", "Free", 4, 2, 100, True),
    ("starter", "Starter", 6, 3, 1_000, True),
    ("pro", "Pro", 10, 5, 10_000, True),
    ("enterprise", "Enterprise", 100, 50, 1_000_000, False),
]


def add_plans(apps, schema_editor):
    plans = apps.get_model("merchants", "Plan").objects.using(schema_editor.connection.alias)
    for code, name, keys, endpoints, invoices, is_self_service in PLANS:
        plans.get_or_create(
            code=code,
            defaults={
                "name": name,
                "max_api_keys": keys,
                "max_webhook_endpoints": endpoints,
                "monthly_invoice_limit": invoices,
                "is_self_service": is_self_service,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("merchants", "0001_initial")]

    operations = [migrations.RunPython(add_plans, migrations.RunPython.noop)]
