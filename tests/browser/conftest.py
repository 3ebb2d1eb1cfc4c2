"""A real browser against a real server: Chromium, uvicorn with pages and event streams, and a shop to return to."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NoReturn
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from config.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
PATIENCE_S = 15  # for what comes by itself, on a machine that has much else to do
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
WIDE = {"viewport": {"width": 1280, "height": 900}}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=PATIENCE_S * 1_000)


@dataclass
class Visit:
    """One customer's browser window, and everything it should not have done."""

    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)  # asked for anything
    left_for: list[str] = field(default_factory=list)  # pages opened elsewhere


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    names = (os.environ.get("CHROMIUM"), "/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
    binary = next((found for name in names if name and (found := shutil.which(name))), None)
    if binary is None:
        _give_up("no Chromium was found; install it with: apt-get install chromium, or name one with CHROMIUM")
    # Playwright's loop runs in this thread; Django would take every query in a test for one inside a coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[str]:
    """The address of pages, API and event streams on the test database."""
    with serving({"DJANGO_SETTINGS_MODULE": "config.settings.test"}) as address:
        yield address


@contextmanager
def serving(variables: Mapping[str, str]) -> Iterator[str]:
    """Run a web server on the test database with these variables besides, and yield its address."""
    port = free_port()
    database = connection.settings_dict
    credentials = f"{database['USER']}:{quote(database['PASSWORD'])}@{database['HOST']}:{database['PORT']}"
    environment = {
        **os.environ,
        **variables,
        "DATABASE_URL": f"postgres://{credentials}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_ALLOW_ASYNC_UNSAFE": "",
    }
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-level", "warning", "--timeout-graceful-shutdown", "1"], cwd=ROOT, env=environment
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/healthz", process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The address of the shop's thank-you page."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><title>Shop</title><link rel=icon href=data:,><h1>Thank you for your order</h1>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    Thread(target=shop.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{shop.server_address[1]}/thanks"
    shop.shutdown()
    shop.server_close()


def wait_until(page: Page, is_so: Callable[[], bool], what: str) -> None:
    """Let ``page`` live on until ``is_so``; for what ``expect`` cannot say, such as a comparison of two measures."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"after {PATIENCE_S} s still not: {what}"
        page.wait_for_timeout(50)


def is_complaint(message: ConsoleMessage) -> bool:
    """Return whether the browser complains: what it merely remarks, and answers that say no, are none."""
    return message.type in {"error", "warning"} and "status of 4" not in message.text


@pytest.fixture
def visit(chromium: Browser, server: str, valkey: object) -> Iterator[Callable[..., Visit]]:
    """Open a browser window; afterwards it must have had no error, and have talked to our server only."""
    visits: list[Visit] = []

    def open_window(*, wide: bool = False, javascript: bool = True, tolerated: str = "", **options: object) -> Visit:
        context = chromium.new_context(**(WIDE if wide else PHONE), java_script_enabled=javascript, **options)
        opened = Visit(context, context.new_page())

        def on_console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not (tolerated and tolerated in message.text):
                opened.problems.append(f"{message.type}: {message.text}")

        def on_request(request: Request) -> None:
            host = urlsplit(request.url).netloc
            if request.is_navigation_request() and not request.url.startswith(server):
                opened.left_for.append(request.url)
            elif request.frame.url.startswith(server):
                opened.hosts.add(host)

        opened.page.on("console", on_console)
        opened.page.on("pageerror", lambda error: opened.problems.append(f"crash: {error}"))
        context.on("request", on_request)
        visits.append(opened)
        return opened

    yield open_window
    for opened in visits:
        opened.context.close()
        assert opened.problems == []
        assert opened.hosts <= {urlsplit(server).netloc}
    time.sleep(0.3)  # the server notices that its readers are gone before the log is emptied


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the web server ended at once"
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within {START_SECONDS} s")


def _give_up(problem: str) -> NoReturn:
    message = f"NO BROWSER: {problem}"
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(message)
    sys.stderr.write(f"\n{message}\n")
    pytest.skip(message)
