"""What must be so in the tables, whatever crashed: each promise with the question that finds where it is broken."""

from collections.abc import Sequence
from typing import Final

from operations.doctor import deliveries, ground, log, money, reports, reservations, scanning
from operations.doctor.base import Check, Moment, Result, examine

CHECKS: Final[Sequence[Check]] = (
    *ground.CHECKS,
    *scanning.CHECKS,
    *money.CHECKS,
    *reservations.CHECKS,
    *log.CHECKS,
    *deliveries.CHECKS,
    *reports.CHECKS,
)
# Asks the nodes, which takes long and may cost something: only where somebody wants it.
WITH_NODES: Final[Sequence[Check]] = scanning.WITH_NODES

__all__ = ["CHECKS", "WITH_NODES", "Check", "Moment", "Result", "examine"]
