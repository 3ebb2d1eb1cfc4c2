"""Staff's view of webhooks: read, send again, give up."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.staff import ReadOnly, StaffAdmin
from events.acts import Act, ActingAdmin
from webhooks import services
from webhooks.models import Attempt, Delivery, InvoiceHook, WebhookEndpoint
from webhooks.states import DeliveryStatus

SEND_AGAIN = Act(
    "resend",
    label=_("Send again"),
    meaning=_("The same message with the same id is sent again at once, with a full set of retries."),
    change=lambda delivery, order: services.resend(delivery=delivery, now=order.now),
)
GIVE_UP = Act(
    "give_up",
    label=_("Give up"),
    meaning=_("Nothing more is sent until somebody sends it again. The merchant is not told of this event."),
    change=lambda delivery, order: services.give_up(delivery_id=delivery.pk, now=order.now),
    is_possible=lambda delivery: delivery.status == DeliveryStatus.PENDING,
    is_grave=True,
)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(StaffAdmin):
    list_display = ("url", "merchant", "livemode", "enabled", "disabled_reason", "failing_since", "created_at")
    list_filter = ("livemode", "disabled_reason")
    list_select_related = ("merchant",)
    search_fields = ("=id", "url", "merchant__business_name", "merchant__contact_email")
    ordering = ("-id",)
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
class DeliveryAdmin(ActingAdmin):
    list_display = ("created_at", "event_type", "url", "status", "attempts", "response_code", "next_attempt_at")
    list_filter = ("status", "event_type", "livemode")
    list_select_related = ("merchant", "endpoint")
    search_fields = ("=id", "=invoice_id", "url", "=merchant__id")
    ordering = ("-id",)
    inlines = (AttemptInline,)
    acts = (SEND_AGAIN, GIVE_UP)
    show_full_result_count = False


@admin.register(InvoiceHook)
class InvoiceHookAdmin(StaffAdmin):
    list_display = ("url", "merchant", "livemode", "invoice_id", "created_at")
    list_select_related = ("merchant",)
    search_fields = ("=id", "=invoice_id", "url")
    ordering = ("-id",)
