"""What most tests need to begin with, made by the same services that everybody uses."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from invoices.models import Invoice
from invoices.services import InvoiceOrder, Item, create_invoice
from merchants.models import Merchant
from merchants.services import SignUp, sign_up


def make_merchant(now: datetime, *, email: str = "owner@example.com", **settings: Any) -> Merchant:
    """Return a merchant with the standard plan's limits and the given settings."""
    request = SignUp(business_name="Acme VPN Services", contact_email=email, plan_type="pro", settings=settings)
    return sign_up(request=request, now=now).merchant


def make_invoice(merchant: Merchant, now: datetime, *, livemode: bool = False, **order: Any) -> Invoice:
    """Return an invoice of 16.49 USD in USDT, as in the API's own example."""
    details = {
        "title": "VPN Service Order",
        "items": (
            Item(name="VPN Premium Plan", quantity=Decimal(1), unit_price=Decimal("9.99")),
            Item(name="Additional Static IP", quantity=Decimal(2), unit_price=Decimal("2.50")),
        ),
        "tax": Decimal("1.50"),
        "currency": "USD",
        "crypto_currency": "USDT",
        "metadata": {"customer_id": "cust_456", "order_id": "ord_789"},
        **order,
    }
    with transaction.atomic():  # a refusal undoes this much and leaves the test its transaction
        return create_invoice(merchant=merchant, livemode=livemode, order=InvoiceOrder(**details), now=now)
