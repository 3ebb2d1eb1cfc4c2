"""When a network is read: as often as somebody may be waiting for it, and as rarely as its nodes are to be spared."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from chains.base import Network
from invoices.models import Invoice
from invoices.states import EXPIRING
from payments.models import Cursor, Payment
from payments.states import UNSETTLED

QUIET: Final = timedelta(seconds=30)  # between two readings of a network on which nobody waits
_EARLY: Final = timedelta(seconds=1)  # no clock strikes exactly


@transaction.atomic
def take_turn(network: Network, *, now: datetime) -> bool:
    """
    Return whether the network is to be read now. Whoever is told so has the turn: no other caller gets it as well.

    It is read each ``scan_every`` while an invoice on it is open or a payment is not settled, and at once while it is
    behind; else after ``QUIET``, if that is longer. While a reading is being recorded it is nobody's turn.
    """
    cursor = Cursor.objects.select_for_update(skip_locked=True).filter(pk=network.code).first()
    if cursor is None:
        return not Cursor.objects.filter(pk=network.code).exists()  # never read
    if cursor.asked_at is not None and timedelta() <= now - cursor.asked_at < _pause(network, cursor) - _EARLY:
        return False
    Cursor.objects.filter(pk=network.code).update(asked_at=now)
    return True


def _pause(network: Network, cursor: Cursor) -> timedelta:
    if not network.scan_every or cursor.height < cursor.tip_height:
        return timedelta()
    return network.scan_every if _somebody_waits(network.code) else max(network.scan_every, QUIET)


def _somebody_waits(network: str) -> bool:
    return (
        Invoice.objects.filter(network=network, status__in=sorted(EXPIRING)).exists()
        or Payment.objects.filter(network=network, status__in=sorted(UNSETTLED)).exists()
    )
