"""The replayable log through the API."""

import pytest
from django.utils import timezone

from core.ids import uuid7
from events.outbox import Happening, dispatch, emit
from tests.api.signed_up import Api, signed_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return signed_up(timezone.now())


@pytest.fixture
def api(account) -> Api:
    return Api(account.api_key)


def happen(account, *types, livemode=True):
    events = [emit(Happening(kind, account.merchant.pk, livemode, {"n": 1}, invoice_id=uuid7())) for kind in types]
    dispatch()
    for event in events:
        event.refresh_from_db()
    return events


def ids(answer):
    return [event["id"] for event in answer["events"]]


def test_events_are_listed_oldest_first_as_webhooks_carry_them(api, account):
    created, paid = happen(account, "invoice.created", "invoice.paid")

    status, answer = api.get("/events")

    assert status == 200
    assert ids(answer) == [created.public_id, paid.public_id]
    first = answer["events"][0]
    assert (first["event"], first["api_version"], first["livemode"]) == ("invoice.created", "v1", True)
    assert (first["data"], first["position"]) == ({"n": 1}, created.position)


def test_a_reader_goes_on_from_an_id_a_position_or_a_cursor(api, account):
    events = happen(account, "invoice.created", "payment.detected", "invoice.paid")

    assert ids(api.get(f"/events?after={events[0].public_id}")[1]) == [event.public_id for event in events[1:]]
    assert ids(api.get(f"/events?after={events[1].position}")[1]) == [events[2].public_id]
    _, page = api.get("/events?limit=2")
    assert page["pagination"] == {
        "total": 3,
        "limit": 2,
        "has_more": True,
        "next_cursor": str(events[1].position),
    }
    assert ids(api.get(f"/events?after={page['pagination']['next_cursor']}")[1]) == [events[2].public_id]


def test_types_can_be_chosen(api, account):
    events = happen(account, "invoice.created", "payment.detected", "invoice.paid")

    _, answer = api.get("/events?type=invoice.created,invoice.paid")

    assert ids(answer) == [events[0].public_id, events[2].public_id]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("type=api_key.created", "type[0]"),
        ("after=nonsense", "after"),
        ("after=-1", "after"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("colour=red", "colour"),
    ],
)
def test_a_query_that_cannot_be_is_refused_with_its_field(api, query, field):
    status, answer = api.get(f"/events?{query}")

    assert (status, answer["error"]["field"]) == (422, field)


def test_what_belongs_to_others_is_not_there(api, account):
    stranger = signed_up(timezone.now(), email="other@example.com")
    [event] = happen(stranger, "invoice.paid")
    [in_test_mode] = happen(account, "invoice.paid", livemode=False)

    assert api.get("/events")[1]["events"] == []
    for foreign in (event, in_test_mode):
        assert api.get(f"/events/{foreign.public_id}")[0] == 404
        assert api.get(f"/events?after={foreign.public_id}")[1]["error"]["code"] == "INVALID_CURSOR"


def test_internal_events_are_not_told(api):
    dispatch()  # the sign-up has left some

    assert api.get("/events")[1]["events"] == []


def test_one_event_can_be_read(api, account):
    [event] = happen(account, "invoice.paid")

    status, answer = api.get(f"/events/{event.public_id}")

    assert (status, answer["id"], answer["event"]) == (200, event.public_id, "invoice.paid")
    status, answer = api.get("/events/evt_nonsense")
    assert (status, answer["error"]["code"]) == (404, "EVENT_NOT_FOUND")
