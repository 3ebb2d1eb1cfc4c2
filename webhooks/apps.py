from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import secrets
        from core.rekeying import Place, also_rekey, columns
        from core.tasks import also_prune
        from events.retention import also_keep
        from webhooks import retention, subscribers
        from webhooks.models import WebhookEndpoint

        subscribers.register()
        also_prune(retention.prune)
        also_keep(retention.needed_events)
        of_endpoints = columns("secret_encrypted", "previous_secret_encrypted", renew=secrets.renewed)
        also_rekey(Place("secrets of webhook endpoints", WebhookEndpoint.objects.all, of_endpoints))
