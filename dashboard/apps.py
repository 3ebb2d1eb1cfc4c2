from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The merchant's pages; its only table holds what people arrange there for themselves."""

    name = "dashboard"
