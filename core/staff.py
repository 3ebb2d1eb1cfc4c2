"""What every page of the staff's admin stands on: rows are looked at, and changed only by services."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth import get_permission_codename
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core import context
from core.errors import CheckoutError
from core.models import Record


class ReadOnly:
    """Nothing can be added, changed or deleted by hand; for pages and for tables within them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class CarefulAdmin(ModelAdmin):
    """Does not ask the database for what it could not hold: text with NUL."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """
        Show the list.

        :raises SuspiciousOperation: for a filter with NUL, which no column could hold
        """
        if any("\0" in value for _, values in request.GET.lists() for value in values):
            raise SuspiciousOperation("a filter with NUL")
        named = {"title": str(self.opts.verbose_name_plural).capitalize(), **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, named)
        return answer

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, None when there is none of this id."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)


class StaffAdmin(ReadOnly, CarefulAdmin):
    """
    A list and a page per row. Actions call services; they declare ``permissions=["operate"]``.

    Rows are found by their public id as well as by what ``search_fields`` names.
    """

    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Put first what says most: what the page tells in words, then the columns."""
        names: list[Any] = list(super().get_fields(request, obj))
        if self.fields:
            return names
        told = list(self.get_readonly_fields(request, obj))
        return [*told, *(name for name in names if name not in told)]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may act on the rows: whoever Django would let change them."""
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename('change', self.opts)}")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a row by its public id, or else as always."""
        key = self.model.key_from(search_term.strip()) if issubclass(self.model, Record) else None
        if key is not None:
            return queryset.filter(pk=key), False
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def apply(self, request: HttpRequest, rows: QuerySet[Any], change: Callable[[Any], object]) -> None:
        """Apply a service to each row in the name of whoever is signed in, and say what came of it."""
        with context.caller(actor=f"user:{request.user.pk}"):
            for row in rows:
                try:
                    change(row)
                except CheckoutError as refusal:
                    self.message_user(request, f"{row}: {refusal.detail}", messages.ERROR)
                else:
                    self.message_user(request, f"{row}: done.", messages.SUCCESS)
