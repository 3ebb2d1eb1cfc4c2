"""A task that failed is kept until it succeeds, counted, and can be run again."""

import json

import pytest
from celery import current_app, shared_task

from config.celery import app
from events import dead_letters
from events.errors import UnknownTask
from events.models import FailedTask

pytestmark = pytest.mark.django_db
_moods: list[bool] = []


@shared_task(name="tests.moody")
def moody(_name: str, *, loud: bool = False) -> str:
    if _moods.pop(0):
        return "done"
    raise ValueError("not today")


@pytest.fixture(autouse=True)
def _application():
    assert current_app.main == app.main
    _moods.clear()


def run(*moods: bool) -> None:
    _moods.extend(moods)
    for _ in moods:
        moody.apply(args=("ethereum",), kwargs={"loud": True})


def test_one_that_failed_is_kept_with_what_it_was_given_and_why():
    run(False)

    kept = FailedTask.objects.get()
    assert (kept.task, json.loads(kept.arguments), kept.failures) == ("tests.moody", [["ethereum"], {"loud": True}], 1)
    assert kept.error.strip().endswith("ValueError('not today')")
    assert "Traceback" in kept.error


def test_one_that_fails_again_is_counted():
    run(False, False, False)

    assert FailedTask.objects.get().failures == 3


def test_the_same_with_other_arguments_is_another():
    _moods.extend([False, False])
    moody.apply(args=("ethereum",))
    moody.apply(args=("tron",))

    assert FailedTask.objects.count() == 2


def test_one_that_succeeds_is_let_go_of_and_others_stay():
    _moods.append(False)
    moody.apply(args=("tron",))
    run(False, True)

    assert json.loads(FailedTask.objects.get().arguments) == [["tron"], {}]


def test_one_is_sent_to_the_workers_again_after_the_commit(monkeypatch, django_capture_on_commit_callbacks):
    run(False)
    sent = []
    monkeypatch.setattr(moody, "apply_async", lambda **how: sent.append((how["args"], how["kwargs"])))

    with django_capture_on_commit_callbacks(execute=True):
        dead_letters.run_again(failure_id=FailedTask.objects.get().pk)

    assert sent == [(["ethereum"], {"loud": True})]


def test_one_that_the_program_no_longer_has_cannot_be_run():
    run(False)
    FailedTask.objects.update(task="gone.away")

    with pytest.raises(UnknownTask):
        dead_letters.run_again(failure_id=FailedTask.objects.get().pk)
