"""Transfers matched to invoices, how far each chain has been read, and refunds."""

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from chains import registry
from chains.base import Asset
from core.fields import UnitsField, ValueField
from core.models import Record
from payments.states import UNSETTLED, PaymentStatus, RefundStatus, Review


class Cursor(models.Model):
    """How far one network has been read. Moves in the transaction that records what was read."""

    network = models.CharField(max_length=32, primary_key=True)
    height = models.BigIntegerField()
    hash = models.CharField(max_length=128)
    tip_height = models.BigIntegerField()
    finalized_height = models.BigIntegerField(null=True)
    scanned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.network} at {self.height}"


class ScannedBlock(models.Model):
    """The hash of a block up to which the chain was read: a later difference shows a reorg."""

    network = models.CharField(max_length=32)
    height = models.BigIntegerField()
    hash = models.CharField(max_length=128)

    class Meta:
        constraints = [UniqueConstraint(name="scannedblock_once", fields=["network", "height"])]

    def __str__(self) -> str:
        return f"{self.network} {self.height}"


class Payment(Record):
    """
    A transfer to an address of one of our invoices. Credited once, whatever crashes or repeats.

    ``units`` are base units of ``asset_code``; ``value`` is what they count for in the invoice's
    currency, ``credited_units`` the same in the invoice's own asset (both 0 while it does not count).
    """

    PREFIX = "pay"

    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, related_name="payments")
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
                name="payment_confirmed_in_block", condition=~Q(status="confirmed") | Q(block_height__isnull=False)
            ),
        ]
        indexes = [
            Index(F("network"), F("block_height"), name="payment_by_height"),
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


class Refund(Record):
    """
    Money to go back to the payer, in base units of ``asset_code``.

    The gateway holds no keys: the merchant sends it from their own wallet and names the transaction.
    """

    PREFIX = "ref"

    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="refunds")
    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    units = UnitsField()
    address = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    kind = models.CharField(
        max_length=12,
        choices=[(kind, kind) for kind in ("requested", "cancellation", "surplus", "deposit")],
        default="requested",
    )
    status = models.CharField(max_length=10, choices=RefundStatus.choices, default=RefundStatus.REQUESTED)
    txid = models.CharField(max_length=128, blank=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="refund_positive", condition=Q(units__gt=0)),
            CheckConstraint(name="refund_status_known", condition=Q(status__in=RefundStatus.values)),
            CheckConstraint(name="refund_completed_has_transaction", condition=~Q(status="completed") | ~Q(txid="")),
        ]
        indexes = [Index(F("invoice"), F("created_at").desc(), name="refund_by_invoice")]

    @property
    def asset(self) -> Asset | None:
        """What is to be returned; None when it is no longer configured."""
        return registry.asset(self.network, self.asset_code)
