"""Event streams over HTTP: a real uvicorn, real sockets, real PostgreSQL and Valkey."""

import asyncio
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
import uvicorn
from django.db import connection, transaction
from django.utils import timezone

from api.authentication import Identity, issue_token
from api.errors import APIKeyRevoked
from api.v1 import stream as api_stream
from api.v1.stream import EventStreams
from api.v1.stream_access import StreamRequest, admit
from core import exact_json, metering, valkey
from events import outbox, stream
from events.models import Event
from events.outbox import Happening, dispatch, emit
from invoices.models import Invoice
from merchants.services import (
    Grant,
    KeyChanges,
    KeyOrder,
    create_api_key,
    revoke_api_key,
    suspend,
    update_api_key,
)
from tests.api.signed_up import signed_up
from tests.events.tails import database_threads
from tests.factories import make_invoice

pytestmark = pytest.mark.django_db(transaction=True)

PROGRESS = {"received": Decimal("10.00"), "required": Decimal("16.49"), "percent": Decimal("60.64")}


class Server:
    """uvicorn in a thread, on a free port."""

    def __init__(self) -> None:
        self.app = EventStreams()
        config = uvicorn.Config(self.app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    def listeners(self) -> int:
        return sum(len(each) for each in self.app._tail._subscriptions.values())


class Stream:
    """A reader of one stream."""

    def __init__(self, port: int, path: str, method: str = "GET", **headers: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        self.response: HTTPResponse = self._connection.getresponse()
        self.status = self.response.status

    def block(self) -> dict[str, Any]:
        """Return the next block as its fields; a comment stands under ``""``. Empty at the end of the stream."""
        fields: dict[str, Any] = {}
        while line := self.response.readline().decode().rstrip("\n"):
            name, _, text = line.partition(":")
            fields[name] = exact_json.loads(text) if name == "data" else text.strip()
        return fields

    def data(self) -> dict[str, Any]:
        """Return what the next event says, leaving out retry hints and marks."""
        while block := self.block():
            if "data" in block:
                return {**block["data"], "id": block.get("id")}
        return {}

    def json(self) -> Any:
        return exact_json.loads(self.response.read())

    def is_at_its_end(self) -> bool:
        return self.response.readline() == b""

    def close(self) -> None:
        sock = self._connection.sock
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
        self.response.close()
        self._connection.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(outbox, "_subscribers", {})
    monkeypatch.setattr(outbox, "_after_dispatch", [stream.announce])
    with database_threads(monkeypatch):
        server = Server()
        yield server
        server.stop()


@pytest.fixture
def account():
    return signed_up(timezone.now())


@pytest.fixture
def invoice(account) -> Invoice:
    invoice = make_invoice(account.merchant, timezone.now())
    dispatch()
    return invoice


@pytest.fixture
def open_stream(server) -> Iterator[Callable[..., Stream]]:
    opened: list[Stream] = []

    def open_one(path: str, **options: str) -> Stream:
        opened.append(Stream(server.port, path, **options))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def path_of(invoice: Invoice) -> str:
    return f"/api/v1/public/invoice/{invoice.public_id}/events"


def happen(invoice: Invoice, event_type: str, **data: Any) -> int:
    """Have something happen to the invoice; return its position."""
    with transaction.atomic():
        event = emit(
            Happening(event_type, invoice.merchant_id, invoice.livemode, {"status": "?", **data}, invoice_id=invoice.pk)
        )
    dispatch()
    event.refresh_from_db()
    return event.position


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def listening() -> bool:
    return bool(valkey.client().pubsub_numsub(stream.CHANNEL)[0][1])


class TestRealTimePaymentUpdates:
    def test_seed1_and_seed2_real_time_payment_updates(self, invoice, open_stream):
        reader = open_stream(path_of(invoice))
        assert reader.status == 200
        assert reader.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert reader.response.headers["Access-Control-Allow-Origin"] == "*"
        assert reader.response.headers["Cache-Control"] == "no-store"
        assert reader.data()["event"] == "snapshot"

        detected = happen(
            invoice,
            "payment.detected",
            payment={"amount": Decimal("10.00"), "status": "detected", "confirmations": 0, "id": "pay_secret"},
            payment_progress=PROGRESS,
            metadata={"order_id": "private"},
        )
        confirmed = happen(
            invoice,
            "payment.confirmed",
            payment={"amount": Decimal("10.00"), "status": "confirmed", "confirmations": 12},
        )
        paid = happen(invoice, "invoice.paid", status="paid", paid_at="2025-01-15T10:18:00Z")

        assert reader.data() == {
            "event": "payment.detected",
            "payment": {"amount": Decimal("10.00"), "status": "detected"},
            "payment_progress": PROGRESS,
            "id": str(detected),
        }
        assert reader.data() == {
            "event": "payment.confirmed",
            "payment": {"amount": Decimal("10.00"), "status": "confirmed", "confirmations": 12},
            "id": str(confirmed),
        }
        assert reader.data() == {
            "event": "invoice.paid",
            "status": "paid",
            "paid_at": "2025-01-15T10:18:00Z",
            "id": str(paid),
        }
        assert reader.is_at_its_end()

    def test_the_snapshot_is_the_public_view(self, invoice, open_stream):
        reader = open_stream(path_of(invoice))
        retry = reader.block()
        facts = reader.data()

        assert retry == {"retry": "3000"}
        assert (facts["event"], facts["status"]) == ("snapshot", "created")
        assert facts["payment_progress"]["required"] > 0
        assert int(facts["id"]) > 0

    def test_news_arrives_at_once_and_not_when_the_log_is_next_looked_at(self, invoice, open_stream, monkeypatch):
        monkeypatch.setattr(stream, "POLL_SECONDS", 60.0)
        reader = open_stream(path_of(invoice))
        reader.data()
        assert wait_until(listening)

        happen(invoice, "payment.detected")

        assert reader.data()["event"] == "payment.detected"

    def test_what_happens_to_other_invoices_is_not_told(self, invoice, account, open_stream):
        other = make_invoice(account.merchant, timezone.now())
        reader = open_stream(path_of(invoice))
        reader.data()

        happen(other, "payment.detected")
        happen(invoice, "payment.confirmed")

        assert reader.data()["event"] == "payment.confirmed"

    def test_internal_events_and_settlements_are_not_told(self, invoice, open_stream):
        reader = open_stream(path_of(invoice))
        reader.data()

        happen(invoice, "note.added")
        happen(invoice, "settlement.created")
        happen(invoice, "payment.detected")

        assert reader.data()["event"] == "payment.detected"


class TestResuming:
    @pytest.mark.parametrize("way", ["header", "query"])
    def test_what_was_missed_is_told_with_its_positions(self, invoice, open_stream, way):
        first = happen(invoice, "payment.detected")
        second = happen(invoice, "payment.confirming")
        third = happen(invoice, "payment.confirmed")

        if way == "header":
            reader = open_stream(path_of(invoice), Last_Event_ID=str(first))
        else:
            reader = open_stream(f"{path_of(invoice)}?last_event_id={first}")

        snapshot = reader.data()
        assert (snapshot["event"], snapshot["id"]) == ("snapshot", None)
        assert [(each["event"], each["id"]) for each in (reader.data(), reader.data())] == [
            ("payment.confirming", str(second)),
            ("payment.confirmed", str(third)),
        ]

    def test_more_than_one_page_of_missed_events_comes_complete(self, invoice, open_stream, monkeypatch):
        monkeypatch.setattr("api.v1.stream_access.MISSED_BATCH", 2)
        monkeypatch.setattr(api_stream, "MISSED_BATCH", 2)
        positions = [happen(invoice, "payment.confirming") for _ in range(5)]

        reader = open_stream(path_of(invoice), Last_Event_ID=str(positions[0] - 1))
        reader.data()

        assert [reader.data()["id"] for _ in positions] == [str(position) for position in positions]

    def test_a_broken_connection_loses_nothing(self, invoice, server, open_stream):
        reader = open_stream(path_of(invoice))
        reader.data()
        happen(invoice, "payment.detected")
        last = reader.data()["id"]
        reader.close()
        missed = happen(invoice, "payment.confirming")

        again = open_stream(path_of(invoice), Last_Event_ID=last)
        again.data()
        assert again.data()["id"] == str(missed)
        live = happen(invoice, "payment.confirmed")
        assert again.data()["id"] == str(live)

    def test_what_was_told_from_the_log_is_not_told_again_by_the_tail(self, invoice, open_stream, monkeypatch):
        monkeypatch.setattr(stream, "POLL_SECONDS", 60.0)
        early = open_stream(path_of(invoice))
        early.data()
        assert wait_until(listening)
        time.sleep(0.3)  # the tail has read what there was
        monkeypatch.setattr(outbox, "_after_dispatch", [])
        unheard = happen(invoice, "payment.detected")
        late = open_stream(path_of(invoice), Last_Event_ID=str(unheard - 1))
        late.data()
        assert late.data()["id"] == str(unheard)

        monkeypatch.setattr(outbox, "_after_dispatch", [stream.announce])
        heard = happen(invoice, "payment.confirmed")

        assert [early.data()["id"], early.data()["id"]] == [str(unheard), str(heard)]
        assert late.data()["id"] == str(heard)

    @pytest.mark.parametrize("nonsense", ["abc", "-1", "1" * 40, "1.5", "\u0663"])
    def test_an_id_that_is_none_starts_anew(self, invoice, open_stream, nonsense):
        reader = open_stream(path_of(invoice), Last_Event_ID=nonsense.encode().decode("latin-1"))

        assert reader.status == 200
        assert reader.data()["id"] is not None


class TestTheEnd:
    def finish(self, invoice, status="paid"):
        Invoice.objects.filter(pk=invoice.pk).update(
            status=status,
            **({"paid_at": timezone.now()} if status == "paid" else {}),
            **({"cancelled_at": timezone.now()} if status == "cancelled" else {}),
        )
        return happen(invoice, f"invoice.{status}", status=status)

    @pytest.mark.parametrize("status", ["expired", "cancelled"])
    def test_a_final_status_ends_the_stream(self, invoice, open_stream, status):
        reader = open_stream(path_of(invoice))
        reader.data()

        happen(invoice, f"invoice.{status}", status=status)

        assert reader.data()["status"] == status
        assert reader.is_at_its_end()

    def test_an_invoice_that_is_over_is_told_and_that_is_all(self, invoice, open_stream):
        position = self.finish(invoice, "expired")

        reader = open_stream(path_of(invoice))

        facts = reader.data()
        assert (facts["status"], facts["id"]) == ("expired", str(position))
        assert reader.is_at_its_end()

    def test_who_has_seen_the_end_is_told_not_to_come_back(self, invoice, open_stream):
        position = self.finish(invoice, "expired")

        assert open_stream(path_of(invoice), Last_Event_ID=str(position)).status == 204
        assert open_stream(path_of(invoice), Last_Event_ID=str(position - 1)).status == 200

    def test_while_the_last_event_waits_for_its_number_nobody_has_seen_the_end(self, invoice, open_stream):
        seen = happen(invoice, "payment.confirmed")
        Invoice.objects.filter(pk=invoice.pk).update(status="expired")
        with transaction.atomic():
            emit(Happening("invoice.expired", invoice.merchant_id, False, {}, invoice_id=invoice.pk))

        assert open_stream(path_of(invoice), Last_Event_ID=str(seen)).status == 200

    def test_overpaid_is_told_with_paid(self, invoice, open_stream):
        reader = open_stream(path_of(invoice))
        reader.data()
        assert wait_until(listening)
        with transaction.atomic():
            for event_type in ("invoice.paid", "invoice.overpaid"):
                emit(Happening(event_type, invoice.merchant_id, False, {"status": "paid"}, invoice_id=invoice.pk))
        dispatch()

        assert [reader.data()["event"], reader.data()["event"]] == ["invoice.paid", "invoice.overpaid"]
        assert reader.is_at_its_end()


class TestPlaces:
    def test_the_eleventh_reader_of_an_invoice_is_refused_until_one_leaves(self, invoice, server, open_stream):
        readers = [open_stream(path_of(invoice)) for _ in range(10)]
        assert all(reader.data()["event"] == "snapshot" for reader in readers)

        refused = open_stream(path_of(invoice))
        assert refused.status == 429
        error = refused.json()["error"]
        assert (error["type"], error["code"]) == ("rate_limit_error", "RATE_LIMIT_EXCEEDED")

        readers[0].close()
        assert wait_until(lambda: server.listeners() == 9)
        assert open_stream(path_of(invoice)).status == 200

    def test_other_invoices_have_places_of_their_own(self, invoice, account, open_stream):
        other = make_invoice(account.merchant, timezone.now())
        for _ in range(10):
            assert open_stream(path_of(invoice)).status == 200

        assert open_stream(path_of(other)).status == 200

    def test_a_reader_that_does_not_read_is_dropped(self, invoice, server, monkeypatch):
        monkeypatch.setattr(stream, "BACKLOG", 5)
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # before connecting, or it grows by itself
        sock.connect(("127.0.0.1", server.port))
        sock.sendall(f"GET {path_of(invoice)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert wait_until(lambda: server.listeners() == 1)
        assert wait_until(listening)

        large = {"received": Decimal(1), "note": "x" * 500_000}  # what the kernel buffers must be full of
        for _ in range(60):
            happen(invoice, "payment.confirming", payment_progress=large)
            if not server.listeners():
                break

        assert wait_until(lambda: server.listeners() == 0)
        sock.close()


class TestRefusals:
    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1/public/invoice/inv_01m7yez3egff1rps421n1pztdw/events",
            "/api/v1/public/invoice/nonsense/events",
            "/api/v1/public/invoice/%00/events",
            "/api/v1/public/invoice/evt_01m7yez3egff1rps421n1pztdw/events",
            "/api/v1/elsewhere",
        ],
    )
    def test_what_is_not_there_is_a_404_in_the_envelope(self, open_stream, path):
        reader = open_stream(path)

        assert reader.status == 404
        body = reader.json()
        assert body["error"]["type"] == "invalid_request_error"
        assert body["request_id"].startswith("req_")
        assert reader.response.headers["X-Request-ID"] == body["request_id"]
        assert reader.response.headers["Access-Control-Allow-Origin"] == "*"

    def test_other_methods_are_not_allowed(self, invoice, open_stream):
        reader = open_stream(path_of(invoice), method="POST")

        assert reader.status == 405
        assert reader.response.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert reader.json()["error"]["code"] == "METHOD_NOT_ALLOWED"

    def test_head_and_options_answer_without_a_stream(self, invoice, server, open_stream):
        head, options = open_stream(path_of(invoice), method="HEAD"), open_stream(path_of(invoice), method="OPTIONS")

        assert (head.status, options.status) == (200, 204)
        assert head.response.headers["Content-Type"].startswith("text/event-stream")
        assert "GET" in options.response.headers["Access-Control-Allow-Methods"]
        assert server.listeners() == 0

    def test_with_the_database_down_it_says_so(self, invoice, open_stream, monkeypatch):
        from django.db import OperationalError

        def down(**_: Any) -> None:
            raise OperationalError("gone")

        monkeypatch.setattr(api_stream, "admit", down)

        reader = open_stream(path_of(invoice))

        assert reader.status == 503
        assert reader.json()["error"]["code"] == "SERVICE_UNAVAILABLE"


def test_a_server_told_to_stop_ends_its_streams_first(invoice, monkeypatch):
    monkeypatch.setattr(outbox, "_after_dispatch", [])
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: told.append(number))

    async def scenario() -> bool:
        app = EventStreams()
        messages = iter([{"type": "lifespan.startup"}])

        async def receive() -> Any:
            return next(messages, None) or await asyncio.Event().wait()

        async def send(_: Any) -> None:
            started.set()

        started = asyncio.Event()
        life = asyncio.create_task(app({"type": "lifespan"}, receive, send))
        await started.wait()
        reader = await app._tail.subscribe(stream.Topic(invoice_id=invoice.pk), on_overflow=lambda: None)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(reader.next(), 5)
        app._tail.unsubscribe(reader)
        life.cancel()
        return reader.closed

    try:
        with database_threads(monkeypatch):
            assert asyncio.run(scenario()) is True
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert told == [signal.SIGTERM]


