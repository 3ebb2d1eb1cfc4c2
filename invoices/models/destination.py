"""Where an invoice can be paid whose customer may choose."""

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.functions import Lower

from core.models import Record
from invoices.models.invoice import Invoice, Matching


class InvoiceDestination(Record):
    """
    A destination of an invoice that has, or had, more than one: the present one, and each that was before.

    Invoices whose customers never chose have none of these. No row is ever taken away: what was once shown
    to somebody is watched as long as what is shown now. ``asset_code`` is what it was shown for first.

    Invariant the database keeps: a destination is that of one invoice, ever, be it here or with the invoice
    itself (the triggers of migration ``0009_payment_options``).
    """

    PREFIX = "dst"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="destinations")
    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    address = models.CharField(max_length=128)
    tag = models.CharField(max_length=64, blank=True)
    matching = models.CharField(max_length=7, choices=Matching.choices)
    wallet = models.ForeignKey("merchants.Wallet", on_delete=models.PROTECT, null=True, db_index=False)
    wallet_index = models.BigIntegerField(null=True)
    paid_at = models.DateTimeField(null=True)  # when money was first seen here while the invoice asked for it elsewhere

    class Meta:
        constraints = [
            CheckConstraint(name="invoicedestination_tag_when_matched_by_it", condition=Q(matching="tag") ^ Q(tag="")),
            CheckConstraint(name="invoicedestination_matching_known", condition=Q(matching__in=Matching.values)),
            UniqueConstraint(name="invoicedestination_once", fields=["invoice", "network", "address", "tag"]),
            UniqueConstraint(
                name="invoicedestination_address_once",
                fields=["network", "address"],
                condition=Q(matching="address"),
            ),
            UniqueConstraint(
                name="invoicedestination_tag_once",
                fields=["network", "tag", "address"],
                condition=Q(matching="tag"),
            ),
        ]
        indexes = [
            # Where capitals are but a checksum (EIP-55), the scan asks in small letters.
            Index(
                F("network"),
                Lower("address"),
                name="invoicedestination_folded",
                condition=Q(address__startswith="0x"),
            ),
            Index(
                name="invoicedestination_paid_index",
                fields=["wallet", "wallet_index"],
                condition=Q(paid_at__isnull=False),
            ),
        ]
