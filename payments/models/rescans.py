"""Blocks that staff wants read again, and how far that has come."""

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q

from core.models import Record


class RescanStatus(models.TextChoices):
    """``waiting`` for a worker, or for a node that did not answer; the other three are over."""

    WAITING = "waiting"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Rescan(Record):
    """One order to read blocks ``first`` … ``last`` again; ``height`` is the last block read, None before the first."""

    PREFIX = "rsc"

    network = models.CharField(max_length=32)
    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    height = models.PositiveBigIntegerField(null=True)
    found = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=8, choices=RescanStatus.choices, default=RescanStatus.WAITING)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    error = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="rescan_status_known", condition=Q(status__in=RescanStatus.values)),
            CheckConstraint(name="rescan_blocks_ordered", condition=Q(last__gte=F("first"))),
            CheckConstraint(
                name="rescan_ended_when_over",
                condition=Q(status=RescanStatus.WAITING, ended_at=None)
                | (~Q(status=RescanStatus.WAITING) & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [Index(name="rescan_waiting", fields=["created_at"], condition=Q(status=RescanStatus.WAITING))]

    @property
    def next_height(self) -> int:
        """The block to go on from."""
        return self.first if self.height is None else self.height + 1

    @property
    def percent(self) -> int:
        """How much of it is read, in whole percent."""
        return (self.next_height - self.first) * 100 // (self.last - self.first + 1)
