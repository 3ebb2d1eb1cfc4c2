"""Transfers matched to invoices."""

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from chains import registry
from chains.base import Asset
from core.fields import UnitsField, ValueField
from core.models import Record
from payments.states import UNSETTLED, PaymentStatus, Review


class Payment(Record):
    """
    A transfer to one of our addresses. Credited once, whatever crashes or repeats.

    Without an ``invoice`` it matched none and waits in the inbox of the ``merchant`` whose address it is.

    ``units`` are base units of ``asset_code``; ``value`` is what they count for in the invoice's
    currency, ``credited_units`` the same in the invoice's own asset (both 0 while it does not count).
    """

    PREFIX = "pay"

    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT, db_index=False)
    livemode = models.BooleanField()
    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, null=True, related_name="payments")
    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    address = models.CharField(max_length=128)
    tag = models.CharField(max_length=64, blank=True)
    txid = models.CharField(max_length=128)
    ordinal = models.PositiveIntegerField()
    sender = models.CharField(max_length=128, blank=True)

    units = UnitsField()
    value = ValueField(default=0)
    credited_units = UnitsField(default=0)
    fee_units = UnitsField(null=True)

    status = models.CharField(max_length=10, choices=PaymentStatus.choices, editable=False)
    counts = models.BooleanField()
    review = models.CharField(max_length=10, choices=Review.choices, default=Review.NONE)
    review_reason = models.CharField(max_length=20, blank=True)
    is_late = models.BooleanField(default=False)

    block_height = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=128, blank=True)
    confirmations = models.PositiveIntegerField(default=0)
    required_confirmations = models.PositiveIntegerField()
    needs_finality = models.BooleanField(default=False)

    sent_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                name="payment_once", fields=["network", "txid", "asset_code", "address", "tag", "ordinal"]
            ),
            CheckConstraint(name="payment_positive", condition=Q(units__gt=0)),
            CheckConstraint(name="payment_status_known", condition=Q(status__in=PaymentStatus.values)),
            CheckConstraint(name="payment_review_known", condition=Q(review__in=Review.values)),
            CheckConstraint(
                name="payment_unmatched_counts_for_nothing", condition=Q(invoice__isnull=False) | Q(counts=False)
            ),
            CheckConstraint(
                name="payment_confirmed_in_block", condition=~Q(status="confirmed") | Q(block_height__isnull=False)
            ),
        ]
        indexes = [
            Index(F("network"), F("block_height"), name="payment_by_height"),
            Index(F("merchant"), F("livemode"), F("created_at"), F("id"), name="payment_newest"),
            Index(
                F("merchant"),
                F("livemode"),
                F("created_at"),
                F("id"),
                name="payment_inbox",
                condition=~Q(review=Review.NONE),
            ),
            Index(
                name="payment_unsettled",
                fields=["network"],
                condition=Q(status__in=sorted([*UNSETTLED, PaymentStatus.ORPHANED])),
            ),
            Index(name="payment_in_review", fields=["invoice"], condition=Q(review=Review.OPEN)),
        ]

    @property
    def asset(self) -> Asset | None:
        """What was sent; None when it is no longer configured."""
        return registry.asset(self.network, self.asset_code)

    def count_for_nothing(self) -> None:
        """Take out of what the invoice has received; the caller saves it and sums the invoice up anew."""
        self.counts, self.value, self.credited_units = False, Decimal(0), 0
