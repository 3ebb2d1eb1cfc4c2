from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from events.retention import also_keep
        from payments import needed, subscribers

        subscribers.register()
        also_keep(needed.unfinished_invoices)
