"""Nothing that the gateway knows is without a word in this format, or without being named as untold."""

import re

import pytest
from django.utils import timezone

from api.selfhosted.deliveries import SELFHOSTED_WEBHOOKS
from api.selfhosted.mapping import (
    EVENTS,
    FAILURES,
    SCOPES,
    STATUS,
    STATUSES,
    SUBSCRIPTIONS,
    UNTOLD,
    chain_id,
    failure_words,
    subscriptions_told,
)
from chains import registry
from core import exact_json
from core.errors import CheckoutError
from events.models import Event
from events.types import DELIVERABLE, EVERYTHING, WEBHOOK_TEST
from invoices.states import InvoiceException, InvoiceStatus
from merchants.scopes import SCOPES as PERMISSIONS


def test_every_status_with_every_exception_has_a_word_and_every_word_is_used():
    assert set(STATUS) == {(status, exception) for status in InvoiceStatus for exception in InvoiceException}
    assert set(STATUS.values()) == set(STATUSES)


def test_the_word_says_what_became_of_the_money():
    words = {
        status.value: [STATUS[status, exception] for exception in ("none", "underpaid", "overpaid", "late")]
        for status in InvoiceStatus
    }

    assert words == {
        "created": ["pending"] * 4,
        "pending": ["pending"] * 4,
        "partial": ["underpaid"] * 4,
        "confirming": ["detected"] * 4,
        "paid": ["paid", "paid", "overpaid", "paid_late"],
        "expired": ["expired", "underpaid", "expired", "expired"],
        "cancelled": ["failed"] * 4,
        "refunded": ["paid", "paid", "paid", "paid_late"],
    }


def test_every_event_is_told_or_named_as_untold():
    assert EVENTS.keys() | UNTOLD | {WEBHOOK_TEST} == DELIVERABLE
    assert not EVENTS.keys() & UNTOLD
    assert set(EVENTS.values()) <= set(SUBSCRIPTIONS)
    assert set(SUBSCRIPTIONS.values()) == {*EVENTS, EVERYTHING}


def test_what_an_endpoint_is_shown_to_hear_of_subscribes_to_the_same_again():
    assert {SUBSCRIPTIONS[name] for name in subscriptions_told([*EVENTS])} == set(EVENTS)
    assert subscriptions_told([EVERYTHING]) == [EVERYTHING]
    assert subscriptions_told(["refund.created"]) == []


def test_every_scope_stands_for_a_permission():
    assert set(SCOPES.values()) <= set(PERMISSIONS)


def kinds(kind: type[CheckoutError] = CheckoutError) -> list[type[CheckoutError]]:
    return [kind, *(found for each in kind.__subclasses__() for found in kinds(each))]


def test_every_failure_has_a_type_of_the_formats_table():
    types = {kind: failure_words(kind.__new__(kind))[1] for kind in kinds()}

    assert set(types.values()) == {kind for _status, kind in FAILURES.values()}


def test_every_network_has_a_number_of_its_own():
    networks = [network for network in registry.networks() if network.livemode or network.family == "sandbox"]
    numbers = {network.code: chain_id(network.code) for network in networks}

    assert None not in numbers.values()
    assert len(set(numbers.values())) == len(numbers)
    assert all(re.fullmatch("[0-9]+", str(number)) for number in numbers.values())


@pytest.mark.parametrize(("network", "number"), [("ethereum", 1), ("bitcoin", 2**31), ("tron", 728126428)])
def test_evm_chains_keep_theirs(network, number, settings):
    settings.CHAINS = {network: {"network": "mainnet"}}

    assert chain_id(network) == number


def test_a_test_of_a_live_endpoint_is_not_told_as_live():
    told = exact_json.loads(
        SELFHOSTED_WEBHOOKS.body(Event(type=WEBHOOK_TEST, livemode=True, created_at=timezone.now()))
    )

    assert (told["type"], told["livemode"], told["data"]["livemode"]) == ("session.paid", False, False)
