"""Staff's window on the sandbox chain. Blocks and transfers are made by its services alone."""

from django.contrib import admin

from chains.sandbox.models import SandboxBlock, SandboxTransfer
from core.staff import StaffAdmin


@admin.register(SandboxBlock)
class SandboxBlockAdmin(StaffAdmin):
    list_display = ("height", "hash", "timestamp", "is_canonical")
    list_filter = ("is_canonical",)
    search_fields = ("=height", "=hash", "=parent_hash")
    ordering = ("-height", "-id")
    show_full_result_count = False


@admin.register(SandboxTransfer)
class SandboxTransferAdmin(StaffAdmin):
    list_display = ("created_at", "txid", "address", "asset", "units", "block", "is_dropped")
    list_filter = ("asset", "is_dropped")
    search_fields = ("=txid", "=address", "=sender")
    list_select_related = ("block",)
    ordering = ("-id",)
    show_full_result_count = False
