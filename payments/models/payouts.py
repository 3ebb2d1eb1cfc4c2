"""Money that the gateway itself sends from a vault."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from chains import registry
from chains.base import Asset
from core.fields import UnitsField
from core.ids import uuid7
from core.models import Record
from payments.models.books import Settlement
from payments.models.refund import Refund


class PayoutKind(models.TextChoices):
    """What it is sent for."""

    REFUND = "refund"
    FORWARD = "forward"  # to the merchant's own wallet
    FEE = "fee"  # to the platform
    GAS = "gas"  # coin to an address of the vault that is to send something and has none


class PayoutStatus(models.TextChoices):
    """
    Where a payout stands.

    ``signed``: its one transaction is stored, and may have been sent. ``quarantined``: sending it had an
    unclear end. ``confirmed``: it is in a block that is final. ``failed``: it never moved anything and
    never will, as the chain says for good.
    """

    PLANNED = "planned"  # waits for approval
    APPROVED = "approved"
    SIGNED = "signed"
    SENT = "sent"
    QUARANTINED = "quarantined"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Waiting(models.TextChoices):
    """What a payout waits for; the words for people are in ``waiting_for``."""

    STAFF = "staff"  # their approval
    HELD = "held"  # the money that its refund returns is not confirmed
    SUSPENDED = "suspended"  # the merchant is
    FUNDS = "funds"  # the address holds less than is to be sent
    COIN = "coin"  # the vault is sending the coin for the fee
    TOP_UP = "top_up"  # the merchant has to put coin on the gas address
    FEE_CAP = "fee_cap"  # the network asks more than is allowed
    WORTH = "worth"  # it would cost too great a share of what is sent
    TURN = "turn"  # another transaction of the address comes first
    NODE = "node"  # nodes do not answer, are behind, or say that it would fail
    PROBLEM = "problem"  # somebody has to look into it


UNSIGNED = (PayoutStatus.PLANNED, PayoutStatus.APPROVED)
UNDER_WAY = (PayoutStatus.SIGNED, PayoutStatus.SENT, PayoutStatus.QUARANTINED)
BINDING = (*UNDER_WAY, PayoutStatus.CONFIRMED)  # the money has gone, or may have
OVER = (PayoutStatus.FAILED, PayoutStatus.CANCELLED)


class Payout(Record):
    """
    One transaction that a vault makes, in base units of ``asset_code``; fees in those of the network's coin.

    Invariants the database keeps, whoever writes:

    * one payout that is not over for each refund;
    * each nonce of a sender is given out once, ever;
    * nonce, signed bytes and transaction id appear together, and from then on nothing that was signed changes
      (triggers of migrations ``payouts`` and ``replacements``): ``raw`` and ``txid`` are those of one of its
      ``transactions``, the one in a block or else the newest.
    """

    PREFIX = "pyt"

    kind = models.CharField(max_length=7, choices=PayoutKind.choices)
    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT, related_name="+")
    wallet = models.ForeignKey("merchants.Wallet", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, null=True, related_name="payouts")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="payouts")
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, null=True, related_name="payouts")
    pays_for = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="gas_payouts")
    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    units = UnitsField()
    sender = models.CharField(max_length=128)
    sender_path = models.CharField(max_length=24)  # below the vault's account: 0/index, or 1/0 for its gas
    recipient = models.CharField(max_length=128)

    status = models.CharField(max_length=11, choices=PayoutStatus.choices)
    value_usd = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    approvals_needed = models.PositiveSmallIntegerField(default=0)
    waiting_for = models.CharField(max_length=300, blank=True)
    waiting_reason = models.CharField(max_length=9, blank=True)
    error = models.CharField(max_length=300, blank=True)

    nonce = models.BigIntegerField(null=True)
    raw = models.TextField(blank=True, editable=False)
    txid = models.CharField(max_length=128, blank=True)
    fee_cap_units = UnitsField(default=0)  # the most that this transaction can cost
    attempts = models.PositiveIntegerField(default=0)  # times it was about to be broadcast
    block_height = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=128, blank=True)
    fee_units = UnitsField(null=True)
    fee_asset_code = models.CharField(max_length=16)  # the network's coin
    fee_source = models.UUIDField(default=uuid7, editable=False)  # names the fee in the books
    signed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="payout_positive", condition=Q(units__gt=0)),
            CheckConstraint(name="payout_kind_known", condition=Q(kind__in=PayoutKind.values)),
            CheckConstraint(name="payout_status_known", condition=Q(status__in=PayoutStatus.values)),
            CheckConstraint(
                name="payout_of_its_kind",
                condition=Q(kind="refund", refund__isnull=False, settlement=None, pays_for=None)
                | Q(kind__in=["forward", "fee"], refund=None, settlement__isnull=False, pays_for=None)
                | Q(kind="gas", refund=None, settlement=None, pays_for__isnull=False),
            ),
            CheckConstraint(
                name="payout_signed_whole",
                condition=Q(status__in=["planned", "approved", "cancelled"], nonce=None, raw="", txid="")
                | (
                    Q(status__in=["signed", "sent", "quarantined", "confirmed", "failed"], nonce__isnull=False)
                    & ~Q(raw="")
                    & ~Q(txid="")
                ),
            ),
            UniqueConstraint(
                name="payout_once_per_refund",
                fields=["refund"],
                condition=Q(refund__isnull=False) & ~Q(status__in=["failed", "cancelled"]),
            ),
            UniqueConstraint(
                name="payout_one_unsigned_per_settlement",
                fields=["invoice", "asset_code", "kind"],
                condition=Q(kind__in=["forward", "fee"], status__in=["planned", "approved"]),
            ),
            UniqueConstraint(
                name="payout_one_gas_at_a_time",
                fields=["pays_for"],
                condition=Q(kind="gas", status__in=["planned", "approved"]),
            ),
            UniqueConstraint(
                name="payout_nonce_once", fields=["network", "sender", "nonce"], condition=Q(nonce__isnull=False)
            ),
            UniqueConstraint(name="payout_transaction_once", fields=["network", "txid"], condition=~Q(txid="")),
        ]
        indexes = [
            Index(name="payout_by_fee", fields=["fee_source"], condition=Q(fee_units__gt=0)),
            Index(
                name="payout_open",
                fields=["created_at"],
                condition=~Q(status__in=["confirmed", "failed", "cancelled"]),
            ),
            Index(F("merchant"), F("created_at"), F("id"), name="payout_newest"),
            Index(name="payout_by_day", fields=["merchant", "signed_at"], condition=Q(signed_at__isnull=False)),
        ]

    @property
    def asset(self) -> Asset | None:
        """What is sent; None when it is no longer configured."""
        return registry.asset(self.network, self.asset_code)

    def waits(self, reason: Waiting | None, text: str = "") -> None:
        """Say what it waits for; None: for nothing any more."""
        self.waiting_reason, self.waiting_for = reason or "", text[:300]


class PayoutTransaction(Record):
    """
    A transaction that was signed for a payout; never changed nor deleted (trigger of migration ``replacements``).

    All of one payout do the same and have its nonce, so a chain carries out one of them at most. Those
    after the first offer higher fees. ``fee_cap_units``: the most that this one can cost.
    """

    PREFIX = "pyx"

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="transactions")
    position = models.PositiveSmallIntegerField()
    raw = models.TextField(editable=False)
    txid = models.CharField(max_length=128)
    fee_cap_units = UnitsField()

    class Meta:
        ordering = ["position"]
        constraints = [
            UniqueConstraint(name="payouttransaction_position_once", fields=["payout", "position"]),
            UniqueConstraint(name="payouttransaction_once", fields=["txid"]),
            CheckConstraint(name="payouttransaction_whole", condition=~Q(raw="") & ~Q(txid="")),
        ]


class PayoutApproval(Record):
    """A member of staff who has looked at a payout and wants it sent; each counts once."""

    PREFIX = "pya"

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="approvals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [UniqueConstraint(name="payoutapproval_once", fields=["payout", "user"])]
