"""Staff's view of webhooks: read, and send again."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from core.staff import ReadOnly, StaffAdmin
from webhooks import services
from webhooks.models import Attempt, Delivery, InvoiceHook, WebhookEndpoint


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(StaffAdmin):
    list_display = ("url", "merchant", "livemode", "enabled", "disabled_reason", "failing_since", "created_at")
    list_filter = ("livemode", "disabled_reason")
    list_select_related = ("merchant",)
    search_fields = ("=id", "url", "merchant__business_name", "merchant__contact_email")
    ordering = ("-created_at",)
    # Not even staff reads secrets, encrypted or not.
    exclude = ("secret_encrypted", "previous_secret_encrypted")

    @admin.display(boolean=True)
    def enabled(self, endpoint: WebhookEndpoint) -> bool:
        """Whether events are sent to it."""
        return endpoint.enabled


class AttemptInline(ReadOnly, admin.TabularInline):
    model = Attempt
    fields = ("number", "started_at", "elapsed_ms", "response_code", "response", "error")
    readonly_fields = fields
    ordering = ("number",)
    extra = 0


@admin.register(Delivery)
class DeliveryAdmin(StaffAdmin):
    list_display = ("created_at", "event_type", "url", "status", "attempts", "response_code", "next_attempt_at")
    list_filter = ("status", "event_type", "livemode")
    search_fields = ("=id", "=invoice_id", "url", "=merchant__id")
    ordering = ("-created_at",)
    inlines = (AttemptInline,)
    actions = ("send_again",)
    show_full_result_count = False

    @admin.action(description="Send again", permissions=["operate"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Make the chosen deliveries due now."""
        self.apply(
            request,
            queryset.select_related("merchant", "endpoint"),
            lambda delivery: services.resend(delivery=delivery, now=timezone.now()),
        )


@admin.register(InvoiceHook)
class InvoiceHookAdmin(StaffAdmin):
    list_display = ("url", "merchant", "livemode", "invoice_id", "created_at")
    list_select_related = ("merchant",)
    search_fields = ("=id", "=invoice_id", "url")
    ordering = ("-created_at",)
