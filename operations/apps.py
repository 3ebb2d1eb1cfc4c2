from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class OperationsConfig(AppConfig):
    """The staff's pages: their site, its door, what each group may do, and the figures of the morning."""

    name = "operations"

    def ready(self) -> None:
        """Keep the groups of staff as the code has them, whenever tables were brought up to date."""
        from django.db.models.signals import post_migrate

        from operations.groups import keep_groups

        post_migrate.connect(keep_groups, sender=self, dispatch_uid="operations.groups")


class StaffAdminConfig(AdminConfig):
    """Django's admin with our site in place of its own: every app's ``admin.py`` registers there."""

    default = False
    default_site = "operations.site.StaffSite"
