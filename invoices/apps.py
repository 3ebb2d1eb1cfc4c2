from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "invoices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have old rate sheets deleted with the rest of what is kept for a limited time."""
        from core.tasks import also_prune
        from invoices.rates.book import prune

        also_prune(prune)
