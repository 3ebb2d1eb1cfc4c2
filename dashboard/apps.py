from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The merchant's pages; its only table holds what people arrange there for themselves."""

    name = "dashboard"

    def ready(self) -> None:
        """Say where secrets of second steps are."""
        from allauth.mfa.models import Authenticator

        from core.rekeying import Place, also_rekey, columns
        from dashboard.accounts.adapter import renewed_data

        also_rekey(Place("second steps", Authenticator.objects.all, columns("data", renew=renewed_data)))
