"""One trace from a request through the log to the shop's server, sent to a collector; without one, nothing."""

import json
import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from config.celery import _recordings
from core import context, tracing
from core.middleware import RequestContextMiddleware
from core.tasks import prune
from events.models import Event
from events.outbox import Happening, emit
from events.tasks import dispatch_events
from webhooks import services
from webhooks.models import Attempt, Delivery

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"


class Collector:
    """Takes spans as OpenTelemetry's collector does, and remembers them."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        collector = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                collector.headers.append(dict(self.headers))
                collector.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def spans(self) -> list[dict[str, Any]]:
        assert tracing.flush(10)
        scopes = [
            scope for message in self.messages for part in message["resourceSpans"] for scope in part["scopeSpans"]
        ]
        return [span for scope in scopes for span in scope["spans"]]

    def span(self, name: str) -> dict[str, Any]:
        [found] = [span for span in self.spans if span["name"] == name]
        return found


@pytest.fixture
def collector(settings) -> Iterator[Collector]:
    collector = Collector()
    settings.TRACES_ENDPOINT = f"http://127.0.0.1:{collector.server.server_port}"
    tracing.watch_statements(connection)  # which was opened before there was a collector
    yield collector
    connection.execute_wrappers.clear()
    collector.server.shutdown()
    collector.server.server_close()


@pytest.fixture
def sell(happen):
    """Have an invoice paid within a request that carries ``traceparent``; return the answer."""

    def _sell(traceparent: str = TRACEPARENT) -> HttpResponse:
        def view(_request):
            happen("invoice.paid")
            return HttpResponse(status=201)

        request = RequestFactory().post("/api/v1/invoices?token=hunter2", HTTP_TRACEPARENT=traceparent)
        return RequestContextMiddleware(view)(request)

    return _sell


def facts_of(span: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def deliver(now) -> bool:
    return services.deliver(delivery_id=Delivery.objects.get().pk, now=now)


class TestWithACollector:
    def test_request_dispatch_and_webhook_are_one_trace_below_the_callers_span(
        self, collector, endpoint, sell, receiver, now
    ):
        answer = sell()
        assert deliver(now)

        request, dispatch, webhook = map(collector.span, ("POST none", "dispatch invoice.paid", "webhook invoice.paid"))
        assert {span["traceId"] for span in (request, dispatch, webhook)} == {TRACE}
        assert request["parentSpanId"] == CALLER
        assert dispatch["parentSpanId"] == request["spanId"]
        assert webhook["parentSpanId"] == dispatch["spanId"]
        assert [span["kind"] for span in (request, dispatch, webhook)] == [2, 5, 3]
        assert facts_of(request)["checkout.request_id"] == answer["X-Request-ID"]
        assert facts_of(request)["http.response.status_code"] == "201"
        assert facts_of(webhook)["server.address"] == "127.0.0.1"
        assert int(webhook["startTimeUnixNano"]) < int(webhook["endTimeUnixNano"])

    def test_the_shop_can_continue_it(self, collector, endpoint, sell, receiver, now):
        sell()
        deliver(now)

        [request] = receiver.requests
        webhook = collector.span("webhook invoice.paid")
        assert request.headers["traceparent"] == f"00-{TRACE}-{webhook['spanId']}-01"

    def test_a_webhook_that_fails_is_marked_and_each_attempt_has_a_span(self, collector, endpoint, sell, receiver, now):
        receiver.status = 500
        sell()
        deliver(now)
        receiver.status = 200
        Delivery.objects.update(next_attempt_at=now)
        deliver(now)

        spans = [span for span in collector.spans if span["name"] == "webhook invoice.paid"]
        assert [span["status"].get("code") for span in spans] == [2, None]
        assert len({span["spanId"] for span in spans}) == 2

    def test_without_a_callers_trace_it_has_one_of_its_own(self, collector, endpoint, sell, now):
        sell("nonsense")

        request, dispatch = collector.span("POST none"), collector.span("dispatch invoice.paid")
        assert re.fullmatch("[0-9a-f]{32}", request["traceId"])
        assert "parentSpanId" not in request
        assert (dispatch["traceId"], dispatch["parentSpanId"]) == (request["traceId"], request["spanId"])

    def test_what_no_request_caused_begins_a_trace(self, collector, endpoint, happen, now):
        happen("invoice.expired")

        dispatch = collector.span("dispatch invoice.expired")
        assert "parentSpanId" not in dispatch
        assert re.fullmatch("[0-9a-f]{32}", dispatch["traceId"])

    def test_nothing_secret_is_told(self, collector, settings, endpoint, sell, now):
        settings.TRACES_HEADERS = ["Authorization=Basic abc=="]
        sell()
        deliver(now)

        told = json.dumps(collector.spans)
        assert "hunter2" not in told
        assert "whsec_" not in told
        assert "/webhook" not in told
        assert collector.headers[-1]["Authorization"] == "Basic abc=="
        assert collector.messages[0]["resourceSpans"][0]["resource"]["attributes"] == [
            {"key": "service.name", "value": {"stringValue": "crypto-checkout"}}
        ]

    def test_a_share_of_traces_is_kept_whole_or_not_at_all(self, collector, settings):
        settings.TRACES_RATIO = Decimal("0.25")
        traces = [f"{'0' * 16}{part:01x}{'0' * 15}" for part in range(16)]

        kept = [tracing.begin("x", kind=tracing.Kind.SERVER, trace_id=trace) is not None for trace in traces]

        assert kept == [True] * 4 + [False] * 12

    def test_a_crash_is_marked_and_goes_on(self, collector):
        span = tracing.begin("crash", kind=tracing.Kind.SERVER, trace_id=TRACE)

        with pytest.raises(ZeroDivisionError), tracing.recorded(span):
            raise ZeroDivisionError

        assert collector.span("crash")["status"] == {"code": 2}

    def test_a_collector_that_is_away_holds_nobody_up(self, settings, endpoint, sell, now):
        settings.TRACES_ENDPOINT = "http://127.0.0.1:1"

        assert sell().status_code == 201
        assert deliver(now)


class TestStatements:
    def test_stand_below_the_step_that_sent_them(self, collector, endpoint, sell):
        sell()

        request, dispatch = collector.span("POST none"), collector.span("dispatch invoice.paid")
        asked = [span for span in collector.spans if facts_of(span).get("db.system.name")]
        events = [span for span in asked if span["name"] == "INSERT events_event"]
        deliveries = [span for span in asked if span["name"] == "INSERT webhooks_delivery"]
        assert [(span["parentSpanId"], span["traceId"]) for span in events] == [(request["spanId"], TRACE)]
        assert [(span["parentSpanId"], span["traceId"]) for span in deliveries] == [(dispatch["spanId"], TRACE)]
        assert facts_of(events[0]) == {
            "db.system.name": "postgresql",
            "db.operation.name": "INSERT",
            "db.collection.name": "events_event",
        }

    def test_that_fail_are_marked(self, collector, db):
        with pytest.raises(DatabaseError), transaction.atomic(), tracing.recorded(_span_of_a_request()):
            Event.objects.extra(where=["1/0 = 1"]).first()

        assert collector.span("SELECT events_event")["status"] == {"code": 2}

    def test_of_nobody_are_not_recorded(self, collector, db):
        Event.objects.first()

        assert collector.spans == []

    @pytest.mark.parametrize(
        ("sql", "name"),
        [
            ('SELECT 1 FROM "a_b" JOIN "c" ON true', ("SELECT", "a_b")),
            ("\n INSERT INTO a_b (x) VALUES ('FROM secret')", ("INSERT", "a_b")),
            ("WITH x AS (SELECT id FROM c) UPDATE a_b SET y = 1", ("UPDATE", "c")),
            ("DELETE FROM ONLY a_b", ("DELETE", "a_b")),
            ('SAVEPOINT "s1"', ("SAVEPOINT", "")),
            ("", ("STATEMENT", "")),
        ],
    )
    def test_are_named_by_what_they_do_and_to_which_table(self, sql, name):
        assert tracing._named(sql) == name


class TestTasks:
    def test_are_traces_of_their_own_to_which_what_they_do_for_a_request_links(self, collector, endpoint, merchant):
        def view(_request):
            with transaction.atomic():
                emit(Happening("invoice.paid", merchant.pk, True, {}))
            return HttpResponse(status=201)

        RequestContextMiddleware(view)(RequestFactory().post("/", HTTP_TRACEPARENT=TRACEPARENT))
        dispatch_events.apply()

        task, dispatch = collector.span("task events.tasks.dispatch_events"), collector.span("dispatch invoice.paid")
        assert task["traceId"] != TRACE
        assert "parentSpanId" not in task
        assert dispatch["traceId"] == TRACE
        assert dispatch["parentSpanId"] == collector.span("POST none")["spanId"]
        assert dispatch["links"] == [{"traceId": task["traceId"], "spanId": task["spanId"]}]
        assert collector.span("UPDATE events_event")["parentSpanId"] == task["spanId"]

    def test_that_fail_are_marked_and_leave_no_span_open(self, collector, monkeypatch):
        def fail(**_):
            raise ZeroDivisionError

        monkeypatch.setattr("core.tasks.PRUNINGS", [fail])
        prune.apply()
        monkeypatch.setattr("core.tasks.PRUNINGS", [])
        prune.apply()

        first, second = [span for span in collector.spans if span["name"] == "task core.tasks.prune"]
        assert [first["status"], second["status"]] == [{"code": 2}, {}]
        assert "links" not in second
        assert tracing._open.get() is None

    def test_without_a_collector_they_leave_nothing_behind(self, db):
        prune.apply()

        assert _recordings == {}


def _span_of_a_request() -> tracing.Span | None:
    return tracing.begin("request", kind=tracing.Kind.SERVER, trace_id=TRACE)


class TestWithoutOne:
    def test_there_are_no_spans_no_threads_and_no_header(self, settings, endpoint, sell, receiver, now):
        assert settings.TRACES_ENDPOINT == ""
        before = {thread for thread in threading.enumerate() if thread.name == "traces"}

        sell()
        deliver(now)

        assert tracing.begin("x", kind=tracing.Kind.SERVER, trace_id=TRACE) is None
        assert "traceparent" not in {name.lower() for name in receiver.requests[0].headers}
        assert "traceparent" not in Attempt.objects.get().headers
        assert {thread for thread in threading.enumerate() if thread.name == "traces"} == before

    def test_the_log_keeps_the_trace_all_the_same(self, endpoint, sell):
        sell()

        assert Event.objects.get(type="invoice.paid").trace_id == f"trace_{TRACE}"
        assert context.current().trace_id == ""

    def test_claiming_asks_the_log_nothing(self, endpoint, sell, now):
        sell()

        with CaptureQueriesContext(connection) as asked:
            assert len(services.claim_due(now=now)) == 1

        assert not [query for query in asked if "events_event" in query["sql"]]
