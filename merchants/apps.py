from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    name = "merchants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have old entries of the request log deleted with the rest of what is kept for a limited time."""
        from core.tasks import also_prune
        from merchants.request_log import prune

        also_prune(prune)
