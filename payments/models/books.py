"""The books: a double-entry ledger that is only ever added to, and what each paid invoice was settled at."""

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.lookups import GreaterThan, LessThanOrEqual

from chains import registry
from chains.base import Asset
from core.fields import UnitsField
from core.models import Record


class Account(models.TextChoices):
    """
    Where money stands. What the merchant's wallets hold is positive; who it belongs to is negative.

    So the units of each booking, and of everything booked, add up to nothing.
    """

    CHAIN = "chain"  # what lies in the merchant's wallets
    CUSTOMERS = "customers"  # confirmed money for invoices that are not paid yet
    MERCHANT = "merchant"  # the merchant's own: net of settlements, and deposits they left alone
    FEES = "fees"  # the platform's share of settlements
    NETWORK_FEES = "network_fees"  # what moving funds on has cost
    REFUNDS = "refunds"  # promised back to payers and not yet sent
    CREDITS = "credits"  # surplus kept for a customer
    UNMATCHED = "unmatched"  # confirmed money that counts towards nothing


class Fact(models.TextChoices):
    """What kind of row a booking follows from."""

    PAYMENT = "payment"
    SETTLEMENT = "settlement"
    CREDIT = "credit"
    REFUND = "refund"
    PAYOUT = "payout"


class BookingKind(models.TextChoices):
    """What happened, in one word of accounting."""

    PAYMENT_CONFIRMED = "payment_confirmed"
    PAYMENT_REVERSED = "payment_reversed"
    DEPOSIT_RESOLVED = "deposit_resolved"
    INVOICE_SETTLED = "invoice_settled"
    SETTLEMENT_REVERSED = "settlement_reversed"
    CREDIT_GIVEN = "credit_given"
    CREDIT_VOIDED = "credit_voided"
    REFUND_PROMISED = "refund_promised"
    REFUND_COMPLETED = "refund_completed"
    REFUND_REVERSED = "refund_reversed"
    REFUND_CANCELLED = "refund_cancelled"
    CORRECTED = "corrected"  # the fact itself changed, such as who a promised refund is taken from
    PAYOUT = "payout"


class Booking(Record):
    """
    One entry of the journal: what one fact changed, in one asset. Never altered, never deleted.

    ``source_id`` is the row it follows from; ``number`` counts the bookings of that row from 1, so
    that two workers who see the same difference cannot both book it.

    Invariants the database keeps, whoever writes (triggers of migration ``books``):

    * the postings of a booking add up to nothing, and there are at least two;
    * bookings and postings are neither updated nor deleted nor truncated.
    """

    PREFIX = "bkg"

    kind = models.CharField(max_length=20, choices=BookingKind.choices)
    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()
    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, null=True, related_name="bookings")
    fact = models.CharField(max_length=10, choices=Fact.choices)
    source_id = models.UUIDField()
    number = models.PositiveIntegerField()
    txid = models.CharField(max_length=128, blank=True)
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="booking_once", fields=["source_id", "number"]),
            CheckConstraint(name="booking_kind_known", condition=Q(kind__in=BookingKind.values)),
            CheckConstraint(name="booking_fact_known", condition=Q(fact__in=Fact.values)),
            CheckConstraint(name="booking_numbered_from_one", condition=Q(number__gt=0)),
        ]
        indexes = [
            Index(F("merchant"), F("livemode"), F("network"), F("asset_code"), name="booking_by_asset"),
            Index(name="booking_by_transaction", fields=["txid"], condition=~Q(txid="")),
        ]

    @property
    def asset(self) -> Asset | None:
        """What is booked; None when it is no longer configured."""
        return registry.asset(self.network, self.asset_code)


class Posting(models.Model):
    """One line of a booking: ``units`` base units of its asset, positive or negative, on one account."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="postings")
    account = models.CharField(max_length=12, choices=Account.choices)
    units = UnitsField()

    class Meta:
        constraints = [
            UniqueConstraint(name="posting_once", fields=["booking", "account"]),
            CheckConstraint(name="posting_account_known", condition=Q(account__in=Account.values)),
            CheckConstraint(name="posting_moves_something", condition=~Q(units=0)),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.units:+d}"


class SettlementStatus(models.TextChoices):
    """Whether a settlement holds."""

    SETTLED = "settled"
    REVERSED = "reversed"


class Settlement(Record):
    """
    What a paid invoice brought in one asset: gross, the platform's fee, and net; base units of the asset.

    Gross is the confirmed money that counts, less a surplus credited or returned to the customer. The
    fee is rounded down, so it is never more than ``fee_percent`` of gross. When the money changes or
    a reorg takes it back, the settlement is reversed and, once the invoice is paid, replaced.
    """

    PREFIX = "set"

    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, related_name="settlements")
    livemode = models.BooleanField()
    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    gross_units = UnitsField()
    fee_units = UnitsField()
    net_units = UnitsField()
    fee_percent = models.DecimalField(max_digits=4, decimal_places=2)
    status = models.CharField(max_length=8, choices=SettlementStatus.choices, default=SettlementStatus.SETTLED)
    reversed_at = models.DateTimeField(null=True)
    reversal_reason = models.CharField(
        max_length=10, blank=True, choices=[(reason, reason) for reason in ("reorg", "changed")]
    )
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")

    class Meta:
        constraints = [
            UniqueConstraint(
                name="settlement_once", fields=["invoice", "network", "asset_code"], condition=Q(status="settled")
            ),
            CheckConstraint(
                name="settlement_adds_up",
                condition=Q(gross_units__gt=0, fee_units__gte=0, gross_units=F("fee_units") + F("net_units")),
            ),
            CheckConstraint(
                name="settlement_fee_rounded_down",
                condition=Q(LessThanOrEqual(F("fee_units") * 100, F("gross_units") * F("fee_percent")))
                & Q(GreaterThan((F("fee_units") + 1) * 100, F("gross_units") * F("fee_percent"))),
            ),
            CheckConstraint(
                name="settlement_reversed_whole",
                condition=Q(status="settled", reversed_at=None, reversal_reason="")
                | (Q(status="reversed", reversed_at__isnull=False) & ~Q(reversal_reason="")),
            ),
        ]
        indexes = [
            Index(F("merchant"), F("livemode"), F("created_at"), F("id"), name="settlement_newest"),
            Index(F("invoice"), name="settlement_by_invoice"),
        ]

    @property
    def asset(self) -> Asset | None:
        """What it was paid in; None when it is no longer configured."""
        return registry.asset(self.network, self.asset_code)


def fee_of(gross_units: int, percent: Decimal) -> int:
    """Return the fee on ``gross_units`` base units at ``percent`` (two digits), rounded down to a whole base unit."""
    return gross_units * int(percent * 100) // 10_000
