"""When the next attempt is due, and what an answer means."""

from datetime import UTC, datetime, timedelta

import pytest

from webhooks.states import (
    MAX_RETRIES,
    Backoff,
    Outcome,
    parse_retry_after,
    pause_before_retry,
    pause_of_circuit,
)

NOW = datetime(2025, 1, 15, 10, 0, tzinfo=UTC)


def test_exponential_pauses_are_those_of_the_documents():
    pauses = [
        pause_before_retry(backoff=Backoff.EXPONENTIAL, failures=failures, jitter=0)
        for failures in range(1, MAX_RETRIES + 1)
    ]

    minutes, hours = timedelta(minutes=1), timedelta(hours=1)
    assert pauses == [
        timedelta(seconds=10),
        minutes,
        5 * minutes,
        30 * minutes,
        2 * hours,
        5 * hours,
        10 * hours,
        14 * hours,
        20 * hours,
        24 * hours,
    ]


def test_linear_pauses_are_five_minutes_each():
    pauses = {pause_before_retry(backoff=Backoff.LINEAR, failures=failures, jitter=0) for failures in range(1, 11)}

    assert pauses == {timedelta(minutes=5)}


def test_jitter_only_lengthens_and_by_a_tenth_at_most():
    assert pause_before_retry(backoff=Backoff.EXPONENTIAL, failures=1, jitter=10) == timedelta(seconds=11)


def test_a_circuit_stays_open_for_longer_each_time_up_to_ten_minutes_and_a_tenth():
    pauses = [pause_of_circuit(openings=number, jitter=0) for number in range(1, 9)]

    assert pauses == [timedelta(seconds=30), *(timedelta(minutes=each) for each in (1, 2, 4, 8, 10, 10, 10))]
    assert pause_of_circuit(openings=1, jitter=10) == timedelta(seconds=33)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("", timedelta()),
        ("120", timedelta(seconds=120)),
        ("999999999999999999999", timedelta(hours=24)),
        ("-5", timedelta()),
        ("soon", timedelta()),
        ("Wed, 15 Jan 2025 10:01:30 GMT", timedelta(seconds=90)),
        ("Wed, 15 Jan 2025 09:00:00 GMT", timedelta()),
        ("Wed, 15 Jan 2045 09:00:00 GMT", timedelta(hours=24)),
        ("Wed, 15 Jan 2025 10:01:30", timedelta()),
        ("²", timedelta()),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded_by_a_day(header, wait):
    assert parse_retry_after(header, now=NOW) == wait


@pytest.mark.parametrize(
    ("status", "succeeded"),
    [(200, True), (204, True), (299, True), (199, False), (301, False), (404, False), (500, False)],
)
def test_only_2xx_is_success(status, succeeded):
    assert Outcome(status_code=status, response="", elapsed_ms=1).succeeded is succeeded


def test_no_answer_is_no_success():
    assert Outcome(status_code=None, response="", elapsed_ms=0, error="refused").succeeded is False
