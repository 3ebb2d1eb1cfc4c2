"""One merchant's receivers may hang by the hundred: the places of a worker are shared so that others find some."""

import socket
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import connections, transaction

from core.ids import public_id, uuid7
from events.outbox import Happening, dispatch, emit
from tests.webhooks.conftest import NOW, make_merchant
from webhooks import senders, services
from webhooks.models import Delivery
from webhooks.senders import Senders


@pytest.fixture
def silent(receiver) -> socket.socket:
    """A server, at each of this machine's addresses, that takes every request and never answers."""
    return socket.create_server(("0.0.0.0", 0), backlog=256)


@pytest.fixture
def crew(silent, monkeypatch) -> Iterator[Senders]:
    """Thirty-two places; in the end what hangs is let go of."""
    monkeypatch.setattr(senders, "close_old_connections", connections.close_all)
    crew = Senders(32)
    yield crew
    silent.close()
    crew.wait()


def owe_hosts(merchant, count, port=9) -> None:
    """Owe an event to each of so many servers of the merchant."""
    with transaction.atomic():
        for number in range(count):
            invoice = uuid7()
            told = {"invoice_id": public_id("inv", invoice), "webhook_url": f"http://127.0.1.{number}:{port}/"}
            emit(Happening("invoice.created", merchant.pk, False, told, invoice_id=invoice))
    dispatch()


@pytest.mark.django_db(transaction=True)
def test_a_merchant_whose_many_servers_all_hang_delays_nobody_else(crew, silent, endpoint, happen, receiver):
    owe_hosts(make_merchant("Hanging"), 60, silent.getsockname()[1])
    assert [crew.hand_out(), crew.hand_out()] == [16, 0]
    for _ in range(10):
        happen()
    started = time.monotonic()

    crew.hand_out()

    while len(receiver.requests) < 10 and time.monotonic() - started < 20:
        time.sleep(0.02)
    assert len(receiver.requests) == 10
    assert time.monotonic() - started < 2


@pytest.mark.django_db(transaction=True)
def test_places_come_back_and_are_shared_anew(crew, silent, endpoint, happen, receiver):
    owe_hosts(make_merchant("Hanging"), 20, silent.getsockname()[1])
    crew.hand_out()

    silent.close()

    deadline = time.monotonic() + 20
    while Delivery.objects.filter(attempts=1).count() < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert Delivery.objects.filter(attempts=1, lease_token=None).count() == 20
    assert (crew._free, crew._held) == (32, {})


@pytest.mark.django_db
def test_each_gets_half_of_what_is_free_and_the_last_place_goes_to_who_has_none(receiver):
    free, taken = 16, []
    for name in ("A", "B", "C", "D", "E", "F"):
        owe_hosts(make_merchant(name), 20)
        # Those before hold what they have, and what more they are owed waits.
        held = Counter(Delivery.objects.exclude(lease_token=None).values_list("merchant_id", flat=True))
        taken.append(len(services.claim_due(now=NOW, free=free, held=held)))
        free -= taken[-1]

    assert taken == [8, 4, 2, 1, 1, 0]


@pytest.mark.django_db
def test_two_at_once_get_as_many_each_however_many_more_one_is_owed(merchant):
    other = make_merchant("Other")
    owe_hosts(merchant, 60)
    owe_hosts(other, 20)

    claims = services.claim_due(now=NOW, free=30)

    assert Counter(each.merchant_id for each in claims) == {merchant.pk: 10, other.pk: 10}
