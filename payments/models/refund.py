"""Money to go back to payers."""

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.functions import Lower

from chains import registry
from chains.base import Asset
from core.fields import UnitsField
from core.models import Record
from payments.models.payment import Payment
from payments.states import RefundStatus


class Refund(Record):
    """
    Money to go back to the payer, in base units of ``asset_code``.

    The merchant sends it from their own wallet, and the scan recognises the transfer or the merchant
    names it; or a vault sends it. Without an ``invoice`` it returns a deposit that matched none.
    A ``part`` goes back before the invoice is paid, and counts towards it no longer.
    ``named_txid``: the transaction that somebody named, where the chain shows ``txid`` instead.
    ``is_held``: the money it returns is not confirmed, or a reorg took it back.
    """

    PREFIX = "ref"

    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT, db_index=False)
    livemode = models.BooleanField()
    invoice = models.ForeignKey("invoices.Invoice", on_delete=models.PROTECT, null=True, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="refunds")
    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    units = UnitsField()
    address = models.CharField(max_length=128, blank=True)
    tag = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    kind = models.CharField(
        max_length=12,
        choices=[(kind, kind) for kind in ("requested", "part", "cancellation", "surplus", "deposit")],
        default="requested",
    )
    status = models.CharField(max_length=10, choices=RefundStatus.choices, default=RefundStatus.REQUESTED)
    txid = models.CharField(max_length=128, blank=True)
    named_txid = models.CharField(max_length=128, blank=True)
    ordinal = models.PositiveIntegerField(null=True)
    block_height = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=128, blank=True)
    is_held = models.BooleanField(default=False)
    claimed_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="refund_positive", condition=Q(units__gt=0)),
            CheckConstraint(name="refund_of_something", condition=Q(invoice__isnull=False) | Q(payment__isnull=False)),
            CheckConstraint(name="refund_status_known", condition=Q(status__in=RefundStatus.values)),
            UniqueConstraint(
                name="refund_one_transfer",
                fields=["network", "txid", "asset_code", "address", "ordinal"],
                condition=Q(ordinal__isnull=False),
            ),
            CheckConstraint(
                name="refund_named_otherwise",
                condition=Q(named_txid="") | (Q(ordinal__isnull=False) & ~Q(txid=F("named_txid"))),
            ),
            CheckConstraint(name="refund_completed_has_transaction", condition=~Q(status="completed") | ~Q(txid="")),
        ]
        indexes = [
            Index(F("invoice"), F("created_at").desc(), name="refund_by_invoice"),
            Index(F("merchant"), F("livemode"), F("created_at"), F("id"), name="refund_newest"),
            Index(F("network"), F("address"), name="refund_by_address", condition=~Q(address="")),
            # Where capitals are but a checksum (EIP-55), the scan asks in small letters.
            Index(F("network"), Lower("address"), name="refund_folded", condition=Q(address__startswith="0x")),
            Index(F("network"), F("block_height"), name="refund_by_height", condition=Q(block_height__isnull=False)),
        ]

    @property
    def asset(self) -> Asset | None:
        """What is to be returned; None when it is no longer configured."""
        return registry.asset(self.network, self.asset_code)
