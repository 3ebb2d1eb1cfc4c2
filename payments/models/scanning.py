"""How far each chain has been read, without a gap, and what a second reading found otherwise."""

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from core.fields import UnitsField
from core.models import Record


class Cursor(models.Model):
    """
    How far one network has been read. Moves in the transaction that records what was read.

    ``asked_at`` is when a worker was last sent to read it, whether there was anything new or not.
    """

    network = models.CharField(max_length=32, primary_key=True)
    height = models.BigIntegerField()
    hash = models.CharField(max_length=128)
    tip_height = models.BigIntegerField()
    finalized_height = models.BigIntegerField(null=True)
    scanned_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.network} at {self.height}"


class ScannedRange(models.Model):
    """
    Blocks ``first`` … ``last`` that were read at once, and the hash of the last: a later difference shows a reorg.

    The ranges of a network are a chain, and the database keeps it: each but the oldest names the
    end of the one before it in ``previous``, which is a foreign key to ``last``. So between the
    oldest block and the newest no block can be missing, and none can be there twice.
    ``verified_at`` is when the second pass, through ``verified_by``, found the same transfers.
    """

    network = models.CharField(max_length=32)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    previous = models.BigIntegerField(null=True)
    hash = models.CharField(max_length=128)
    source = models.CharField(max_length=200, blank=True)
    scanned_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    verified_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="scannedrange_last_once", fields=["network", "last"]),
            UniqueConstraint(name="scannedrange_previous_once", fields=["network", "previous"]),
            UniqueConstraint(name="scannedrange_one_oldest", fields=["network"], condition=Q(previous=None)),
            CheckConstraint(name="scannedrange_adjoins", condition=Q(previous=None) | Q(previous=F("first") - 1)),
            CheckConstraint(name="scannedrange_not_empty", condition=Q(first__gte=0, last__gte=F("first"))),
        ]
        indexes = [Index(name="scannedrange_unverified", fields=["network", "first"], condition=Q(verified_at=None))]

    def __str__(self) -> str:
        return f"{self.network} {self.first}-{self.last}"


class Finding(Record):
    """
    A difference between the first reading of a chain and the second: somebody should look at the node.

    ``missed`` is a transfer that only the second reading had (it is credited by then), ``unconfirmed``
    one that only the first had, ``fork`` a range whose end has another hash at the second node.
    """

    PREFIX = "fnd"

    class Kind(models.TextChoices):
        MISSED = "missed"
        UNCONFIRMED = "unconfirmed"
        FORK = "fork"

    network = models.CharField(max_length=32)
    kind = models.CharField(max_length=11, choices=Kind.choices)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    txid = models.CharField(max_length=128, blank=True)
    address = models.CharField(max_length=128, blank=True)
    asset_code = models.CharField(max_length=16, blank=True)
    ordinal = models.PositiveIntegerField(default=0)
    units = UnitsField(default=0)
    source = models.CharField(max_length=200, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                name="finding_once",
                fields=["network", "kind", "first", "last", "txid", "address", "asset_code", "ordinal"],
            ),
            CheckConstraint(name="finding_kind_known", condition=Q(kind__in=["missed", "unconfirmed", "fork"])),
        ]
        indexes = [Index(name="finding_open", fields=["network"], condition=Q(resolved_at=None))]

    def __str__(self) -> str:
        return f"{self.kind} on {self.network} {self.first}-{self.last}"
