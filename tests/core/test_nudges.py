import socket
import threading
import time

import pytest
from celery import Celery

from core import nudges


@pytest.fixture(autouse=True)
def _awake(monkeypatch):
    monkeypatch.setattr(nudges, "_quiet_until", 0.0)


@pytest.fixture
def hung_server():
    """The port of a server that takes connections and never says a word, as a stopped Valkey does."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take():
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield listener.getsockname()[1]
    for connection in taken:
        connection.close()


def task_on(broker_url):
    app = Celery("nudged", broker=broker_url, set_as_current=False)
    app.conf.task_default_queue = "nudged"  # what is sent to memory is seen by every test of the process
    app.conf.broker_transport_options = {"socket_timeout": 10, "socket_connect_timeout": 3}

    @app.task(name="nudged.work")
    def work(_name):
        """Do nothing."""

    return app, work


def test_a_nudge_is_one_message_with_its_arguments(valkey):
    app, work = task_on("memory://")

    nudges.nudge(work, "sandbox")

    with app.connection_for_read() as connection, connection.SimpleQueue("nudged") as queue:
        message = queue.get(timeout=20)
        assert message.headers["task"] == "nudged.work"
        assert message.payload[0] == ["sandbox"]
        assert queue.qsize() == 0
        message.ack()


def test_a_broker_that_hangs_is_not_waited_for(hung_server, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{hung_server}/0"
    _, work = task_on(settings.REDIS_URL)

    started = time.monotonic()
    nudges.nudge(work, "sandbox")
    first = time.monotonic() - started
    for _ in range(100):
        nudges.nudge(work, "sandbox")
    all_of_them = time.monotonic() - started

    assert first < 10
    assert all_of_them - first < 10  # a hundred times the patience of the first would be minutes


def test_a_broker_that_is_gone_is_no_failure_of_the_caller(settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    _, work = task_on(settings.REDIS_URL)

    nudges.nudge(work, "sandbox")
