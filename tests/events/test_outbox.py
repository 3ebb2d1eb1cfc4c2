"""The log: written with its cause, numbered without gaps, handed out once, never changed."""

import threading
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from core import context
from core.ids import uuid7
from events import outbox, tasks
from events.models import Event, FailedDispatch
from events.outbox import Happening, dispatch, emit, retry_failed

MERCHANT = UUID("01890000-0000-7000-8000-000000000001")


def happening(**changes) -> Happening:
    return Happening(**{"type": "invoice.paid", "merchant_id": MERCHANT, "livemode": False, "data": {}, **changes})


def emit_alone(**changes) -> Event:
    with transaction.atomic():
        return emit(happening(**changes))


@transaction.atomic
def emit_and_fail() -> None:
    emit(happening())
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def no_other_subscribers(monkeypatch):
    monkeypatch.setattr(outbox, "_subscribers", {})
    monkeypatch.setattr(outbox, "_after_dispatch", [])


@pytest.fixture
def seen() -> list[Event]:
    """What a subscriber to everything was handed."""
    events: list[Event] = []
    outbox.subscribe("test", events.append)
    return events


@pytest.mark.django_db(transaction=True)
class TestEmit:
    def test_outside_a_transaction_it_is_refused_and_nothing_is_written(self):
        with pytest.raises(RuntimeError, match="transaction of its cause"):
            emit(happening())

        assert Event.objects.count() == 0

    def test_an_event_dies_with_its_cause(self):
        with pytest.raises(ZeroDivisionError):
            emit_and_fail()

        assert Event.objects.count() == 0

    def test_amounts_keep_every_digit(self):
        amount = Decimal("0.000000000000000001")

        event = emit_alone(data={"amount": amount, "total": Decimal("16.490")})

        assert Event.objects.get(pk=event.pk).data == {"amount": amount, "total": Decimal("16.490")}
        assert str(Event.objects.get(pk=event.pk).data["total"]) == "16.490"

    def test_it_remembers_who_caused_it(self):
        with context.caller(actor="api_key:sk_live_***123", ip_address="192.168.1.100", user_agent="MyApp/1.0"):
            event = emit_alone()

        event.refresh_from_db()
        assert (event.actor, event.ip_address, event.user_agent) == (
            "api_key:sk_live_***123",
            "192.168.1.100",
            "MyApp/1.0",
        )

    def test_a_transaction_with_many_events_nudges_once(self, monkeypatch):
        nudges = []
        monkeypatch.setattr(tasks, "nudge_dispatcher", lambda: nudges.append(1))

        with transaction.atomic():
            emit(happening())
            emit(happening())

        assert nudges == [1]

    def test_a_nudge_taken_back_by_a_savepoint_is_given_again(self, monkeypatch):
        nudges = []
        monkeypatch.setattr(tasks, "nudge_dispatcher", lambda: nudges.append(1))

        with transaction.atomic():
            with pytest.raises(ZeroDivisionError):
                emit_and_fail()
            emit(happening())

        assert nudges == [1]

    def test_with_the_broker_down_the_cause_still_commits(self, settings, monkeypatch):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        monkeypatch.setattr(tasks, "_quiet_until", 0.0)

        emit_alone()

        assert Event.objects.count() == 1
        assert tasks._quiet_until > 0


