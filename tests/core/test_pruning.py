"""What is kept for a limited time is deleted by the clock, each kind whatever becomes of the others."""

import pytest

from config.schedule import beat_schedule
from core import tasks


def test_one_that_fails_keeps_no_other_from_it(monkeypatch):
    def fail(*, now):
        raise OSError("the first one")

    monkeypatch.setattr(tasks, "PRUNINGS", [fail, lambda *, now: 3, lambda *, now: done.append(now) or 4])
    done = []

    with pytest.raises(ExceptionGroup) as told:
        tasks.prune()

    assert [str(problem) for problem in told.value.exceptions] == ["the first one"]
    assert len(done) == 1


def test_what_is_kept_for_a_limited_time_is_pruned_by_the_clock():
    assert {f"{each.__module__}.{each.__name__}" for each in tasks.PRUNINGS} == {
        "core.idempotency.prune",
        "dashboard.accounts.sessions.prune",
        "invoices.rates.book.prune",
        "merchants.request_log.prune",
        "merchants.services.mailing.prune_mails",
        "webhooks.retention.prune",
    }
    assert tasks.prune.name in beat_schedule(sandbox_block_seconds=0)
