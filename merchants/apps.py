from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    name = "merchants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the log; have what is kept for a limited time deleted with the rest of its kind."""
        from core.tasks import also_prune
        from events.retention import also_keep
        from merchants import services, subscribers
        from merchants.request_log import prune

        also_prune(prune)
        also_prune(services.prune_mails)
        also_keep(services.owed_events)
        subscribers.register()
        self._name_secrets()

    def _name_secrets(self) -> None:
        from core import secrets
        from core.rekeying import Place, also_rekey, columns
        from merchants.models import Merchant, VaultSecret

        of_merchants = columns("webhook_secret_live", "webhook_secret_test", renew=secrets.renewed)
        of_vaults = columns("sealed_phrase", renew=secrets.resealed)
        also_rekey(Place("webhook secrets of merchants", Merchant.objects.all, of_merchants))
        also_rekey(Place("seeds of vaults", VaultSecret.objects.all, of_vaults))
