from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "invoices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have old rate sheets deleted with the rest of their kind; keep what the log says of open invoices."""
        from core.tasks import also_prune
        from events.retention import also_keep
        from invoices.rates.book import prune
        from invoices.selectors import open_invoices

        also_prune(prune)
        also_keep(open_invoices)
