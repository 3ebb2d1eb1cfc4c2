"""Staff's view of people. Who is staff, and in which group, is decided by a command on the machine: see groups.py."""

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest

from core.staff import StaffAdmin


@admin.register(User)
class PersonAdmin(StaffAdmin):
    """People as they sign in. No password is set here and no second step taken away: nobody becomes somebody else."""

    list_display = ("email", "is_active", "is_staff", "in_groups", "last_login", "date_joined")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "username")
    ordering = ("-date_joined",)
    fields = ("email", "is_active", "is_staff", "is_superuser", "in_groups", "last_login", "date_joined")
    readonly_fields = ("in_groups",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Load the groups with the people."""
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups")

    @admin.display(description="Groups")
    def in_groups(self, person: User) -> str:
        """The groups of this person."""
        return ", ".join(group.name for group in person.groups.all()) or "–"


@admin.register(Group)
class GroupAdmin(StaffAdmin):
    """Groups are kept by the code; what each may do is listed on its page."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "allowed")
    readonly_fields = ("name", "allowed")

    @admin.display(description="May")
    def allowed(self, group: Group) -> str:
        """What members of this group may see and do."""
        return "\n".join(sorted(group.permissions.values_list("name", flat=True)))
