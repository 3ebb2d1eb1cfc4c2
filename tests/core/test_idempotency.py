"""A request is done once, however often, however concurrently and however badly timed it is sent."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from core import idempotency, tasks
from core.idempotency import (
    Claim,
    KeyInUse,
    KeyReused,
    KeyTaken,
    LostClaim,
    Once,
    StoredAnswer,
    claim,
    complete,
    keep,
    keeping,
    release,
    stored,
)
from core.models import IdempotencyKey

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
SCOPE = "01890000-0000-7000-8000-000000000001:test"
PRINT = idempotency.fingerprint(method="POST", path="/api/v1/invoices", body=b'{"a":1}')
ONCE = Once(SCOPE, "key-1", PRINT)


def take(*, now: datetime = NOW, key: str = "key-1", scope: str = SCOPE, fingerprint: str = PRINT):
    return claim(scope=scope, key=key, fingerprint=fingerprint, now=now)


def answer(claimed: Claim, *, status: int = 201, body: str = '{"id":"inv_1"}', is_secret: bool = False) -> None:
    with transaction.atomic():
        complete(claimed, status=status, body=body, is_secret=is_secret)


def later(**duration: float) -> datetime:
    return NOW + timedelta(**duration)


def assert_is_new(outcome: Claim | StoredAnswer) -> Claim:
    assert isinstance(outcome, Claim)
    return outcome


class TestFingerprint:
    def test_it_depends_on_method_path_and_body(self):
        prints = {
            idempotency.fingerprint(method=method, path=path, body=body)
            for method in ("POST", "PATCH")
            for path in ("/a", "/a?b=1")
            for body in (b"", b"{}")
        }

        assert len(prints) == 8
        assert idempotency.fingerprint(method="post", path="/a", body=b"{}") in prints


@pytest.mark.django_db
class TestClaim:
    def test_the_first_request_gets_the_claim_in_one_statement(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert_is_new(take())

    def test_a_repeated_request_gets_the_first_answer(self):
        answer(assert_is_new(take()), status=201, body='{"amount":0.1}')

        assert take(now=later(hours=23)) == StoredAnswer(status=201, body='{"amount":0.1}')

    def test_another_body_under_the_same_key_is_refused(self):
        answer(assert_is_new(take()))

        with pytest.raises(KeyReused) as refusal:
            take(fingerprint=idempotency.fingerprint(method="POST", path="/api/v1/invoices", body=b'{"a":2}'))

        assert refusal.value.code == "IDEMPOTENCY_KEY_REUSED"

    @pytest.mark.parametrize("seconds", [1, 59, 3600])
    def test_another_body_is_refused_whether_the_first_runs_or_has_died(self, seconds):
        take()

        with pytest.raises(KeyReused):
            take(now=later(seconds=seconds), fingerprint="f" * 64)

    @pytest.mark.parametrize(("seconds", "retry_after"), [(0, 1), (0.5, 1), (5, 5), (20.2, 21), (50, 10), (59.9, 1)])
    def test_while_the_first_runs_others_are_told_when_to_ask_again(self, seconds, retry_after):
        take()

        with pytest.raises(KeyInUse) as refusal:
            take(now=later(seconds=seconds))

        assert (refusal.value.code, refusal.value.retry_after) == ("IDEMPOTENCY_KEY_IN_USE", retry_after)

    def test_keys_of_different_scopes_and_different_keys_are_strangers(self):
        take()

        assert_is_new(take(scope=SCOPE.replace("test", "live")))
        assert_is_new(take(key="key-2"))

    def test_after_a_day_a_key_is_new(self):
        answer(assert_is_new(take()))

        second = assert_is_new(take(now=later(hours=24), fingerprint="f" * 64))

        answer(second, body="2")
        assert take(now=later(hours=25), fingerprint="f" * 64) == StoredAnswer(status=201, body="2")
        assert IdempotencyKey.objects.count() == 1

    def test_a_crash_before_the_answer_is_taken_over_when_the_lease_has_lapsed(self):
        assert_is_new(take())

        with pytest.raises(KeyInUse):
            take(now=later(seconds=59))
        second = assert_is_new(take(now=later(seconds=60)))

        answer(second, body="done by the retry")
        assert take(now=later(seconds=61)) == StoredAnswer(status=201, body="done by the retry")

    def test_a_released_key_is_new(self):
        release(assert_is_new(take()))

        assert_is_new(take(fingerprint="f" * 64))

    def test_a_key_may_hold_255_characters_of_any_script(self):
        key = "ключ🍋" * 51

        answer(assert_is_new(take(key=key[:255])))

        assert isinstance(take(key=key[:255]), StoredAnswer)


@pytest.mark.django_db
class TestComplete:
    def test_it_is_one_statement(self, django_assert_num_queries):
        claimed = assert_is_new(take())

        with transaction.atomic(), django_assert_num_queries(1):
            complete(claimed, status=200, body="{}")

    def test_an_answer_with_a_secret_is_stored_encrypted(self):
        answer(assert_is_new(take()), body='{"key":"sk_live_secret"}', is_secret=True)

        row = IdempotencyKey.objects.get()
        assert row.is_encrypted is True
        assert "sk_live" not in row.body
        assert take() == StoredAnswer(status=201, body='{"key":"sk_live_secret"}')

    def test_a_slow_first_owner_is_shut_out_after_a_takeover(self):
        slow = assert_is_new(take())
        fast = assert_is_new(take(now=later(seconds=61)))

        with pytest.raises(LostClaim):
            answer(slow, body="slow")
        answer(fast, body="fast")
        with pytest.raises(LostClaim):
            answer(slow, body="slow")

        assert take(now=later(seconds=62)) == StoredAnswer(status=201, body="fast")

    def test_a_slow_first_owner_cannot_release_what_another_took(self):
        slow = assert_is_new(take())
        fast = assert_is_new(take(now=later(seconds=61)))

        release(slow)

        answer(fast)
        assert isinstance(take(now=later(seconds=62)), StoredAnswer)

    def test_an_answer_is_given_once_and_stays(self):
        claimed = assert_is_new(take())
        answer(claimed, body="first")

        with pytest.raises(LostClaim):
            answer(claimed, body="second")
        release(claimed)

        assert take() == StoredAnswer(status=201, body="first")

    def test_when_the_lease_lapsed_but_nobody_took_over_the_work_counts(self):
        answer(assert_is_new(take()), body="late")

        assert take(now=later(minutes=10)) == StoredAnswer(status=201, body="late")


@pytest.mark.django_db
class TestPrune:
    def test_only_what_has_expired_goes(self, monkeypatch):
        monkeypatch.setattr(idempotency, "_PRUNE_BATCH", 2)
        for number in range(5):
            take(key=f"old-{number}", now=later(hours=-24))
        take(key="young", now=later(hours=-23.9))

        assert idempotency.prune(now=NOW) == 5
        assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]

    def test_the_task_prunes_by_the_clock(self):
        take(now=NOW - timedelta(days=400))

        assert tasks.prune() == 1


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_complete_refuses_to_work_outside_a_transaction(self):
        claimed = assert_is_new(take())

        with pytest.raises(RuntimeError):
            complete(claimed, status=200, body="{}")

    def test_work_and_answer_are_stored_together_or_not_at_all(self):
        claimed = assert_is_new(take())

        with pytest.raises(ZeroDivisionError):
            work_and_answer(claimed, then=lambda: 1 / 0)

        assert count_of_work() == 0
        with pytest.raises(KeyInUse):
            take(now=later(seconds=1))

    def test_a_slow_owner_s_work_is_rolled_back(self):
        slow = assert_is_new(take())
        fast = assert_is_new(take(now=later(seconds=61)))

        with pytest.raises(LostClaim):
            work_and_answer(slow)
        work_and_answer(fast)

        assert count_of_work() == 1

    def test_many_requests_at_once_do_the_work_once(self):
        outcomes: list[object] = []

        def request() -> None:
            try:
                outcome = take()
            except KeyInUse as refusal:
                outcomes.append(type(refusal))
                return
            if isinstance(outcome, Claim):
                work_and_answer(outcome)
                outcomes.append("did it")
            else:
                outcomes.append(outcome)

        run_at_once([request] * 8)

        assert count_of_work() == 1
        assert len(outcomes) == 8
        assert outcomes.count("did it") == 1
        assert {outcome for outcome in outcomes if outcome != "did it"} <= {KeyInUse, StoredAnswer(201, "done")}
        assert take() == StoredAnswer(201, "done")

    def test_only_one_of_many_takes_over_from_a_dead_owner(self):
        take()
        outcomes: list[object] = []

        def retry() -> None:
            try:
                outcomes.append(type(take(now=later(seconds=61))))
            except KeyInUse as refusal:
                outcomes.append(type(refusal))

        run_at_once([retry] * 6)

        assert sorted(outcomes, key=str) == sorted([Claim, *[KeyInUse] * 5], key=str)

    def test_a_takeover_waits_for_an_answer_that_is_being_committed(self):
        slow = assert_is_new(take())
        written, outcomes = threading.Event(), []

        def finish_late() -> None:
            with transaction.atomic():
                complete(slow, status=201, body="slow but whole")
                written.set()
                threading.Event().wait(0.3)

        def take_over() -> None:
            assert written.wait(5)
            outcomes.append(take(now=later(seconds=61)))

        run_at_once([finish_late, take_over])

        assert outcomes == [StoredAnswer(201, "slow but whole")]

    def test_a_key_that_is_released_meanwhile_is_claimed_afterwards(self):
        outcomes: list[object] = []

        def request() -> None:
            for _ in range(20):
                try:
                    outcome = take()
                except KeyInUse:
                    continue
                assert isinstance(outcome, Claim)
                release(outcome)
                outcomes.append("claimed")

        run_at_once([request] * 4)

        assert outcomes
        assert IdempotencyKey.objects.count() == 0


@pytest.mark.django_db(transaction=True)
class TestKeep:
    def test_what_is_kept_is_found_until_its_lifetime_ends(self):
        kept(now=NOW)

        assert stored(ONCE, now=later(hours=23)) == StoredAnswer(201, "done")
        assert stored(ONCE, now=later(hours=25)) is None

    def test_a_secret_is_kept_encrypted(self):
        kept(now=NOW, is_secret=True)

        assert IdempotencyKey.objects.get().body != "done"
        assert stored(ONCE, now=NOW) == StoredAnswer(201, "done")

    def test_another_request_with_the_key_is_refused(self):
        kept(now=NOW)

        with pytest.raises(KeyReused):
            stored(replace(ONCE, fingerprint="other"), now=NOW)

    def test_the_second_one_s_work_is_rolled_back(self):
        kept(now=NOW)

        with pytest.raises(KeyTaken):
            kept(now=NOW)

        assert count_of_work() == 1

    def test_a_key_whose_lifetime_has_ended_is_free(self):
        kept(now=NOW)

        kept(now=later(hours=25))

        assert count_of_work() == 2

    def test_a_claim_shuts_it_out_until_its_lease_lapses(self):
        take()

        with pytest.raises(KeyTaken):
            kept(now=later(seconds=30))
        with pytest.raises(KeyInUse):
            stored(ONCE, now=later(seconds=30))
        kept(now=later(seconds=61))

        assert count_of_work() == 1

    def test_work_and_answer_are_stored_together_or_not_at_all(self):
        with pytest.raises(ZeroDivisionError):
            kept(now=NOW, then=lambda: 1 / 0)

        assert (count_of_work(), stored(ONCE, now=NOW)) == (0, None)

    def test_outside_a_transaction_it_is_refused(self):
        with pytest.raises(RuntimeError):
            keep(ONCE, StoredAnswer(201, "done"), now=NOW)

    def test_of_many_at_once_one_is_kept(self):
        outcomes: list[object] = []

        def request() -> None:
            try:
                kept(now=NOW)
            except KeyTaken:
                outcomes.append(stored(ONCE, now=NOW))
            else:
                outcomes.append("did it")

        run_at_once([request] * 6)

        assert count_of_work() == 1
        assert outcomes.count("did it") == 1
        assert outcomes.count(StoredAnswer(201, "done")) == 5


@keeping()
def kept(*, now: datetime, is_secret: bool = False, then: Callable[[], object] = lambda: None) -> None:
    ContentType.objects.create(app_label="work", model=uuid4().hex)
    keep(ONCE, StoredAnswer(201, "done"), is_secret=is_secret, now=now)
    then()


@transaction.atomic
def work_and_answer(claimed: Claim, *, then: Callable[[], object] = lambda: None) -> None:
    ContentType.objects.create(app_label="work", model=uuid4().hex)
    complete(claimed, status=201, body="done")
    then()


def count_of_work() -> int:
    return ContentType.objects.filter(app_label="work").count()


def run_at_once(works: list[Callable[[], None]]) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        try:
            start.wait(timeout=10)
            work()
        except BaseException as problem:  # noqa: BLE001
            failures.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failures == []
