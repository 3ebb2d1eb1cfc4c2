"""The server of `make run`: whoever sends or reads slowly must not hold the threads that serve everybody."""

import asyncio

import pytest
from django.conf import settings

from config import asgi
from config.asgi import application

CROWD = settings.WEB_THREADS + 2
LARGE_FILE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
JSON = (b"content-type", b"application/json")


def scope(method, path, *headers):
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
    }


def sends(*parts):
    """Return a client that sends these parts of a body and then nothing more, nor does it go away."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]

    async def receive():
        return waiting.pop(0) if waiting else await asyncio.Future()

    return receive


async def stalls(_message):
    await asyncio.Future()


async def status_of(a_scope, receive):
    answers = []

    async def send(message):
        answers.append(message)

    await asyncio.wait_for(application(a_scope, receive, send), timeout=10)
    return answers[0]["status"]


async def status_beside(a_crowd):
    """Return what a plain request is answered while ``a_crowd`` of others is being served."""
    tasks = [asyncio.create_task(one) for one in a_crowd]
    try:
        await asyncio.sleep(0.5)
        return await status_of(scope("GET", "/healthz"), complete(b""))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def complete(body):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


@pytest.mark.usefixtures("valkey")
def test_clients_that_never_finish_their_bodies_hold_nobody_up():
    async def meanwhile():
        slow = scope("POST", "/api/v1/merchants", JSON, (b"content-length", b"100"))
        return await status_beside(application(slow, sends(b"{"), stalls) for _ in range(CROWD))

    assert asyncio.run(meanwhile()) == 200


def test_clients_that_do_not_read_their_answers_hold_nobody_up():
    async def meanwhile():
        large = scope("GET", LARGE_FILE)
        return await status_beside(application(large, complete(b""), stalls) for _ in range(CROWD))

    assert asyncio.run(meanwhile()) == 200


@pytest.mark.parametrize("path", ["/healthz", "/admin/login/", "/invoice/inv_1/sandbox"])
@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=x"])
def test_a_body_larger_than_anybody_takes_is_not_waited_for(path, kind):
    large = scope("POST", path, (b"content-type", kind), (b"content-length", b"99999999999"))

    assert 400 <= asyncio.run(status_of(large, sends(b"--x"))) < 500


def test_a_body_without_a_length_is_cut_off():
    endless = scope("POST", "/api/v1/nothing", JSON)

    assert asyncio.run(status_of(endless, sends(*[b" " * 65536] * 100))) == 404


def test_a_client_that_goes_away_halfway_is_forgotten():
    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError(message)

    asyncio.run(application(scope("POST", "/healthz", (b"content-length", b"9")), receive, send))


def test_a_header_that_wsgi_would_take_for_another_is_left_out():
    known, forged = (b"x-forwarded-for", b"198.51.100.1"), (b"x_forwarded_for", b"1.2.3.4")

    assert asgi._without_ambiguous_headers({"headers": [forged, known]}) == {"headers": [known]}
