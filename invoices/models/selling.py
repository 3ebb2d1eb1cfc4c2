"""What invoices come from besides the API: links that anybody can open, and the customers they are for."""

from decimal import Decimal
from typing import Final

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from core.fields import ExactJSONField
from core.models import Record

ERASED_DOMAIN: Final = "erased.invalid"  # RFC 2606: nobody's, and never anybody's


class Customer(Record):
    """
    Somebody who pays a merchant, known by their e-mail address, which is stored in lower case.

    Invariant the database keeps: in one mode of a merchant an address belongs to one customer.
    """

    PREFIX = "cus"

    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT, related_name="customers")
    livemode = models.BooleanField()
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    metadata = ExactJSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(name="customer_once", fields=["merchant", "livemode", "email"])]
        indexes = [Index(F("merchant"), F("livemode"), F("created_at"), F("id"), name="customer_newest")]

    def __str__(self) -> str:
        return self.email

    @property
    def is_erased(self) -> bool:
        """Whether the personal data was erased as they asked for it."""
        return self.email.endswith(f"@{ERASED_DOMAIN}")


class PaymentLink(Record):
    """
    An offer that can be paid again and again: each who opens it and goes on gets an invoice of their own.

    ``amount`` is in ``currency``; without one the payer chooses, between ``min_amount`` and ``max_amount``
    where they are set. ``max_payments`` counts the invoices that are paid or can still be paid.

    Invariants the database keeps: a slug leads to one link; a link has either its amount or bounds for it.
    """

    PREFIX = "pl"

    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT, related_name="payment_links")
    livemode = models.BooleanField()
    slug = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    min_amount = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    max_amount = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    asset_code = models.CharField(max_length=16, blank=True)
    network = models.CharField(max_length=32, blank=True)
    return_url = models.CharField(max_length=2048, blank=True)
    cancel_url = models.CharField(max_length=2048, blank=True)
    asks_email = models.BooleanField(default=False)
    max_payments = models.PositiveIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    metadata = ExactJSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(name="paymentlink_amount_positive", condition=Q(amount=None) | Q(amount__gt=Decimal(0))),
            CheckConstraint(
                name="paymentlink_amount_or_bounds", condition=Q(amount=None) | Q(min_amount=None, max_amount=None)
            ),
            CheckConstraint(
                name="paymentlink_bounds_in_order",
                condition=Q(min_amount=None) | Q(max_amount=None) | Q(min_amount__lte=F("max_amount")),
            ),
            CheckConstraint(name="paymentlink_payments_some", condition=Q(max_payments=None) | Q(max_payments__gt=0)),
        ]
        indexes = [Index(F("merchant"), F("livemode"), F("created_at"), F("id"), name="paymentlink_newest")]

    def __str__(self) -> str:
        return self.title
