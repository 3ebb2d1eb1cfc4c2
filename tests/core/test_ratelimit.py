"""Limits hold on Valkey, and loosen without failing while it is down."""

import threading
import time
from uuid import uuid4

import pytest
import redis
from limits import RateLimitItemPerSecond

from core import ratelimit
from core import valkey as shared
from core.ratelimit import Limit, acquire_slot, hit, release_slot, renew_slot
from core.ratelimit import _verdict as verdict_of
from core.ratelimit import _Window as Window

LIMIT = Limit(amount=3, window_seconds=60)


@pytest.fixture(autouse=True)
def fresh_state(valkey, monkeypatch) -> None:
    monkeypatch.setattr(ratelimit, "_quiet_until", 0.0)
    monkeypatch.setattr(ratelimit, "_local_slots", ratelimit._LocalSlots())
    ratelimit._memory.cache_clear()


@pytest.fixture
def no_valkey(settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


class TestHit:
    def test_requests_are_counted_down_and_the_next_is_refused(self):
        started = int(time.time())

        verdicts = [hit("list", "key_1", LIMIT) for _ in range(4)]

        assert [(verdict.allowed, verdict.remaining) for verdict in verdicts] == [
            (True, 2),
            (True, 1),
            (True, 0),
            (False, 0),
        ]
        for verdict in verdicts:
            assert (verdict.limit, verdict.window) == (3, 60)
            assert started + 59 <= verdict.reset_at <= started + 63

    def test_a_refused_request_is_not_counted(self):
        limit = Limit(amount=2, window_seconds=1)
        for _ in range(10):
            hit("list", "key_1", limit)

        time.sleep(2.05)

        assert hit("list", "key_1", limit).allowed is True

    def test_keys_and_scopes_and_limits_are_counted_apart(self):
        for _ in range(3):
            hit("list", "key_1", LIMIT)

        assert hit("list", "key_1", LIMIT).allowed is False
        assert hit("list", "key_2", LIMIT).allowed is True
        assert hit("status", "key_1", LIMIT).allowed is True

    def test_the_window_slides_and_does_not_start_afresh(self):
        limit = Limit(amount=10, window_seconds=1)
        for number in range(20):
            key, started = f"key_{number}", time.monotonic()
            assert hit("list", key, limit).allowed
            for _ in range(9):
                hit("list", key, limit)
            time.sleep(1.3)
            allowed = sum(hit("list", key, limit).allowed for _ in range(10))
            if time.monotonic() - started < 1.5:
                break  # else the machine had other things to do meanwhile, and more became free

        assert 1 <= allowed <= 5

    def test_when_told_to_come_again_the_next_request_is_welcome(self):
        limit = Limit(amount=2, window_seconds=2)
        while (verdict := hit("list", "key_1", limit)).allowed:
            pass

        time.sleep(max(0, verdict.reset_at - time.time()))

        assert hit("list", "key_1", limit).allowed is True

    def test_a_hit_is_one_round_trip(self, valkey, monkeypatch):
        hit("list", "key_1", LIMIT)
        trips, ask = [], shared.ask
        with monkeypatch.context() as patch:
            patch.setattr(shared, "ask", lambda *commands: trips.append(len(commands)) or ask(*commands))
            patch.setattr(valkey.connection_pool, "get_connection", lambda: trips.append("of the client"))

            hit("list", "key_1", LIMIT)

        assert trips == [2]

    def test_a_restarted_valkey_that_forgot_the_scripts_is_taught_again(self, valkey):
        hit("list", "key_1", LIMIT)
        valkey.script_flush()

        assert hit("list", "key_1", LIMIT).remaining == 1
        assert ratelimit._quiet_until == 0.0

    def test_a_valkey_that_knows_one_script_only_counts_once(self, valkey):
        valkey.script_flush()
        valkey.script_load(ratelimit._storage().SCRIPT_ACQUIRE_SLIDING_WINDOW)

        assert hit("list", "key_1", LIMIT).remaining == 2

    @pytest.mark.parametrize("broken", ["{slot}", "{slot}/-1"])
    def test_a_counter_that_cannot_be_read_is_no_crash(self, valkey, broken):
        item = RateLimitItemPerSecond(LIMIT.amount, LIMIT.window_seconds).key_for("list", "key_1")
        valkey.lpush(f"limit:{broken.format(slot='{' + item + '}')}", "x")

        assert hit("list", "key_1", LIMIT).allowed is True

    def test_many_threads_never_exceed_the_limit(self):
        limit, allowed = Limit(amount=50, window_seconds=60), []

        def ask() -> None:
            allowed.extend(hit("list", "key_1", limit).allowed for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert allowed.count(True) == 50

    def test_counters_lapse_by_themselves(self, valkey):
        hit("list", "key_1", LIMIT)

        assert [0 < valkey.ttl(key) <= 120 for key in valkey.scan_iter()] == [True]


class TestVerdict:
    @pytest.mark.parametrize(
        ("_case", "allowed", "window", "remaining", "seconds"),
        [
            ("first of its window", True, Window(0, 0, 1, 120), 9, 60),
            ("halfway", True, Window(0, 0, 4, 90), 6, 30),
            ("the previous window counts in part", True, Window(10, 30, 1, 90), 4, 30),
            ("full, nothing before", False, Window(0, 0, 10, 90), 0, 30),
            ("full with the fading rest of the previous", False, Window(10, 30, 5, 90), 0, 0),
            ("full until the previous has faded", False, Window(10, 60, 9, 120), 0, 54),
            ("full by itself, with a previous", False, Window(10, 30, 10, 90), 0, 30),
        ],
    )
    def test_remaining_and_reset_follow_from_the_counters(self, _case, allowed, window, remaining, seconds):
        verdict = verdict_of(allowed, Limit(10, 60), window, now=1000.0)

        assert (verdict.remaining, verdict.reset_at) == (remaining, 1000 + seconds)


@pytest.mark.usefixtures("no_valkey")
class TestWithoutValkey:
    def test_each_process_counts_for_itself(self):
        key = uuid4().hex

        verdicts = [hit("list", key, Limit(3, 3600)) for _ in range(4)]

        assert [(verdict.allowed, verdict.remaining) for verdict in verdicts] == [
            (True, 2),
            (True, 1),
            (True, 0),
            (False, 0),
        ]

    def test_a_dead_server_is_asked_once_and_then_left_alone(self, settings):
        with dead_server() as (port, connections):
            settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
            started = time.monotonic()

            for _ in range(100):
                assert hit("list", "key_1", Limit(1000, 60)).allowed

            assert time.monotonic() - started < 20  # one time-out of a second, not a hundred
            assert len(connections) == 1

    def test_it_is_used_again_when_it_is_back(self, settings, valkey, monkeypatch):
        monkeypatch.setattr(ratelimit, "PAUSE_SECONDS", 0.1)
        hit("list", "key_1", LIMIT)
        settings.REDIS_URL = _url_of(valkey)

        hit("list", "key_1", LIMIT)
        assert valkey.keys() == []

        time.sleep(0.11)
        assert [hit("list", "key_1", LIMIT).remaining for _ in range(3)] == [2, 1, 0]
        assert len(valkey.keys()) == 1

    def test_slots_are_counted_here(self):
        first = acquire_slot("sse", "inv_1", amount=1, ttl=60)

        assert first is not None
        assert acquire_slot("sse", "inv_1", amount=1, ttl=60) is None
        renew_slot("sse", "inv_1", first, ttl=60)
        assert acquire_slot("sse", "inv_2", amount=1, ttl=60) is not None
        release_slot("sse", "inv_1", first)
        assert acquire_slot("sse", "inv_1", amount=1, ttl=60) is not None

    def test_local_slots_lapse(self):
        acquire_slot("sse", "inv_1", amount=1, ttl=0)

        assert acquire_slot("sse", "inv_1", amount=1, ttl=60) is not None

    def test_a_slot_of_valkey_may_be_given_back_while_it_is_down(self):
        renew_slot("sse", "inv_1", "a" * 32, ttl=60)
        release_slot("sse", "inv_1", "a" * 32)


class TestSlots:
    def test_no_more_than_the_given_number_at_once(self):
        tokens = [acquire_slot("sse", "inv_1", amount=10, ttl=60) for _ in range(11)]

        assert len(set(tokens[:10])) == 10
        assert None not in tokens[:10]
        assert tokens[10] is None
        assert acquire_slot("sse", "inv_2", amount=10, ttl=60) is not None

    def test_a_slot_given_back_is_free(self):
        token = acquire_slot("sse", "inv_1", amount=1, ttl=60)
        release_slot("sse", "inv_1", token)
        release_slot("sse", "inv_1", token)

        assert acquire_slot("sse", "inv_1", amount=1, ttl=60) is not None
        assert acquire_slot("sse", "inv_1", amount=1, ttl=60) is None

    def test_the_slot_of_a_dead_holder_lapses(self):
        acquire_slot("sse", "inv_1", amount=1, ttl=1)

        time.sleep(1.2)

        assert acquire_slot("sse", "inv_1", amount=1, ttl=60) is not None

    def test_a_renewed_slot_does_not_lapse(self):
        token = acquire_slot("sse", "inv_1", amount=1, ttl=1)
        renew_slot("sse", "inv_1", token, ttl=60)

        time.sleep(1.2)

        assert acquire_slot("sse", "inv_1", amount=1, ttl=60) is None

    def test_a_short_slot_does_not_shorten_a_long_one(self, valkey):
        acquire_slot("sse", "inv_1", amount=2, ttl=60)
        acquire_slot("sse", "inv_1", amount=2, ttl=1)

        time.sleep(1.2)

        assert acquire_slot("sse", "inv_1", amount=2, ttl=60) is not None
        assert acquire_slot("sse", "inv_1", amount=2, ttl=60) is None

    def test_a_slot_that_valkey_forgot_comes_back_with_its_renewal(self, valkey):
        token = acquire_slot("sse", "inv_1", amount=1, ttl=60)
        valkey.flushdb()

        renew_slot("sse", "inv_1", token, ttl=60)

        assert acquire_slot("sse", "inv_1", amount=1, ttl=60) is None
        assert [0 < valkey.ttl(key) <= 60 for key in valkey.scan_iter()] == [True]


def _url_of(client: redis.Redis) -> str:
    facts = client.connection_pool.connection_kwargs
    return f"redis://:{facts.get('password') or ''}@{facts['host']}:{facts['port']}/{facts['db']}"


class dead_server:  # noqa: N801 - reads as a context
    """Takes connections and never answers."""

    def __enter__(self):
        import socket

        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()
        return self.listener.getsockname()[1], self.connections

    def accept(self):
        try:
            while True:
                self.connections.append(self.listener.accept())
        except OSError:
            return

    def __exit__(self, *_):
        self.listener.close()