def test_what_happens_is_told_to_all_who_listen(invoice, open_stream):
    readers = [open_stream(path_of(invoice)) for _ in range(3)]
    opened = [reader.data() for reader in readers]

    happen(invoice, "payment.detected")

    told = [reader.data() for reader in readers]
    assert [each["event"] for each in opened + told] == ["snapshot"] * 3 + ["payment.detected"] * 3
    assert told[0] == told[1] == told[2]


def test_a_frame_is_made_once_for_each_form(invoice):
    event, made = Event.objects.latest("sequence"), []

    def public(each: Event) -> bytes:
        made.append(each)
        return b"public"

    told = [api_stream._written(frame, event) for frame in (public, lambda _: b"full", public)]

    assert told == [b"public", b"full", b"public"]
    assert made == [event]


def test_how_many_may_listen_at_once_is_a_setting(invoice, account, open_stream, settings):
    settings.STREAMS_PER_INVOICE, settings.STREAMS_PER_MERCHANT = 1, 2
    programs = ("/api/v1/events/stream", {"Authorization": f"Bearer {account.test_api_key}"})

    assert [open_stream(path_of(invoice)).status for _ in range(2)] == [200, 429]
    assert [open_stream(programs[0], **programs[1]).status for _ in range(3)] == [200, 200, 429]


