"""What every staff view of ours starts from, and the one of idempotency keys."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from core.models import IdempotencyKey


class ReadOnly:
    """Rows are found and looked at; what changes them is a service, called by an action."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly, ModelAdmin):
    list_display = ("created_at", "scope", "key", "status_code", "locked_until")
    list_filter = ("status_code",)
    search_fields = ("scope", "=key")
    ordering = ("-id",)
    # The stored answer is the merchant's; staff sees that there is one.
    fields = ("scope", "key", "status_code", "is_encrypted", "created_at", "locked_until", "expires_at")
    show_full_result_count = False
