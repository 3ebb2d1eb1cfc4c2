"""Which endpoint is asked: the one that works, never one that rests, never one that is behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.test import override_settings

from chains import registry
from chains.base import Block, ChainUnavailable
from chains.endpoint import AllFailed, Endpoint, Limits, Refused
from chains.health import GROWS_AFTER, Bucket, Health, Span, endpoint_name
from chains.nodes import Nodes
from tests.chains.fake_node import FakeNode

LIMITS = Limits(rounds=1, rest_seconds=8)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def nodes(clock) -> Nodes:
    endpoints = [Endpoint(f"http://{name}.example/key", headers={}, limits=LIMITS, batch_size=1) for name in "abc"]
    for endpoint in endpoints:
        endpoint.health = Health(endpoint.name, rest_seconds=LIMITS.rest_seconds, clock=clock)
    return Nodes(endpoints, verify=lambda _: None, limits=LIMITS)


def asked(nodes: Nodes, *, down: str = "") -> str:
    """Ask which endpoint answers when those named in ``down`` fail; return the letters of all that were asked."""
    seen = []

    def work(endpoint: Endpoint) -> None:
        letter = endpoint.name.removeprefix("http://")[0]
        seen.append(letter)
        if letter in down:
            failure = endpoint.failure("is down")
            endpoint.health.failed(str(failure))
            raise failure

    try:
        nodes.ask(work)
    except ChainUnavailable:
        seen.append("!")
    return "".join(seen)


class TestFailover:
    def test_the_next_one_is_asked_and_kept(self, nodes):
        assert asked(nodes) == "a"
        assert asked(nodes, down="a") == "ab"
        assert asked(nodes) == "b"
        assert nodes.source == "http://b.example"

    def test_all_that_fail_again_and_again_rest(self, nodes, clock):
        assert asked(nodes, down="abc") == "abc!"
        assert asked(nodes, down="abc") == "abc!"

        assert asked(nodes) == "!"
        clock.now += 8
        assert asked(nodes) == "a"

    def test_a_rest_grows_and_ends_with_an_answer(self, nodes, clock):
        for _ in range(6):
            asked(nodes, down="abc")
            clock.now += 60
        asked(nodes, down="abc")
        clock.now += 25
        assert asked(nodes) == "!"
        clock.now += 35
        assert asked(nodes) == "a"

    def test_the_error_says_why_nobody_was_asked(self, nodes):
        for _ in range(2):
            asked(nodes, down="abc")

        with pytest.raises(ChainUnavailable, match=r"http://a\.example rests for \d+ s, because it is down"):
            nodes.ask(lambda _: None)

    def test_a_refusal_is_no_failure(self, nodes):
        def refuse(endpoint: Endpoint) -> None:
            raise Refused("no")

        for _ in range(5):
            with pytest.raises(Refused):
                nodes.ask(refuse)

        assert asked(nodes) == "a"


class TestWaiting:
    def test_a_busy_node_is_left_alone_as_long_as_it_asks(self, nodes, clock):
        nodes.endpoints[0].health.told_to_wait("30")

        assert asked(nodes) == "b"
        clock.now += 31
        assert asked(nodes, down="b") == "bc"
        assert asked(nodes, down="c") == "ca"

    @pytest.mark.parametrize(
        "wish", ["", "-5", "soon", "0", "Wed, 21 Oct 2020 07:28:00 GMT", "Wed, 21 Oct 2048 07:28:00", "1e9"]
    )
    def test_a_wish_that_is_none_changes_nothing(self, nodes, wish):
        nodes.endpoints[0].health.told_to_wait(wish)

        assert asked(nodes) == "a"

    def test_a_date_is_measured_by_the_clock_of_the_node(self, nodes, clock):
        nodes.endpoints[0].health.told_to_wait("Wed, 21 Oct 2015 07:28:30 GMT", said_at="Wed, 21 Oct 2015 07:28:00 GMT")

        assert asked(nodes) == "b"
        clock.now += 29
        assert asked(nodes, down="b") == "bc"
        clock.now += 2
        assert asked(nodes, down="c") == "ca"

    def test_a_date_without_another_is_measured_by_ours(self, nodes, clock):
        nodes.endpoints[0].health.told_to_wait(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))

        assert asked(nodes) == "b"
        clock.now += 61
        assert asked(nodes, down="b") == "bc"
        assert asked(nodes, down="c") == "ca"

    def test_a_busy_endpoint_is_heard(self):
        headers = {"Retry-After": "Wed, 21 Oct 2015 07:29:00 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}
        node = FakeNode(lambda _path, _body: (429, b"slow down"))
        node.reply_headers = headers
        endpoint = Endpoint(node.url, headers={}, limits=LIMITS, batch_size=1)
        with pytest.raises(ChainUnavailable):
            endpoint.get("")
        node.stop()

        assert endpoint.health.why().startswith(("rests for 60 s", "rests for 59 s"))

    @pytest.mark.parametrize("wish", ["999999999", "9" * 5000, "Wed, 21 Oct 2048 07:28:00 GMT"])
    def test_nobody_is_left_alone_for_ever(self, nodes, clock, wish):
        nodes.endpoints[0].health.told_to_wait(wish)
        assert asked(nodes) == "b"
        clock.now += 601

        assert asked(nodes, down="b") == "bc"
        assert asked(nodes, down="c") == "ca"


class TestBehind:
    def tip(self, nodes: Nodes, *heights: int) -> int:
        told = dict(zip("abc", heights, strict=True))

        def work(endpoint: Endpoint) -> Block:
            height = told[endpoint.name.removeprefix("http://")[0]]
            return Block(height, "h", "p", datetime(2026, 1, 1, tzinfo=UTC))

        return nodes.newest(work, lag=3).height

    def test_a_node_that_fell_behind_is_passed_over(self, nodes):
        assert self.tip(nodes, 100, 0, 0) == 100
        assert self.tip(nodes, 96, 101, 0) == 101
        assert nodes.source == "http://b.example"

    def test_a_few_blocks_are_nothing(self, nodes):
        self.tip(nodes, 100, 0, 0)

        assert self.tip(nodes, 97, 101, 0) == 97

    def test_when_all_agree_the_chain_is_shorter_now(self, nodes):
        self.tip(nodes, 100, 0, 0)

        assert self.tip(nodes, 20, 20, 20) == 20
        assert self.tip(nodes, 21, 0, 0) == 21


class TestDoubt:
    def doubt(self, nodes: Nodes, failure: Exception) -> None:
        def work() -> None:
            with nodes.doubted():
                nodes.ask(lambda _: None)
                raise failure

        with pytest.raises(type(failure)):
            work()

    def test_a_node_that_told_what_cannot_be_is_left_and_stays_left(self, nodes):
        self.doubt(nodes, ChainUnavailable("the node told of two different blocks 7"))

        assert [asked(nodes), asked(nodes)] == ["b", "b"]
        assert [each.reason for each in nodes.health()] == ["the node told of two different blocks 7", "", ""]

    def test_the_last_one_is_followed_by_the_first(self, nodes):
        for _ in range(3):
            self.doubt(nodes, ChainUnavailable("nonsense"))

        assert asked(nodes) == "a"

    def test_a_part_is_read_again_from_each_further_node_once(self, nodes):
        asked_of = []

        def read() -> None:
            with nodes.doubted():
                asked_of.append(nodes.ask(lambda endpoint: endpoint.name[-9]))
                raise ChainUnavailable("the node told of two different blocks 7")

        with pytest.raises(ChainUnavailable, match="two different"):
            nodes.by_any(read)

        assert asked_of == ["a", "b", "c"]

    def test_when_no_node_answers_none_is_asked_again(self, nodes):
        asked_of = []

        def read() -> None:
            with nodes.doubted():
                nodes.ask(fail)

        def fail(endpoint: Endpoint) -> None:
            asked_of.append(endpoint.name)
            raise endpoint.failure("is down")

        with pytest.raises(AllFailed):
            nodes.by_any(read)

        assert len(asked_of) == 3

    def test_a_refusal_is_no_lie(self, nodes):
        self.doubt(nodes, Refused("no"))

        assert asked(nodes) == "a"

    def test_an_impossible_tip_makes_nobody_look_behind(self, nodes):
        tips = {"a": 10**9, "b": 100, "c": 100}

        def tip(endpoint: Endpoint) -> Block:
            return Block(tips[endpoint.name.removeprefix("http://")[0]], "h", "p", datetime(2026, 1, 1, tzinfo=UTC))

        assert nodes.newest(tip, lag=3).height == 10**9
        self.doubt(nodes, ChainUnavailable("the node has no block 101"))

        assert nodes.newest(tip, lag=3).height == 100
        assert nodes.source == "http://b.example"


class TestSpan:
    def test_nothing_is_held_back_before_a_refusal(self):
        assert Span().within(10_000) == 10_000

    def test_it_is_halved_down_to_one_block(self):
        span = Span()
        for count, left in ((10, 5), (5, 3), (3, 2), (2, 1), (1, 1)):
            span.refused(count)
            assert span.within(10_000) == left

    def test_it_grows_slowly_with_good_answers_of_its_full_size(self):
        span = Span()
        span.refused(80)

        for _ in range(GROWS_AFTER - 1):
            span.answered(40)
        span.answered(39)
        assert span.within(10_000) == 40
        span.answered(40)
        assert span.within(10_000) == 50

    def test_a_refusal_begins_the_count_again(self):
        span = Span()
        span.refused(80)
        for _ in range(GROWS_AFTER - 1):
            span.answered(40)
        span.refused(40)
        span.answered(20)

        assert span.within(10_000) == 20


class TestBucket:
    def test_it_lets_a_second_s_worth_through_and_then_one_at_a_time(self, clock):
        bucket = Bucket(4, clock=clock, sleep=clock.sleep)

        moments = []
        for _ in range(8):
            bucket.take()
            moments.append(clock.now - 1000)

        assert moments == [0, 0, 0, 0, 0.25, 0.5, 0.75, 1.0]

    def test_without_a_rate_nothing_waits(self, clock):
        bucket = Bucket(0, clock=clock, sleep=clock.sleep)
        for _ in range(1000):
            bucket.take()

        assert clock.now == 1000


class TestOther:
    CHAINS = {"ethereum": {"rpc_urls": ["http://u:p@one.example/key1", "http://two.example/key2"]}}

    def test_names_show_no_key(self):
        assert (
            endpoint_name("https://user:secret@node.example:8545/v3/secret?key=secret") == "https://node.example:8545"
        )

    def test_a_reader_can_be_had_apart_from_one_endpoint(self):
        with override_settings(CHAINS=self.CHAINS):
            names = [each.name for each in registry.reader("ethereum", apart_from="http://one.example").health()]
            both = [each.name for each in registry.reader("ethereum").health()]

        assert names == ["http://two.example"]
        assert both == ["http://one.example", "http://two.example"]

    def test_where_there_is_no_other_the_same_is_asked(self):
        chain = replace(registry.network("ethereum"), rpc_urls=("http://one.example/key1",))

        assert registry.without_endpoint(chain, "http://one.example").rpc_urls == ("http://one.example/key1",)

    def test_tron_s_second_list_stays_beside_the_first(self):
        chain = replace(
            registry.network("tron"),
            rpc_urls=("http://one.example", "http://two.example"),
            options={"jsonrpc_urls": "http://one.example:8545,http://two.example:8545"},
        )

        other = registry.without_endpoint(chain, "http://one.example")

        assert (other.rpc_urls, other.options) == (
            ("http://two.example",),
            {"jsonrpc_urls": "http://two.example:8545"},
        )
