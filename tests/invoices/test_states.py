"""The reducer: what an invoice's status is, given the money and the clock."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.states import (
    EXPIRING,
    FINAL,
    TRANSITIONS,
    Facts,
    InvoiceException,
    InvoiceStatus,
    enough_for,
    exception_of,
    next_status,
)

S = InvoiceStatus
DUE = Decimal("16.49")
UNPAID = Facts(
    enough=DUE - Decimal("0.01"),
    ceiling=DUE + 1,
    received=Decimal(0),
    confirmed=Decimal(0),
    is_viewed=False,
    is_overdue=False,
)


class TestNextStatus:
    @pytest.mark.parametrize(
        ("_case", "current", "change", "status"),
        [
            ("nobody has looked yet", S.CREATED, {}, S.CREATED),
            ("the customer has seen it", S.CREATED, {"is_viewed": True}, S.PENDING),
            ("the deadline passed unseen", S.CREATED, {"is_overdue": True}, S.EXPIRED),
            ("the deadline passed", S.PENDING, {"is_viewed": True, "is_overdue": True}, S.EXPIRED),
            ("some money is seen", S.PENDING, {"received": Decimal(1)}, S.PARTIAL),
            ("a part is confirmed", S.PARTIAL, {"received": Decimal(1), "confirmed": Decimal(1)}, S.PARTIAL),
            ("partial never expires", S.PARTIAL, {"received": Decimal(1), "is_overdue": True}, S.PARTIAL),
            ("one cent short is enough", S.PENDING, {"received": DUE - Decimal("0.01")}, S.CONFIRMING),
            ("two cents short is not", S.PENDING, {"received": DUE - Decimal("0.02")}, S.PARTIAL),
            ("enough is seen", S.PARTIAL, {"received": DUE}, S.CONFIRMING),
            ("confirming never expires", S.CONFIRMING, {"received": DUE, "is_overdue": True}, S.CONFIRMING),
            ("half of it is confirmed", S.CONFIRMING, {"received": DUE, "confirmed": DUE / 2}, S.CONFIRMING),
            ("enough is confirmed", S.CONFIRMING, {"received": DUE, "confirmed": DUE}, S.PAID),
            ("a catch-up finds it paid", S.CREATED, {"received": DUE, "confirmed": DUE}, S.PAID),
            ("a reorg takes all of it back", S.CONFIRMING, {}, S.PENDING),
            ("a reorg takes some of it back", S.CONFIRMING, {"received": Decimal(1)}, S.PARTIAL),
            ("a reorg takes a confirmed payment back", S.PAID, {}, S.PENDING),
            ("a reorg makes it unconfirmed", S.PAID, {"received": DUE}, S.CONFIRMING),
            ("late and in full", S.EXPIRED, {"received": DUE, "is_overdue": True}, S.CONFIRMING),
            ("late and short stays closed", S.EXPIRED, {"received": Decimal(1), "is_overdue": True}, S.EXPIRED),
            ("expired stays expired", S.EXPIRED, {"is_overdue": True}, S.EXPIRED),
            (
                "the merchant takes a part for enough",
                S.PARTIAL,
                {"received": Decimal(1), "confirmed": Decimal(1), "accepted": Decimal(1)},
                S.PAID,
            ),
            (
                "accepted, but not yet confirmed",
                S.PARTIAL,
                {"received": Decimal(1), "accepted": Decimal(1)},
                S.CONFIRMING,
            ),
            (
                "accepted, and then dust arrives",
                S.PAID,
                {"received": Decimal(2), "confirmed": Decimal(1), "accepted": Decimal(1)},
                S.PAID,
            ),
            (
                "accepted, and then a part of it is taken back",
                S.PAID,
                {"received": Decimal("0.5"), "confirmed": Decimal("0.5"), "accepted": Decimal(1)},
                S.PARTIAL,
            ),
            ("accepted, and then taken back", S.PAID, {"accepted": Decimal(1)}, S.PENDING),
            ("cancelled stays cancelled", S.CANCELLED, {"received": DUE, "confirmed": DUE}, S.CANCELLED),
            ("refunded stays refunded", S.REFUNDED, {"received": DUE, "confirmed": DUE}, S.REFUNDED),
        ],
    )
    def test_status_follows_the_money(self, _case, current, change, status):
        assert next_status(current, replace(UNPAID, **change)) is status

    amounts = st.decimals(min_value=0, max_value=20, places=2)

    @given(
        current=st.sampled_from(S),
        received=amounts,
        share=st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)]),
        viewed=st.booleans(),
        overdue=st.booleans(),
        accepted=st.one_of(st.none(), amounts.filter(bool)),
    )
    def test_it_only_makes_known_transitions_and_settles_at_once(
        self, current, received, share, viewed, overdue, accepted
    ):
        facts = replace(
            UNPAID,
            received=received,
            confirmed=received * share,
            is_viewed=viewed,
            is_overdue=overdue,
            accepted=accepted,
        )

        status = next_status(current, facts)

        assert status is current or status in TRANSITIONS[current]
        if current not in FINAL and (status is S.PAID) != (current is S.PAID):
            enough = facts.enough if accepted is None else min(facts.enough, accepted)
            is_enough = received > 0 and facts.confirmed >= enough
            assert (status is S.PAID) == is_enough
        # The same facts again change nothing, but for money that left when the deadline had passed.
        again = next_status(status, facts)
        assert again is status or (status is S.PENDING and again is S.EXPIRED)

    def test_every_status_has_its_transitions(self):
        assert set(TRANSITIONS) == set(S)
        assert all(not TRANSITIONS[status] for status in FINAL)
        assert all(S.EXPIRED in TRANSITIONS[status] for status in EXPIRING)


class TestExceptionOf:
    @pytest.mark.parametrize(
        ("_case", "change", "exception"),
        [
            ("nothing came", {}, InvoiceException.NONE),
            ("exact", {"received": DUE}, InvoiceException.NONE),
            ("within the tolerance", {"received": DUE + 1}, InvoiceException.NONE),
            ("a cent above it", {"received": DUE + Decimal("1.01")}, InvoiceException.OVERPAID),
            ("short", {"received": Decimal(1)}, InvoiceException.UNDERPAID),
            ("late", {"received": DUE, "is_late": True}, InvoiceException.LATE),
            ("late and too much", {"received": DUE * 2, "is_late": True}, InvoiceException.OVERPAID),
        ],
    )
    def test_it_names_what_is_unusual(self, _case, change, exception):
        assert exception_of(replace(UNPAID, **change)) is exception


class TestEnough:
    @pytest.mark.parametrize(
        ("total", "threshold", "enough"),
        [("16.49", "0.01", "16.48"), ("0.50", "1.00", "0.4750"), ("100", "0", "100"), ("20", "1.00", "19.00")],
    )
    def test_the_tolerance_never_forgives_more_than_five_percent(self, total, threshold, enough):
        assert enough_for(Decimal(total), Decimal(threshold)) == Decimal(enough)
