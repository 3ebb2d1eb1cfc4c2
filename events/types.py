"""The event types that merchants may read and subscribe to. Every other type is internal: audit only."""

from typing import Final

WEBHOOK_TEST: Final = "webhook.test"

DELIVERABLE: Final = frozenset(
    {
        "invoice.created",
        "invoice.pending",
        "invoice.partially_paid",
        "invoice.confirming",
        "invoice.paid",
        "invoice.overpaid",
        "invoice.expired",
        "invoice.cancelled",
        "invoice.refunded",
        "invoice.reversed",
        "invoice.option_chosen",
        "payment.detected",
        "payment.confirming",
        "payment.confirmed",
        "payment.reversed",
        "payment.failed",
        "refund.created",
        "refund.completed",
        "settlement.created",
        WEBHOOK_TEST,
    }
)
EVERYTHING: Final = "*"  # subscribes to every deliverable type, also to those of later versions
