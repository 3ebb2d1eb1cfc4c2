"""How deep is deep enough."""

from decimal import Decimal

import pytest

from chains.base import FINALIZED
from payments.states import (
    FINALITY_BLOCKS,
    STATUS_EVENT,
    Depth,
    PaymentStatus,
    required_confirmations,
    status_at,
)

P = PaymentStatus


@pytest.mark.parametrize(
    ("_case", "depth", "required", "status"),
    [
        ("in the mempool", None, 3, P.DETECTED),
        ("in the tip", Depth(0, is_final=False), 3, P.DETECTED),
        ("one block on top", Depth(1, is_final=False), 3, P.CONFIRMING),
        ("one short", Depth(2, is_final=False), 3, P.CONFIRMING),
        ("deep enough", Depth(3, is_final=False), 3, P.CONFIRMED),
    ],
)
def test_status_follows_the_depth(_case, depth, required, status):
    assert status_at(depth, required=required, needs_finality=False) is status


def test_where_finality_is_required_depth_alone_confirms_nothing():
    deep, final = Depth(1000, is_final=False), Depth(1, is_final=True)

    assert status_at(deep, required=64, needs_finality=True) is P.CONFIRMING
    assert status_at(final, required=64, needs_finality=True) is P.CONFIRMED


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ("99.99", (3, False)),
        ("100", (12, False)),
        ("9999.99", (12, False)),
        ("10000", (FINALITY_BLOCKS, True)),
    ],
)
def test_larger_invoices_wait_for_more(total, expected):
    assert required_confirmations((3, 12, FINALIZED), total_usd=Decimal(total), override=None) == expected


def test_a_merchants_own_number_wins():
    assert required_confirmations((3, 12, FINALIZED), total_usd=Decimal(20000), override=7) == (7, False)


def test_every_status_has_an_event():
    assert set(STATUS_EVENT) == set(PaymentStatus)
