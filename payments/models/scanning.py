"""How far each chain has been read."""

from django.db import models
from django.db.models import UniqueConstraint


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
