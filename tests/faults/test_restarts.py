"""PostgreSQL restarts and Valkey goes away while merchants sell and customers pay: nothing is lost or doubled."""

import contextlib
import itertools
import json
import os
import signal
import threading
import time
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from bench.group import running_group, sign_up
from bench.installation import Installation
from config.engines import start_postgres, start_valkey
from tests.faults.relay import Relay

ORDER = {"title": "Restart", "items": [{"name": "Thing", "quantity": 1, "unit_price": 10}]}
SELLERS = 3
PATIENCE = 90


class Receiver(BaseHTTPRequestHandler):
    """The merchant's server: notes each webhook by its id."""

    received: dict[str, dict[str, Any]] = {}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.received[self.headers["webhook-id"]] = body
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Shop:
    """Sells and has its customers pay, and repeats every request until it is answered well."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key
        self.is_open = True
        self.statuses: set[int] = set()
        self.sold: dict[str, str] = {}
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._sell, daemon=True) for _ in range(SELLERS)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self.is_open = False
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def _sell(self) -> None:
        while self.is_open:
            name = f"order_{next(self._numbers)}"
            invoice = self.insist("/api/v1/invoices", ORDER, name)["id"]
            self.insist("/api/v1/sandbox/transfers", {"invoice": invoice}, f"{name}_paid")
            self.sold[name] = invoice
            time.sleep(0.2)

    def insist(self, path: str, body: dict[str, Any], name: str) -> dict[str, Any]:
        while True:
            with contextlib.suppress(OSError, HTTPException):
                status, answer = self._post(path, body, name)
                self.statuses.add(status)
                if status < 300:
                    return dict(json.loads(answer))
                assert "error" in json.loads(answer), answer
            time.sleep(0.3)

    def _post(self, path: str, body: dict[str, Any], name: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.key}",
            "Idempotency-Key": name,
        }
        try:
            connection.request("POST", path, json.dumps(body), headers)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()


def through(relay: Relay, url: str) -> str:
    parts = urlsplit(url)
    account = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{relay.port}"))


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


@pytest.fixture
def receiver():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_nothing_is_lost_or_doubled(tmp_path, receiver):
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        with contextlib.suppress(PermissionError):
            folder.chmod(folder.stat().st_mode | 0o011)
    database = start_postgres(tmp_path / "postgres", password="x")
    cache = start_valkey(tmp_path / "valkey", password="x")
    to_database, to_cache = Relay(port_of(database.url)), Relay(port_of(cache.url))
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
        "DATABASE_URL": through(to_database, database.url),
        "REDIS_URL": through(to_cache, cache.url),
        "VAR_DIR": str(tmp_path / "var"),
        "DEMO": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
    }
    (tmp_path / "var").mkdir()
    installation = Installation(tmp_path / "var", environment, database.process.pid)
    try:
        with running_group(installation, OUTBOUND_ALLOWED_NETWORKS="127.0.0.0/8", SANDBOX_BLOCK_SECONDS="1") as port:
            key = sign_up(port)
            shop = Shop(port, key)
            hook = {"url": f"http://127.0.0.1:{receiver}/hook", "events": ["invoice.paid"]}
            shop.insist("/api/v1/webhook-endpoints", hook, "endpoint")
            time.sleep(4)

            to_database.cut()
            database.process.send_signal(signal.SIGQUIT)  # at once, as when the power fails
            database.process.wait(20)
            time.sleep(2)
            database = start_postgres(tmp_path / "postgres", password="x")
            to_database.target = port_of(database.url)
            time.sleep(4)

            to_cache.cut()
            cache.process.kill()
            time.sleep(6)
            cache = start_valkey(tmp_path / "valkey", password="x")
            to_cache.target = port_of(cache.url)
            time.sleep(4)

            shop.close()
            check(shop, database.url)
    finally:
        for relay in (to_database, to_cache):
            relay.close()
        cache.stop()
        database.stop()


def check(shop: Shop, url: str) -> None:
    assert len(shop.sold) > 10
    assert shop.statuses <= {200, 201, 409, 503}  # 409: the first try of a key is still at work
    deadline = time.monotonic() + PATIENCE
    sold = set(shop.sold.values())
    assert len(sold) == len(shop.sold)
    while time.monotonic() < deadline:
        if sold <= {body["data"]["invoice_id"] for body in Receiver.received.values()}:
            break
        time.sleep(0.5)
    with psycopg.connect(url) as connection:

        def ask(query: str) -> Any:
            row = connection.execute(query).fetchone()
            return row[0] if row else None

        assert ask("SELECT count(*) FROM invoices_invoice") == len(sold)
        assert ask("SELECT count(*) FROM invoices_invoice WHERE status <> 'paid' OR exception <> 'none'") == 0
        assert ask("SELECT count(*) FROM sandbox_sandboxtransfer") == len(sold)
        assert ask("SELECT count(*) FROM payments_payment WHERE status = 'confirmed'") == len(sold)
        assert ask("SELECT count(*) FROM events_event WHERE type = 'invoice.paid'") == len(sold)
        assert ask("SELECT coalesce(sum(units), 0) FROM payments_posting") == 0
    told = [body["data"]["invoice_id"] for body in Receiver.received.values()]
    assert sorted(told) == sorted(sold)
