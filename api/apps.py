from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class ApiConfig(AppConfig):
    name = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from api import schema  # noqa: F401 - registers how our declarations become OpenAPI
        from api.cryptic.webhooks import CRYPTIC_WEBHOOKS
        from api.ratelimits import LIMITS
        from api.selfhosted.deliveries import SELFHOSTED_WEBHOOKS
        from webhooks import formats

        for wanted in (CRYPTIC_WEBHOOKS, SELFHOSTED_WEBHOOKS):
            formats.register(wanted)

        unknown = sorted(set(settings.API_RATE_LIMITS) - set(LIMITS))
        if unknown:
            raise ImproperlyConfigured(f"API_RATE_LIMITS names {unknown[0]}. There are: {', '.join(sorted(LIMITS))}.")
