"""
Forget a customer who asks for it: everything that says who they are, and nothing that the books rest on.

What was sold, for how much, when, and in which transactions it was paid stays, under a name that says nothing.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from core import exact_json
from core.models import IdempotencyKey
from events.models import Event
from events.redacting import redact
from invoices import selectors
from invoices.models import Credit, Customer, Invoice, Note
from invoices.models.selling import ERASED_DOMAIN
from merchants import request_log
from merchants.audit import log_change
from merchants.models import Merchant

ERASED: Final = "customer.erased"
GONE: Final = "[erased]"

_ID: Final = re.compile("[a-z]{2,5}_[0-9a-z]{26}")
_KEPT: Final = ("order_id",)  # of an invoice's metadata: what the merchant's own books know the sale by
_THEIRS: Final = frozenset({"customer", "anonymous"})  # actors whose address and browser are the customer's


@dataclass(frozen=True, slots=True)
class _Who:
    """What somebody is known by, case-folded: an address wherever it stands, a name where nothing else does."""

    email: str
    name: str

    def is_in(self, text: str) -> bool:
        folded = text.casefold()
        return self.email in folded or (bool(self.name) and folded.strip() == self.name)


@dataclass(frozen=True, slots=True)
class Erasure:
    """Who was forgotten, in how many invoices and entries of the log."""

    customer: Customer
    invoices: int
    entries: int


@transaction.atomic
def erase_customer(*, merchant: Merchant, livemode: bool, public_id: str, now: datetime) -> Erasure:
    """
    Take a customer's personal data out of everything that this installation keeps. It cannot be undone.

    Repeating it looks again. Deliveries of webhooks follow when the event is handed out.

    :raises CustomerNotFound: when the merchant has no such customer
    """
    found = selectors.get_customer(merchant=merchant, livemode=livemode, public_id=public_id)
    customer: Customer = found.locked()
    who = _Who(customer.email.casefold(), customer.name.casefold())
    customer.email = f"{customer.public_id.replace('_', '-')}@{ERASED_DOMAIN}"
    customer.name, customer.metadata, customer.updated_at = "", {}, now
    customer.save(update_fields=["email", "name", "metadata", "updated_at"])
    invoices = list(Invoice.objects.filter(customer=customer).only("pk", "metadata"))
    _forget_in_invoices(invoices, customer)
    entries = redact(
        _entries(customer, [invoice.pk for invoice in invoices]).iterator(chunk_size=500),
        scrub=lambda event: _scrubbed(event, who),
    )
    request_log.forget(merchant=merchant, word=who.email)
    _forget_in_answers(merchant, {customer.public_id, *(invoice.public_id for invoice in invoices)}, who)
    named = sorted(invoice.public_id for invoice in invoices)
    log_change(ERASED, merchant=merchant, about=customer, livemode=livemode, invoices=named, entries=entries)
    return Erasure(customer, len(invoices), entries)


def _forget_in_invoices(invoices: list[Invoice], customer: Customer) -> None:
    for invoice in invoices:
        Invoice.objects.filter(pk=invoice.pk).update(metadata=_kept(invoice.metadata))
    keys = [invoice.pk for invoice in invoices]
    Credit.objects.filter(invoice__in=keys).update(customer=customer.public_id)
    Note.objects.filter(invoice__in=keys).delete()


def _forget_in_answers(merchant: Merchant, ids: set[str], who: _Who) -> None:
    """Rewrite the answers that are kept for repeated requests: those stay what they are, a second time does nothing."""
    kept = IdempotencyKey.objects.filter(scope__startswith=f"{merchant.pk}:", is_encrypted=False, body__isnull=False)
    for answer in kept.iterator(chunk_size=500):
        body = str(answer.body)
        if ids.isdisjoint(_ID.findall(body)) and not who.is_in(body):
            continue
        with suppress(ValueError):  # no JSON, and so nothing of a customer
            IdempotencyKey.objects.filter(pk=answer.pk).update(
                body=exact_json.dumps(_without(exact_json.loads(body), who))
            )


def _entries(customer: Customer, invoices: list[UUID]) -> Any:
    of_customer = Q(object_id=customer.public_id, invoice_id=None)
    about = Q(invoice_id__in=invoices) | of_customer
    return Event.objects.filter(about, merchant_id=customer.merchant_id).order_by("sequence")


def _scrubbed(event: Event, who: _Who) -> dict[str, Any]:
    """Return what is to change of an event, nothing when it says nothing of the customer."""
    wanted: dict[str, Any] = {"data": _without(event.data, who)}
    if event.actor in _THEIRS:
        wanted |= {"ip_address": "", "user_agent": ""}
    return {name: value for name, value in wanted.items() if value != getattr(event, name)}


def _kept(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: metadata[name] for name in _KEPT if isinstance(metadata.get(name), str | int)}


def _without(value: Any, who: _Who) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _kept(inner) if name == "metadata" and isinstance(inner, Mapping) else _without(inner, who)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_without(inner, who) for inner in value]
    return GONE if isinstance(value, str) and who.is_in(value) else value
