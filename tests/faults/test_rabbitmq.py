"""Tasks go through RabbitMQ with the options that our settings give Celery for it."""

import os
import signal
import sys
import time

from config.env import ROOT
from config.processes import spawn, stop
from tests.faults.rabbit import Rabbit

PATIENCE = 60
# An application of its own: what is asked here is the way, not what lies at its end.
PROGRAM = """
import os, sys
from celery import Celery
from config.settings.base import broker_options

app = Celery("tasks", broker=os.environ["URL"])
app.conf.update(
    broker_transport_options=broker_options(os.environ["URL"]), task_ignore_result=True, task_acks_late=True,
    worker_prefetch_multiplier=1,
)


@app.task(name="note")
def note(word):
    with open(os.environ["NOTED"], "a") as file:
        file.write(word + "\\n")


if __name__ == "__main__":
    for word in sys.argv[1:]:
        note.apply_async((word,), retry=False, expires=30)
"""


def test_a_worker_gets_what_another_process_sends_each_once(tmp_path):
    (tmp_path / "carried.py").write_text(PROGRAM)
    noted = tmp_path / "noted"
    noted.touch()
    rabbit = Rabbit(tmp_path / "rabbit")
    environment = {**os.environ, "URL": rabbit.url, "NOTED": str(noted), "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    quiet = ("--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle")
    worker = spawn([sys.executable, "-m", "celery", "-A", "carried", "worker", *quiet], environment=environment)
    try:
        sender = spawn([sys.executable, tmp_path / "carried.py", "one", "two", "three"], environment=environment)
        assert sender.wait(PATIENCE) == 0
        deadline = time.monotonic() + PATIENCE
        while len(noted.read_text().split()) < 3 and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        stop(worker, [(signal.SIGTERM, 10)])
        rabbit.close()

    assert sorted(noted.read_text().split()) == ["one", "three", "two"]