@pytest.mark.django_db(transaction=True)
class TestDispatch:
    def test_events_get_the_next_positions_in_the_order_they_happened(self, seen):
        first, second = emit_alone(type="invoice.created"), emit_alone(type="invoice.paid")

        assert dispatch() == 2

        assert [(event.pk, event.position) for event in seen] == [(first.pk, 1), (second.pk, 2)]
        assert list(Event.objects.order_by("position").values_list("position", flat=True)) == [1, 2]

    def test_each_event_is_handed_out_once(self, seen):
        emit_alone()

        assert (dispatch(), dispatch(), dispatch()) == (1, 0, 0)

        assert len(seen) == 1

    def test_subscribers_get_only_the_types_they_want(self):
        paid = []
        outbox.subscribe("paid", paid.append, types=frozenset({"invoice.paid"}))
        emit_alone(type="invoice.created")
        emit_alone(type="invoice.paid")

        dispatch()

        assert [event.type for event in paid] == ["invoice.paid"]

    def test_a_failing_subscriber_holds_back_neither_the_log_nor_the_others(self, seen):
        def fail(event):
            Event.objects.create(type="half.done", livemode=False, data={}, actor="x")
            raise ValueError("not today")

        outbox.subscribe("broken", fail)
        event = emit_alone()

        assert dispatch() == 1

        assert len(seen) == 1
        assert Event.objects.filter(type="half.done").count() == 0
        failure = FailedDispatch.objects.get()
        assert (failure.event_id, failure.subscriber, failure.error) == (event.pk, "broken", "ValueError('not today')")

    def test_a_failed_hand_out_is_repeated_until_it_succeeds(self):
        moods = [ValueError("no"), ValueError("still no"), None]
        taken = []

        def moody(event):
            mood = moods.pop(0)
            if mood:
                raise mood
            taken.append(event.pk)

        outbox.subscribe("moody", moody)
        event = emit_alone()
        dispatch()

        assert retry_failed() == 0
        assert FailedDispatch.objects.get().retries == 1
        assert retry_failed() == 1

        assert taken == [event.pk]
        assert FailedDispatch.objects.count() == 0
        assert retry_failed() == 0

    def test_after_the_commit_everyone_is_nudged_though_one_nudge_fails(self):
        nudged = []

        def broken(events):
            raise OSError("no broker")

        outbox.after_dispatch(broken)
        outbox.after_dispatch(lambda events: nudged.append([event.position for event in events]))
        emit_alone()

        assert dispatch() == 1

        assert nudged == [[1]]

    def test_an_event_that_commits_late_gets_a_late_position(self, seen):
        """What a sequence drawn inside transactions gets wrong: number 1 appearing after number 2 was read."""
        drawn, may_commit = threading.Event(), threading.Event()

        def slow():
            with transaction.atomic():
                emit(happening(type="slow"))
                drawn.set()
                may_commit.wait(10)
            connection.close()

        thread = threading.Thread(target=slow)
        thread.start()
        drawn.wait(10)
        emit_alone(type="quick")

        assert dispatch() == 1
        may_commit.set()
        thread.join()
        assert dispatch() == 1

        assert [(event.type, event.position) for event in seen] == [("quick", 1), ("slow", 2)]
        assert seen[0].sequence > seen[1].sequence

    def test_a_reader_of_the_log_sees_no_gap_while_many_commit_at_once(self):
        writers, each = 4, 25
        stop = threading.Event()
        views: list[list[int]] = []

        def write():
            for _ in range(each):
                emit_alone()
            connection.close()

        def number():
            while not stop.is_set():
                dispatch()
            connection.close()

        threads = [threading.Thread(target=write) for _ in range(writers)]
        dispatchers = [threading.Thread(target=number) for _ in range(2)]
        for thread in [*threads, *dispatchers]:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            positions = Event.objects.filter(position__isnull=False).order_by("position")
            views.append(list(positions.values_list("position", flat=True)))
        stop.set()
        for thread in [*threads, *dispatchers]:
            thread.join()
        while dispatch():
            pass

        assert all(view == list(range(1, len(view) + 1)) for view in views)
        assert sorted(Event.objects.values_list("position", flat=True)) == list(range(1, writers * each + 1))

    def test_of_two_dispatchers_one_works_and_the_other_leaves_it_alone(self):
        second_dispatcher, handed_out = [], []

        def rival(event):  # runs while the first dispatcher holds its turn
            handed_out.append(event.pk)

            def work():
                second_dispatcher.append(dispatch())
                connection.close()

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()

        outbox.subscribe("rival", rival)
        event = emit_alone()

        assert dispatch() == 1

        assert second_dispatcher == [0]
        assert handed_out == [event.pk]

    def test_a_dispatcher_that_dies_leaves_everything_to_the_next(self, seen, monkeypatch):
        event = emit_alone()

        def die(events):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(outbox, "_store_positions", die)
            with pytest.raises(KeyboardInterrupt):
                dispatch()
        seen.clear()

        assert dispatch() == 1
        assert [each.pk for each in seen] == [event.pk]


@pytest.mark.django_db
class TestAppendOnly:
    def test_no_column_of_an_event_can_be_changed(self):
        event = emit_alone(data={"amount": 1})

        for change in ({"data": {}}, {"type": "x"}, {"actor": "me"}, {"created_at": "2020-01-01T00:00:00Z"}):
            with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
                Event.objects.filter(pk=event.pk).update(**change)

        assert Event.objects.get().data == {"amount": 1}

    def test_a_position_is_given_once(self):
        event = emit_alone()
        dispatch()

        for position in (2, None):
            with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
                Event.objects.filter(pk=event.pk).update(position=position)

        assert Event.objects.get().position == 1

    def test_an_event_cannot_be_deleted_unless_pruning_says_so(self):
        emit_alone()

        with pytest.raises(IntegrityError, match="events are kept"), transaction.atomic():
            Event.objects.all().delete()
        assert Event.objects.count() == 1

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL events.pruning = 'on'")
            Event.objects.all().delete()
        assert Event.objects.count() == 0


@pytest.mark.django_db
def test_the_task_takes_everything_that_waits(seen, monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 2)
    for _ in range(5):
        emit_alone()

    assert tasks.dispatch_events() == 5

    assert [event.position for event in seen] == [1, 2, 3, 4, 5]


@pytest.mark.django_db
def test_a_given_key_becomes_the_id():
    key = uuid7()

    event = emit(happening(key=key))

    assert event.pk == key
    assert event.pk != uuid4()
