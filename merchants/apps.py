from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    name = "merchants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the log; have what is kept for a limited time deleted with the rest of its kind."""
        from core.tasks import also_prune
        from merchants import services, subscribers
        from merchants.request_log import prune

        also_prune(prune)
        also_prune(services.prune_mails)
        subscribers.register()
