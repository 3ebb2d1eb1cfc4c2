"""The facts of invoices, and their sums by hour and day, which reports are made of."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Index, UniqueConstraint


class InvoiceFact(models.Model):
    """
    What the log has said about one invoice so far.

    ``total`` is in ``currency``, the merchant's default currency when the invoice was created.
    ``paid_at`` is empty again when a reorg took the payment back. ``sequence`` is the place of the
    last event that was taken in: an older one that comes later changes nothing.
    """

    invoice_id = models.UUIDField(primary_key=True)
    merchant_id = models.UUIDField()
    livemode = models.BooleanField()
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=20, decimal_places=3)
    asset_code = models.CharField(max_length=16)
    network = models.CharField(max_length=32)
    sequence = models.BigIntegerField()

    class Meta:
        indexes = [
            # A report reads one stretch of this index, and nothing but this index.
            Index(
                name="invoicefact_report",
                fields=["merchant_id", "livemode", "created_at"],
                include=["paid_at", "currency", "total", "asset_code", "network"],
            ),
            # The staff's report is of all merchants together: facts lie in the table by the day they came.
            BrinIndex(name="invoicefact_by_day", fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return str(self.invoice_id)


class Sums(models.Model):
    """
    What became of the invoices of one merchant created in one hour or one day (UTC), for one currency, asset, network.

    ``hours`` is how long the stretch from ``start`` is: 1 or 24. Written by a trigger on the facts only, in their
    transaction, so that they are never beside each other. Amounts are in ``currency``; ``waited`` is the time from
    creation to payment of all paid invoices together.
    """

    merchant_id = models.UUIDField()
    livemode = models.BooleanField()
    hours = models.PositiveSmallIntegerField()
    start = models.DateTimeField()
    currency = models.CharField(max_length=3)
    asset_code = models.CharField(max_length=16)
    network = models.CharField(max_length=32)
    created = models.IntegerField()
    paid = models.IntegerField()
    amount_created = models.DecimalField(max_digits=30, decimal_places=3)
    amount_paid = models.DecimalField(max_digits=30, decimal_places=3)
    waited = models.DurationField()

    class Meta:
        constraints = [
            UniqueConstraint(
                name="sums_once",
                fields=["merchant_id", "livemode", "hours", "start", "currency", "asset_code", "network"],
            ),
        ]
        indexes = [Index(name="sums_of_everybody", fields=["hours", "start"])]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%MZ} + {self.hours} h: {self.created}"
