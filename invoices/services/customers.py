"""The merchant's customers: made by hand, or when an invoice or a payment link names an e-mail address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from invoices import selectors
from invoices.errors import CustomerExists
from invoices.models import Customer
from merchants.audit import log_change
from merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """Who somebody is; ``email`` in any case."""

    email: str
    name: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def create_customer(*, merchant: Merchant, livemode: bool, details: CustomerDetails, now: datetime) -> Customer:
    """
    Write down a customer.

    :raises CustomerExists: when the merchant has one with this address
    """
    customer, is_new = _find_or_create(merchant, livemode, details, now)
    if not is_new:
        raise CustomerExists(field="email")
    return customer


@transaction.atomic
def customer_for(*, merchant: Merchant, livemode: bool, details: CustomerDetails, now: datetime) -> Customer:
    """Return the customer with this address, new if need be. What was known of somebody before stays as it is."""
    return _find_or_create(merchant, livemode, details, now)[0]


@transaction.atomic
def update_customer(
    *, merchant: Merchant, livemode: bool, public_id: str, changes: Mapping[str, Any], now: datetime
) -> Customer:
    """
    Change ``name`` or ``metadata``; the address stays, because it is how the customer is known.

    :raises CustomerNotFound: when the merchant has no such customer
    """
    customer = selectors.get_customer(merchant=merchant, livemode=livemode, public_id=public_id).locked()
    for name, value in changes.items():
        setattr(customer, name, value)
    customer.updated_at = now
    customer.save(update_fields=[*changes, "updated_at"])
    log_change("customer.updated", merchant=merchant, about=customer, livemode=livemode, changed=sorted(changes))
    return customer


def _find_or_create(
    merchant: Merchant, livemode: bool, details: CustomerDetails, now: datetime
) -> tuple[Customer, bool]:
    customer, is_new = Customer.objects.get_or_create(
        merchant=merchant,
        livemode=livemode,
        email=details.email.strip().lower(),
        defaults={
            "name": details.name,
            "metadata": dict(details.metadata),
            "created_at": now,
            "updated_at": now,
        },
    )
    if is_new:
        log_change("customer.created", merchant=merchant, about=customer, livemode=livemode)
    return customer, is_new
