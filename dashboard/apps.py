from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The merchant's pages; its only table holds what people arrange there for themselves."""

    name = "dashboard"

    def ready(self) -> None:
        """Say where secrets of second steps are, and have sessions pruned that are over."""
        from allauth.mfa.models import Authenticator

        from core.rekeying import Place, also_rekey, columns
        from core.tasks import also_prune
        from dashboard.accounts.adapter import renewed_data
        from dashboard.accounts.sessions import prune

        also_rekey(Place("second steps", Authenticator.objects.all, columns("data", renew=renewed_data)))
        also_prune(prune)
