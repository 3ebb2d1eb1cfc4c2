import logging

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from core import context
from core.ids import parse_public_id
from core.middleware import RequestContextMiddleware, client_address, trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def visit():
    """Send a request through the middleware; return the response and who the view saw calling."""

    def _visit(path="/", **meta):
        seen = []

        def view(request):
            seen.append(context.current())
            return HttpResponse(status=204)

        response = RequestContextMiddleware(view)(RequestFactory().get(path, **meta))
        return response, seen[0]

    return _visit


def test_every_request_gets_an_id_of_its_own_and_returns_it(visit):
    first, caller = visit()
    second, _ = visit()

    assert parse_public_id("req", first["X-Request-ID"]) is not None
    assert caller.request_id == first["X-Request-ID"]
    assert first["X-Request-ID"] != second["X-Request-ID"]


def test_the_caller_is_forgotten_after_the_request(visit):
    visit(HTTP_USER_AGENT="curl/8")

    assert context.current() == context.Caller()


def test_an_actor_named_by_a_view_does_not_reach_the_next_request(visit):
    RequestContextMiddleware(lambda _request: context.set_actor("user:1") or HttpResponse())(RequestFactory().get("/"))

    _, caller = visit()

    assert caller.actor == "anonymous"


def test_a_user_agent_is_kept_without_control_characters_and_not_for_ever(visit):
    _, caller = visit(HTTP_USER_AGENT="shop\x00\n/1.0" + "x" * 500)

    assert caller.user_agent == "shop/1.0" + "x" * 247


class TestTraceId:
    def test_follows_the_traceparent_of_the_caller(self, visit):
        _, caller = visit(HTTP_TRACEPARENT=f"00-{TRACE}-00f067aa0ba902b7-01")

        assert caller.trace_id == f"trace_{TRACE}"

    @pytest.mark.parametrize(
        "traceparent",
        [
            "",
            "nonsense",
            f"00-{TRACE}",
            f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
            f"00-{'0' * 32}-00f067aa0ba902b7-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"ff-{TRACE}-00f067aa0ba902b7-01",
        ],
    )
    def test_is_new_when_there_is_no_valid_one(self, traceparent):
        fresh = trace_id(traceparent)

        assert parse_public_id("trace", fresh) is not None
        assert fresh != trace_id(traceparent)


class TestClientAddress:
    @pytest.mark.parametrize(
        ("_case", "proxies", "remote", "forwarded", "address"),
        [
            ("no proxy", [], "203.0.113.7", "", "203.0.113.7"),
            ("a claim is not believed", [], "203.0.113.7", "198.51.100.1", "203.0.113.7"),
            ("a claim through a stranger", ["10.0.0.0/8"], "203.0.113.7", "198.51.100.1", "203.0.113.7"),
            ("through our proxy", ["10.0.0.0/8"], "10.0.0.2", "198.51.100.1", "198.51.100.1"),
            ("through two of our proxies", ["10.0.0.0/8"], "10.0.0.2", "198.51.100.1, 10.0.0.9", "198.51.100.1"),
            ("a forged first entry", ["10.0.0.0/8"], "10.0.0.2", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
            (
                "a forged entry that looks like ours",
                ["10.0.0.0/8"],
                "10.0.0.2",
                "10.1.1.1, 198.51.100.1",
                "198.51.100.1",
            ),
            ("our proxy says nothing", ["10.0.0.0/8"], "10.0.0.2", "", "10.0.0.2"),
            ("our proxy says nonsense", ["10.0.0.0/8"], "10.0.0.2", "unknown", "10.0.0.2"),
            ("a claim behind nonsense", ["10.0.0.0/8"], "10.0.0.2", "1.2.3.4, unknown, 10.0.0.9", "10.0.0.9"),
            ("IPv6", ["::1/128"], "::1", "2001:db8::7", "2001:db8::7"),
            ("an IPv4 client of an IPv6 socket", ["10.0.0.0/8"], "::ffff:10.0.0.2", "198.51.100.1", "198.51.100.1"),
            ("a neighbour on one of our links", [], "fe80::7%eth0", "", "fe80::7"),
            ("a zone that is none", ["::1/128"], "::1", "fe80::7%' OR 1", "fe80::7"),
            ("a Unix socket", [], "", "198.51.100.1", ""),
        ],
    )
    def test_is_believed_only_as_far_as_our_proxies_wrote_it(
        self, settings, _case, proxies, remote, forwarded, address
    ):
        settings.TRUSTED_PROXIES = proxies
        request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)

        assert client_address(request) == address


class TestAccessLog:
    def test_one_line_says_what_was_asked_and_answered_but_not_the_query(self, visit, caplog):
        with caplog.at_level(logging.INFO, logger="access"):
            visit("/invoice/inv_1?token=hunter2", REMOTE_ADDR="203.0.113.7")

        (record,) = (record for record in caplog.records if record.name == "access")
        assert record.msg["event"] == "GET /invoice/inv_1"
        assert record.msg["status"] == 204
        assert record.msg["ip_address"] == "203.0.113.7"
        assert "hunter2" not in str(record.msg)

    def test_questions_after_our_health_are_no_news(self, visit, caplog):
        with caplog.at_level(logging.INFO, logger="access"):
            visit("/healthz")

        assert [record for record in caplog.records if record.name == "access"] == []
