"""Reads of the log: tenant first, deliverable types only."""

from uuid import UUID, uuid4

import pytest

from core.ids import uuid7
from events import selectors
from events.outbox import Happening, dispatch, emit

ACME, OTHER = uuid7(), uuid7()


def happen(event_type="invoice.paid", merchant_id: UUID | None = ACME, livemode=True, invoice_id=None):
    return emit(
        Happening(type=event_type, merchant_id=merchant_id, livemode=livemode, data={"n": 1}, invoice_id=invoice_id)
    )


@pytest.fixture(autouse=True)
def log(db):
    """Eight events of two merchants in two modes."""


def listed(**filters):
    return [event.type for event in selectors.list_events(merchant_id=ACME, livemode=True, **filters)]


def test_the_log_of_a_merchant_holds_its_own_events_of_that_mode_only():
    happen("invoice.created")
    happen("invoice.created", merchant_id=OTHER)
    happen("invoice.paid", livemode=False)
    dispatch()

    assert listed() == ["invoice.created"]


def test_internal_types_are_not_public_even_when_asked_for():
    happen("api_key.created")
    happen("invoice.created")
    dispatch()

    assert listed() == ["invoice.created"]
    assert listed(types=["api_key.created"]) == []


def test_a_reader_goes_on_behind_the_last_position_it_has_seen():
    for event_type in ("invoice.created", "payment.detected", "invoice.paid"):
        happen(event_type)
    dispatch()
    first = selectors.list_events(merchant_id=ACME, livemode=True)[0]

    assert listed(after=first.position) == ["payment.detected", "invoice.paid"]
    assert listed(after=first.position + 2) == []


def test_an_event_without_a_number_is_not_in_the_log_yet():
    happen()

    assert listed() == []


def test_an_event_of_another_merchant_is_not_found():
    event = happen(merchant_id=OTHER)
    dispatch()

    assert selectors.find_event(merchant_id=ACME, livemode=True, public_id=event.public_id) is None
    assert selectors.find_event(merchant_id=OTHER, livemode=False, public_id=event.public_id) is None
    assert selectors.find_event(merchant_id=OTHER, livemode=True, public_id=event.public_id) == event
    assert selectors.find_event(merchant_id=OTHER, livemode=True, public_id="evt_nonsense") is None


def test_the_audit_trail_of_an_invoice_has_every_type_also_before_dispatch():
    invoice = uuid4()
    happen("invoice.created", invoice_id=invoice)
    happen("invoice.viewed", invoice_id=invoice)
    happen("invoice.created", invoice_id=uuid4())

    assert [event.type for event in selectors.audit_trail(invoice_id=invoice)] == ["invoice.created", "invoice.viewed"]


def test_positions_of_an_empty_log_are_zero():
    assert selectors.last_position() == 0
    assert selectors.invoice_position(invoice_id=uuid4()) == 0
    assert selectors.merchant_position(merchant_id=ACME, livemode=True) == 0


def test_positions_are_those_of_the_newest_event():
    invoice = uuid4()
    happen(invoice_id=invoice)
    happen(merchant_id=OTHER)
    dispatch()

    last = selectors.last_position()
    assert selectors.invoice_position(invoice_id=invoice) == last - 1
    assert selectors.merchant_position(merchant_id=OTHER, livemode=True) == last
