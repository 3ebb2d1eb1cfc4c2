"""What every staff view of ours starts from, and the one of idempotency keys."""

from django.contrib import admin

from core.models import IdempotencyKey
from core.staff import StaffAdmin


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(StaffAdmin):
    list_display = ("created_at", "scope", "key", "status_code", "locked_until")
    list_filter = ("status_code",)
    search_fields = ("scope", "=key")
    ordering = ("-id",)
    # The stored answer is the merchant's; staff sees that there is one.
    fields = ("scope", "key", "status_code", "is_encrypted", "created_at", "locked_until", "expires_at")
    show_full_result_count = False
