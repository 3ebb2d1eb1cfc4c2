from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created

from core.catalogues import compile_outdated
from core.timelimits import bound_new_session
from core.tracing import watch_statements


class CoreConfig(AppConfig):
    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the translations ready before anything is said, and bound what PostgreSQL does for us."""
        connection_created.connect(bound_new_session, dispatch_uid="core.timelimits")
        connection_created.connect(watch_statements, dispatch_uid="core.tracing")
        compile_outdated(settings.LOCALE_PATHS)
