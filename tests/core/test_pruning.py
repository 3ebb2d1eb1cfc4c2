"""What is kept for a limited time is deleted by the clock, each kind whatever becomes of the others."""

import pytest

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
