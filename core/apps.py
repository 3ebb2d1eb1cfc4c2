from django.apps import AppConfig
from django.conf import settings

from core.catalogues import compile_outdated


class CoreConfig(AppConfig):
    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the translations ready before anything is said."""
        compile_outdated(settings.LOCALE_PATHS)
