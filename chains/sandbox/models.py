"""The sandbox chain's tables: blocks that point to their parents, and transfers that wait or sit in one."""

from typing import Final

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from chains.base import Block
from core.fields import UnitsField

HASH_LENGTH: Final = 64
ADDRESS_LENGTH: Final = 100
ASSET_LENGTH: Final = 16


class SandboxBlock(models.Model):
    """
    A block, also one that a reorg left behind.

    Among canonical blocks a height is there once, so two miners can never fork the chain.
    """

    height = models.BigIntegerField()
    hash = models.CharField(max_length=HASH_LENGTH, unique=True)
    parent_hash = models.CharField(max_length=HASH_LENGTH)
    timestamp = models.DateTimeField()
    is_canonical = models.BooleanField(default=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="sandboxblock_height_once", fields=["height"], condition=Q(is_canonical=True)),
            CheckConstraint(name="sandboxblock_height_positive", condition=Q(height__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.height} {self.hash}"

    def as_block(self) -> Block:
        """Return the block in the words of the chain interface."""
        return Block(height=self.height, hash=self.hash, parent_hash=self.parent_hash, timestamp=self.timestamp)


class SandboxTransfer(models.Model):
    """
    Money that moved; ``units`` are base units of ``asset``.

    It waits in the mempool while ``block`` is empty. A reorg may move it to another block or drop
    it for good.
    """

    txid = models.CharField(max_length=HASH_LENGTH, unique=True)
    address = models.CharField(max_length=ADDRESS_LENGTH)
    asset = models.CharField(max_length=ASSET_LENGTH)
    units = UnitsField()
    sender = models.CharField(max_length=ADDRESS_LENGTH)
    block = models.ForeignKey(SandboxBlock, null=True, on_delete=models.PROTECT, related_name="transfers")
    created_at = models.DateTimeField()
    is_dropped = models.BooleanField(default=False)

    class Meta:
        constraints = [
            CheckConstraint(name="sandboxtransfer_units_positive", condition=Q(units__gt=0)),
            CheckConstraint(name="sandboxtransfer_dropped_nowhere", condition=Q(is_dropped=False) | Q(block=None)),
        ]
        indexes = [
            Index(name="sandboxtransfer_mempool", fields=["id"], condition=Q(block=None, is_dropped=False)),
        ]

    def __str__(self) -> str:
        return self.txid
