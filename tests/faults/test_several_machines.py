"""
Two web servers, two workers and two clocks share the work, as they would on machines of their own, with Valkey or with
RabbitMQ between them. One worker is killed in the middle; each invoice is still paid once and told of once.
"""

import contextlib
import json
import os
import signal
import time
from http.client import HTTPException

import pytest

from bench.group import call
from bench.installation import ROOT, fresh_installation
from config.processes import free_port, spawn, stop
from tests.faults.rabbit import Rabbit

INVOICES = 12
PATIENCE = 120
ORDER = {"title": "Shared", "items": [{"name": "Thing", "quantity": 1, "unit_price": 10}], "crypto_currency": "USDT"}
COUNTED = """
import django, json
django.setup()
from django.db.models import Count, Max
from events.models import Event
from invoices.models import Invoice
from payments.models import Payment
told = Event.objects.filter(type="invoice.paid").values("invoice_id").annotate(times=Count("id"))
print(json.dumps({
    "paid": Invoice.objects.filter(status="paid").count(),
    "payments": Payment.objects.count(),
    "told": sorted({row["times"] for row in told}),
    "told of": len(told),
    "without a number": Event.objects.filter(position=None).count(),
    "gaps": Event.objects.aggregate(last=Max("position"))["last"] - Event.objects.count(),
}))
"""


@pytest.fixture(params=["valkey", "rabbitmq"])
def broker(request, tmp_path):
    if request.param == "valkey":
        yield {}
        return
    rabbit = Rabbit(tmp_path / "rabbit")
    yield {"BROKER_URL": rabbit.url}
    rabbit.close()


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.3)
    return found


def answers(port):
    with contextlib.suppress(OSError, HTTPException, SystemExit):
        call(port, "GET", "/healthz", "", {})
        return True
    return False


def test_they_share_the_work_and_one_of_them_may_die(broker, tmp_path):
    with fresh_installation() as installation, contextlib.ExitStack() as stack:
        log = stack.enter_context((tmp_path / "programs.log").open("wb"))

        def start(program, **variables):
            environment = {**installation.environment, **broker, "SANDBOX_BLOCK_SECONDS": "1", **variables}
            process = spawn([ROOT / "deploy" / "program.sh", program], environment=environment, log=log)
            stack.callback(stop, process, [(signal.SIGTERM, 15)])
            return process

        ports = [free_port(), free_port()]
        for port in ports:
            start("web", WEB_PORT=str(port), WEB_WORKERS="1")
        first, second = start("worker", WORKER_THREADS="4"), start("worker", WORKER_THREADS="4")
        for _ in range(2):
            start("beat")
        for port in ports:
            until(lambda port=port: answers(port), "a web server does not answer")
        merchant = {"business_name": "Shared", "contact_email": "shared@example.com"}
        key = call(ports[0], "POST", "/api/v1/merchants", "", merchant)["test_api_key"]

        for number in range(INVOICES):
            made = call(ports[number % 2], "POST", "/api/v1/invoices", key, ORDER)
            call(ports[(number + 1) % 2], "POST", "/api/v1/sandbox/transfers", key, {"invoice": made["id"]})
            if number == INVOICES // 2:
                os.killpg(first.pid, signal.SIGKILL)

        def counted():
            return installation.run("-c", COUNTED)

        assert second.poll() is None, "the other worker died by itself"
        expected = {"paid": INVOICES, "payments": INVOICES, "told": [1], "told of": INVOICES}
        until(lambda: f'"paid": {INVOICES}' in counted() and '"without a number": 0' in counted(), "not all are paid")
        found = json.loads(counted())
        assert found == {**expected, "without a number": 0, "gaps": 0}, (tmp_path / "programs.log").read_text()[-3000:]