def test_a_quiet_stream_says_that_it_is_alive(invoice, open_stream, monkeypatch):
    monkeypatch.setattr(stream, "QUIET_SECONDS", 0.1)
    reader = open_stream(path_of(invoice))
    reader.data()

    assert reader.block() == {"": "still here"}


def test_open_streams_and_what_is_written_into_them_are_counted(invoice, server, open_stream):
    def told(name: str) -> float:
        line = re.search(rf'^checkout_{name}{{kind="invoice"}} (.+)$', metering.exposition().decode(), re.MULTILINE)
        return float(line[1]) if line else 0

    before = told("stream_events_total")
    seen, _missed = happen(invoice, "payment.detected"), happen(invoice, "payment.confirming")
    reader = open_stream(path_of(invoice), Last_Event_ID=str(seen))
    reader.data(), reader.data()
    assert wait_until(lambda: told("streams_open") == 1)
    happen(invoice, "payment.confirmed")
    reader.data()

    assert told("stream_events_total") - before == 2
    reader.close()
    assert wait_until(lambda: told("streams_open") == 0)


class TestMerchantStream:
    PATH = "/api/v1/events/stream"

    def test_it_carries_what_webhooks_carry_of_all_invoices_in_one_mode(self, invoice, account, open_stream):
        reader = open_stream(self.PATH, Authorization=f"Bearer {account.test_api_key}")
        assert reader.status == 200
        assert reader.block() == {"retry": "3000"}
        mark = reader.block()
        live = make_invoice(account.merchant, timezone.now(), title="Second")
        with transaction.atomic():
            emit(Happening("invoice.paid", account.merchant.pk, True, {}, invoice_id=live.pk))
            emit(Happening("webhook_endpoint.created", account.merchant.pk, False, {}))
        dispatch()
        happen(invoice, "payment.detected", total_amount=Decimal("16.49"))

        created, detected = reader.data(), reader.data()
        assert int(mark["id"]) < int(created["id"])
        assert (created["event"], created["livemode"]) == ("invoice.created", False)
        assert (detected["event"], detected["data"]["total_amount"]) == ("payment.detected", Decimal("16.49"))

    def test_it_resumes_behind_the_last_event(self, invoice, account, open_stream):
        seen = happen(invoice, "payment.detected")
        missed = happen(invoice, "payment.confirmed")

        reader = open_stream(self.PATH, X_API_Key=account.test_api_key, Last_Event_ID=str(seen))

        blocks = [reader.block() for _ in range(3)]
        assert blocks[-1]["id"] == str(missed)

    def test_nobody_listens_without_a_key(self, open_stream):
        assert open_stream(self.PATH).status == 401
        refused = open_stream(self.PATH, Authorization="Bearer sk_test_nonsense")
        assert (refused.status, refused.json()["error"]["type"]) == (401, "authentication_error")

    def test_nobody_listens_without_the_permission(self, account, open_stream):
        _, key = create_api_key(
            merchant=account.merchant,
            order=KeyOrder(name="hooks", livemode=False, permissions=["webhooks:manage"]),
            grant=Grant(livemode=True, permissions=("*",)),
            now=timezone.now(),
        )

        refused = open_stream(self.PATH, Authorization=f"Bearer {key}")

        assert refused.status == 403
        assert refused.json()["error"]["constraints"] == {"required_scope": "invoices:read"}

    def test_a_key_that_ends_without_a_word_in_the_log_listens_for_a_minute_at_most(
        self, account, server, open_stream, monkeypatch
    ):
        assert api_stream.RECHECK_SECONDS + stream.QUIET_SECONDS + 1 <= 60  # who is quiet is looked for each second
        monkeypatch.setattr(stream, "QUIET_SECONDS", 0.1)
        monkeypatch.setattr(api_stream, "RECHECK_SECONDS", 0.2)
        reader = open_stream(self.PATH, Authorization=f"Bearer {account.api_key}")
        assert reader.status == 200

        revoke_api_key(
            merchant=account.merchant,
            key_id=account.live_key.public_id,
            grant=Grant(livemode=True, permissions=("*",)),
            now=timezone.now(),
        )

        assert wait_until(lambda: server.listeners() == 0)

    def test_what_ends_a_right_to_listen_ends_its_streams_at_once_and_no_others(self, account, server, open_stream):
        now, grant = timezone.now(), Grant(livemode=True, permissions=("*",))
        order = KeyOrder(name="second", livemode=True, permissions=["invoices:read"])
        second, text = create_api_key(merchant=account.merchant, order=order, grant=grant, now=now)
        identity = Identity(account.live_key, ["*"])
        token = issue_token(identity, granted=["*"], lifetime=timedelta(hours=1), now=now)
        dispatch()
        for credential in (account.api_key, token, text, account.test_api_key):
            assert open_stream(self.PATH, Authorization=f"Bearer {credential}").status == 200
        assert wait_until(listening)
        changes = KeyChanges(permissions=["webhooks:manage"])
        merchant, first = account.merchant, account.live_key.public_id

        for before, left, act in (
            (4, 2, lambda now: revoke_api_key(merchant=merchant, key_id=first, grant=grant, now=now)),
            (
                *(2, 1),
                lambda now: update_api_key(
                    merchant=merchant, key_id=second.public_id, changes=changes, grant=grant, now=now
                ),
            ),
            (1, 0, lambda now: suspend(merchant=merchant, reason="by staff", now=now)),
        ):
            assert server.listeners() == before
            act(timezone.now())
            dispatch()
            assert wait_until(lambda left=left: server.listeners() == left, seconds=1.5), left

    def test_a_key_that_ends_before_its_stream_is_subscribed_opens_none(self, account):
        headers = {"authorization": f"Bearer {account.api_key}"}
        visit = admit(StreamRequest("GET", self.PATH, headers, {}, "127.0.0.1"))

        revoke_api_key(
            merchant=account.merchant,
            key_id=account.live_key.public_id,
            grant=Grant(livemode=True, permissions=("*",)),
            now=timezone.now(),
        )

        with pytest.raises(APIKeyRevoked):
            visit.opening()


def test_hundreds_of_readers_need_no_thread_each(account, server, open_stream):
    invoices = [make_invoice(account.merchant, timezone.now(), title=f"No. {number}") for number in range(30)]
    dispatch()
    before = threading.active_count()

    readers = [open_stream(path_of(each)) for each in invoices for _ in range(10)]
    for reader in readers:
        assert reader.data()["event"] == "snapshot"
    assert server.listeners() == 300
    assert threading.active_count() - before <= 4

    assert wait_until(listening)
    for each in invoices:
        happen(each, "payment.detected")
    assert all(reader.data()["event"] == "payment.detected" for reader in readers)
    connection.close()
