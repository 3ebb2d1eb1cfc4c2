"""Many requests at once from one loop: connections that are kept, names that are asked for once, nobody in the way."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from core import http
from core.http import Client, Reply, RequestFailed
from tests.core.test_http import names

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]


@contextlib.contextmanager
def server(talk: Callable[[socket.socket, int], None]) -> Iterator[int]:
    """A server that does what ``talk`` does with each connection; the number of the connection counts from 1."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for number in range(1, 1000):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection, number), daemon=True).start()

    def one(connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError):
            talk(connection, number)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def together(*urls: str, in_turn: bool = False, timeout: int = 5) -> list[Reply | BaseException]:
    """Post to all URLs with one client, at once or one after the other."""

    async def run() -> list[Reply | BaseException]:
        client = Client()
        posts = [client.post(url, body=b"{}", headers={}, timeout=timeout) for url in urls]
        try:
            if not in_turn:
                return await asyncio.gather(*posts, return_exceptions=True)
            return [(await asyncio.gather(each, return_exceptions=True))[0] for each in posts]
        finally:
            client.close()

    return asyncio.run(run())


def statuses(replies: list[Reply | BaseException]) -> list[int | str]:
    return [reply.status if isinstance(reply, Reply) else str(reply) for reply in replies]


class TestKeptConnections:
    def test_one_after_the_other_goes_over_one_connection(self):
        seen = []

        def talk(connection, number):
            while connection.recv(65536):
                seen.append(number)
                connection.sendall(ANSWER)

        with server(talk) as port:
            assert statuses(together(*[f"http://127.0.0.1:{port}/"] * 3, in_turn=True)) == [204, 204, 204]

        assert seen == [1, 1, 1]

    def test_another_name_at_the_same_address_gets_a_connection_of_its_own(self, monkeypatch):
        names(monkeypatch, ["127.0.0.1"])
        seen = []

        def talk(connection, number):
            while asked := connection.recv(65536):
                seen.append((number, asked.split(b"Host: ")[1].split(b":")[0]))
                connection.sendall(ANSWER)

        with server(talk) as port:
            together(f"http://a.example:{port}/", f"http://b.example:{port}/", in_turn=True)

        assert seen == [(1, b"a.example"), (2, b"b.example")]

    def test_one_that_was_closed_meanwhile_is_replaced_and_the_request_sent_again(self):
        def talk(connection, number):
            connection.recv(65536)
            connection.sendall(ANSWER)
            connection.recv(65536)  # the first connection takes the second request and closes without an answer

        with server(talk) as port:
            assert statuses(together(*[f"http://127.0.0.1:{port}/"] * 2, in_turn=True)) == [204, 204]

    def test_a_new_one_that_closes_without_an_answer_is_a_failure_and_is_not_asked_twice(self):
        seen = []

        def talk(connection, number):
            connection.recv(65536)
            seen.append(number)

        with server(talk) as port:
            [failure] = together(f"http://127.0.0.1:{port}/")

        assert isinstance(failure, RequestFailed)
        assert str(failure) == "The connection was closed before an answer came."
        assert seen == [1]

    @pytest.mark.parametrize("extra", [b"HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n", b"\r\ngarbage"])
    def test_what_comes_unasked_is_never_taken_for_the_next_answer(self, extra):
        seen = []

        def talk(connection, number):
            while connection.recv(65536):
                seen.append(number)
                connection.sendall(ANSWER + extra)

        with server(talk) as port:
            assert statuses(together(*[f"http://127.0.0.1:{port}/"] * 2, in_turn=True)) == [204, 204]

        assert seen == [1, 2]

    def test_an_answer_that_says_close_is_the_last_on_its_connection(self):
        seen = []

        def talk(connection, number):
            while connection.recv(65536):
                seen.append(number)
                connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")

        with server(talk) as port:
            together(*[f"http://127.0.0.1:{port}/"] * 2, in_turn=True)

        assert seen == [1, 2]


class TestAtOnce:
    def test_fifty_slow_answers_take_the_time_of_one(self):
        def talk(connection, number):
            connection.recv(65536)
            time.sleep(0.3)
            connection.sendall(ANSWER)

        started = time.monotonic()
        with server(talk) as port:
            assert statuses(together(*[f"http://127.0.0.1:{port}/"] * 50)) == [204] * 50

        assert time.monotonic() - started < 10  # one after the other they would take 15

    def test_a_name_that_many_wait_for_is_asked_for_once_and_checked_for_each(self, monkeypatch):
        asked = names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])

        def talk(connection, number):
            connection.recv(65536)
            connection.sendall(ANSWER)

        with server(talk) as port:
            assert statuses(together(*[f"http://shop.example:{port}/"] * 10)) == [204] * 10

        assert asked == ["shop.example"]

    def test_a_name_server_that_hangs_holds_up_only_who_asked_for_that_name(self, monkeypatch):
        real, given_up = socket.getaddrinfo, threading.Event()

        def getaddrinfo(host, *rest, **more):
            if host == "hanging.example":
                given_up.wait(30)
            return real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

        def talk(connection, number):
            connection.recv(65536)
            connection.sendall(ANSWER)

        with server(talk) as port:
            hanging = [f"http://hanging.example:{port}/{number}" for number in range(40)]
            replies = together(*hanging, f"http://127.0.0.1:{port}/", timeout=2)
        given_up.set()

        assert statuses(replies) == ["The name server did not answer in time."] * 40 + [204]
        assert replies[-1].elapsed_ms < 1900

    def test_a_name_that_leads_inside_is_refused_for_each(self, monkeypatch, settings):
        settings.OUTBOUND_ALLOWED_NETWORKS = []
        names(monkeypatch, ["127.0.0.1"])

        replies = together(*["http://innocent.example/"] * 3)

        assert [type(reply) for reply in replies] == [http.Forbidden] * 3
