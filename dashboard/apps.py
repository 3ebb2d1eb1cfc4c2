from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The merchant's pages; no tables of its own."""

    name = "dashboard"
