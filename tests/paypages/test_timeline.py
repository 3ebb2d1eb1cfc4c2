"""The steps a customer follows."""

from datetime import timedelta
from decimal import Decimal

import pytest

from invoices.states import InvoiceStatus
from paypages.timeline import Mark, Stage, steps

S = InvoiceStatus
D, C, A = Mark.DONE, Mark.CURRENT, Mark.AHEAD


def marks(found):
    return [(str(step.stage), step.mark) for step in found]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (S.CREATED, [("waiting", C), ("seen", A), ("confirming", A), ("paid", A)]),
        (S.PENDING, [("waiting", C), ("seen", A), ("confirming", A), ("paid", A)]),
        (S.PARTIAL, [("waiting", D), ("seen", C), ("confirming", A), ("paid", A)]),
        (S.CONFIRMING, [("waiting", D), ("seen", D), ("confirming", C), ("paid", A)]),
        (S.PAID, [("waiting", D), ("seen", D), ("confirming", D), ("paid", D)]),
        (S.REFUNDED, [("waiting", D), ("seen", D), ("confirming", D), ("paid", D), ("refunded", C)]),
        (S.EXPIRED, [("waiting", D), ("expired", C)]),
        (S.CANCELLED, [("waiting", D), ("cancelled", C)]),
    ],
)
def test_each_status_has_one_place_on_the_way(unsaved, status, expected):
    assert marks(steps(unsaved(status=status), status=status, payments=())) == expected


def test_a_cancelled_invoice_still_shows_the_part_that_had_arrived(unsaved, transfer):
    found = steps(unsaved(status="cancelled"), status=S.CANCELLED, payments=[transfer()])

    assert marks(found) == [("waiting", D), ("seen", D), ("cancelled", C)]


def test_confirmations_are_those_of_the_payment_that_has_furthest_to_go(unsaved, transfer):
    payments = [
        transfer(status="confirming", confirmations=5, required_confirmations=12),
        transfer(status="confirming", confirmations=2, required_confirmations=12),
        transfer(status="confirmed", confirmations=40, required_confirmations=50),
    ]

    (step,) = [
        step
        for step in steps(unsaved(status="confirming"), status=S.CONFIRMING, payments=payments)
        if step.stage is Stage.CONFIRMING
    ]

    assert (step.count, step.of, step.needs_finality) == (2, 12, False)


def test_confirmations_never_count_beyond_what_is_required(unsaved, transfer):
    payments = [transfer(status="confirming", confirmations=70, required_confirmations=64, needs_finality=True)]

    step = steps(unsaved(status="confirming"), status=S.CONFIRMING, payments=payments)[2]

    assert (step.count, step.of, step.needs_finality) == (64, 64, True)


def test_steps_that_lie_behind_say_when(unsaved, transfer, now):
    paid_at = now + timedelta(minutes=3)
    invoice = unsaved(status="paid", paid_at=paid_at, received_value=Decimal("16.49"))
    payments = [
        transfer(status="confirmed", sent_at=now + timedelta(minutes=1), confirmed_at=now + timedelta(minutes=2)),
        transfer(status="confirmed", sent_at=now + timedelta(minutes=2), confirmed_at=paid_at),
    ]

    found = steps(invoice, status=S.PAID, payments=payments)

    assert [step.at for step in found] == [now, now + timedelta(minutes=1), paid_at, paid_at]


def test_a_step_ahead_has_no_time(unsaved):
    assert [step.at for step in steps(unsaved(), status=S.PENDING, payments=())] == [None, None, None, None]


def test_only_the_part_that_is_missing_something_is_called_a_part(unsaved, transfer):
    partial = steps(unsaved(status="partial"), status=S.PARTIAL, payments=[transfer()])
    whole = steps(unsaved(status="confirming"), status=S.CONFIRMING, payments=[transfer()])

    assert [step.is_partial for step in partial] == [False, True, False, False]
    assert not any(step.is_partial for step in whole)
