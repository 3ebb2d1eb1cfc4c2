"""Staff's window on the log: everything can be found, nothing can be changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.staff import StaffAdmin
from events.models import Event, FailedDispatch
from events.outbox import retry_failed


@admin.register(Event)
class EventAdmin(StaffAdmin):
    list_display = ("created_at", "type", "actor", "merchant_id", "livemode", "object_id", "position")
    list_filter = ("type", "livemode")
    search_fields = ("=id", "=merchant_id", "=invoice_id", "=object_id", "=request_id")
    ordering = ("-sequence",)
    show_full_result_count = False


@admin.register(FailedDispatch)
class FailedDispatchAdmin(StaffAdmin):
    list_display = ("created_at", "subscriber", "event", "retries", "error")
    list_filter = ("subscriber",)
    list_select_related = ("event",)
    ordering = ("-created_at",)
    actions = ("retry_all",)

    @admin.action(description="Try all of them again now", permissions=["operate"])
    def retry_all(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ARG002
        """Hand every failed event again to its subscriber."""
        self.message_user(request, f"{retry_failed()} succeeded.")
