from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class OperationsConfig(AppConfig):
    """The staff's pages: their site, its door, what each group may do, and the figures of the morning."""

    name = "operations"


class StaffAdminConfig(AdminConfig):
    """Django's admin with our site in place of its own: every app's ``admin.py`` registers there."""

    default = False
    default_site = "operations.site.StaffSite"
