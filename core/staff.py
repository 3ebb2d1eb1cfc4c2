"""What every page of the staff's admin stands on: rows are looked at, and changed only by services."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin import AllValuesFieldListFilter, ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_permission_codename
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db.models import CharField, IntegerField, QuerySet
from django.http import HttpRequest, HttpResponse

from core import context
from core.errors import CheckoutError
from core.models import Record
from core.pages import BoundedPaginator

_LOOKED_AT: Final = 10_000


class ReadOnly:
    """Nothing can be added, changed or deleted by hand; for pages and for tables within them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class CarefulAdmin(ModelAdmin):
    """Does not ask the database for what it could not hold: text with NUL, keys of another kind."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """
        Show the list.

        :raises SuspiciousOperation: for a filter with NUL, or a chosen row whose key no row could have
        """
        if any("\0" in value for _, values in request.GET.lists() for value in values):
            raise SuspiciousOperation("a filter with NUL")
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.clean(chosen, None)
        except ValidationError:
            raise SuspiciousOperation("a key that is none") from None
        named = {"title": str(self.opts.verbose_name_plural).capitalize(), **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, named)
        return answer

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, None when there is none of this id."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)


class RecentValuesFilter(AllValuesFieldListFilter):
    """The words of a column to choose from: those of the newest rows. To ask for all would read the whole table."""

    def __init__(self, field: Any, request: HttpRequest, params: Any, model: Any, *rest: Any, **named: Any) -> None:
        super().__init__(field, request, params, model, *rest, **named)
        newest = model.objects.order_by("-pk").values_list(field.name, flat=True)[:_LOOKED_AT]
        words = set(newest)
        if self.lookup_val:
            words.update(map(str, self.lookup_val))
        self.lookup_choices = sorted(words)  # type: ignore[assignment] # it is only gone through


class StaffAdmin(ReadOnly, CarefulAdmin):
    """
    A list and a page per row. Actions call services; they declare ``permissions=["operate"]``.

    Rows are found by their public id as well as by what ``search_fields`` names. However many there are, a list costs
    the same: it is read in the order of an index, not counted to the end, and its filters ask the newest rows only.
    """

    show_full_result_count = False
    paginator = BoundedPaginator

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Let the values of columns that hold anything be chosen from those of the newest rows."""
        return [self._bounded(each) for each in super().get_list_filter(request)]

    def _bounded(self, named: Any) -> Any:
        column = isinstance(named, str) and "__" not in named and self.opts.get_field(named)
        is_free = isinstance(column, CharField | IntegerField) and not column.choices
        return (named, RecentValuesFilter) if is_free else named

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
