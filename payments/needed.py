"""Of which invoices the log is still needed here, however old it is: money is on its way, or somebody must decide."""

from collections.abc import Collection
from uuid import UUID

from payments.models import Payment, Payout, Refund
from payments.models.payouts import OVER, PayoutStatus
from payments.states import OPEN_REFUND, UNSETTLED, Review

_ENDED = (*OVER, PayoutStatus.CONFIRMED)


def unfinished_invoices(_events: Collection[UUID], invoices: Collection[UUID]) -> Collection[UUID]:
    """Return those of ``invoices`` with a payment, a refund or a payout that is not at its end."""
    asked = {"invoice__in": invoices}
    return set().union(
        Payment.objects.filter(**asked, status__in=UNSETTLED).values_list("invoice_id", flat=True),
        Payment.objects.filter(**asked, review=Review.OPEN).values_list("invoice_id", flat=True),
        Refund.objects.filter(**asked, status__in=OPEN_REFUND).values_list("invoice_id", flat=True),
        Payout.objects.filter(**asked).exclude(status__in=_ENDED).values_list("invoice_id", flat=True),
    )
