"""What was sent about a customer who is forgotten: bodies are written again without them, answers go."""

from django.db import transaction

from core.ids import parse_public_id
from events.models import Event
from webhooks.models import Attempt, Delivery
from webhooks.services.owing import render_body

_INVOICE = "inv"  # the prefix of the ids that invoices have


@transaction.atomic
def forget(*, event: Event) -> int:
    """
    Bring the deliveries about the invoices that ``event`` names in line with the log; return how many. Safe to repeat.

    Receivers have had the old bodies; what is sent from now on, also again by hand, is what is left.
    """
    if event.merchant_id is None:
        return 0
    invoices = [parse_public_id(_INVOICE, public_id) for public_id in event.data["invoices"]]
    deliveries = Delivery.objects.filter(merchant_id=event.merchant_id, invoice_id__in=invoices)
    count = 0
    for delivery in deliveries.select_related("event", "endpoint", "hook").iterator(chunk_size=200):
        count += Delivery.objects.filter(pk=delivery.pk).update(body=_anew(delivery))
    Attempt.objects.filter(delivery__in=deliveries).update(response="")
    return count


def _anew(delivery: Delivery) -> str:
    receiver = delivery.endpoint or delivery.hook
    if receiver is None:
        raise LookupError("a delivery without a receiver")
    return render_body(delivery.event, receiver)
