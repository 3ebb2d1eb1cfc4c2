"""A rescan that staff ordered is read piece by piece: watched, stopped, continued, given up."""

import pytest

from chains import registry
from core.errors import Conflict, Invalid
from events.models import Event
from payments.models import Cursor, Payment, Rescan
from payments.services import continue_rescans, order_rescan, rescans, scan, stop_rescan
from payments.services.rescans import MOST_BLOCKS, MOST_FAILURES
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now, monkeypatch) -> ScriptedChain:
    chain = ScriptedChain(start=now, max_range=2)
    monkeypatch.setattr(registry, "reader", lambda _network: chain)
    monkeypatch.setattr(rescans, "_RANGES", 5)
    return chain


@pytest.fixture
def missed(chain, invoice, now):
    """A chain of 30 blocks whose second one pays the invoice, and nobody has seen it."""
    scan(network="sandbox", now=now, reader=chain)
    chain.mine(transfer(invoice))
    chain.grow(29)
    chain.is_blind = True
    while Cursor.objects.get().height < 30:
        scan(network="sandbox", now=now, reader=chain)
    chain.is_blind = False
    return chain


def order(now, first=0, last=30) -> Rescan:
    return order_rescan(network="sandbox", first=first, last=last, now=now)


def test_it_is_read_in_pieces_that_can_be_watched(missed, invoice, now):
    ordered = order(now)

    heights = []
    while continue_rescans(now=now):
        ordered.refresh_from_db()
        heights.append((ordered.height, ordered.percent))

    ordered.refresh_from_db()
    assert heights == [(9, 32), (19, 64), (29, 96)]
    assert (ordered.status, ordered.height, ordered.percent, ordered.found) == ("done", 30, 100, 1)
    assert ordered.ended_at is not None
    assert Payment.objects.get().invoice_id == invoice.pk
    assert [event.type for event in Event.objects.filter(type__startswith="rescan.").order_by("sequence")] == [
        "rescan.ordered",
        "rescan.done",
    ]


def test_one_that_was_stopped_is_read_no_further_and_keeps_what_it_found(missed, now):
    ordered = order(now)
    continue_rescans(now=now)

    stop_rescan(rescan_id=ordered.pk, now=now)

    assert continue_rescans(now=now) == 0
    ordered.refresh_from_db()
    assert (ordered.status, ordered.height, ordered.found) == ("stopped", 9, 1)
    with pytest.raises(Conflict):
        stop_rescan(rescan_id=ordered.pk, now=now)


def test_one_that_is_stopped_while_it_is_read_ends_at_the_next_range(missed, now):
    ordered = order(now)
    whole, calls = missed.transfers, []

    def transfers(**asked):
        calls.append(asked["first"])
        if len(calls) == 3:
            stop_rescan(rescan_id=ordered.pk, now=now)
        return whole(**asked)

    missed.transfers = transfers

    continue_rescans(now=now)

    ordered.refresh_from_db()
    assert (ordered.status, calls, ordered.height) == ("stopped", [0, 2, 4], 3)


def test_a_node_that_is_away_is_asked_again_and_in_the_end_no_more(missed, now, monkeypatch):
    ordered = order(now)
    continue_rescans(now=now)
    monkeypatch.setattr(registry, "reader", lambda _network: (_ for _ in ()).throw(LookupError("no node")))

    for _ in range(MOST_FAILURES - 1):
        assert continue_rescans(now=now) == 0
    ordered.refresh_from_db()
    assert (ordered.status, ordered.error, ordered.failures, ordered.height) == ("waiting", "no node", 19, 9)
    monkeypatch.setattr(registry, "reader", lambda _network: missed)
    continue_rescans(now=now)
    ordered.refresh_from_db()
    assert (ordered.failures, ordered.error, ordered.height) == (0, "", 19)

    monkeypatch.setattr(registry, "reader", lambda _network: (_ for _ in ()).throw(LookupError("no node")))
    for _ in range(MOST_FAILURES):
        continue_rescans(now=now)
    ordered.refresh_from_db()
    assert ordered.status == "failed"


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (5, 4), (0, MOST_BLOCKS)])
def test_what_are_no_blocks_is_refused(missed, now, first, last):
    with pytest.raises(Invalid):
        order(now, first, last)

    assert not Rescan.objects.exists()


def test_what_the_scan_has_not_read_is_left_to_it(missed, now):
    with pytest.raises(Conflict, match="at block 30"):
        order(now, 0, 31)


def test_there_is_one_at_a_time_for_a_network(missed, now):
    order(now)

    with pytest.raises(Conflict, match="under way"):
        order(now)
