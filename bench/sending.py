"""Webhooks a second and core: the product, which claims, posts and records, beside a bare client that only posts."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any, Final

from bench.bare_sender import AT_ONCE, BODY_BYTES
from bench.figures import Figure, show, spread
from bench.installation import ROOT, Installation, cpu_seconds

ENDPOINTS: Final = 100
EACH: Final = 80  # deliveries to each endpoint, in each round
ROUNDS: Final = 3
LEAST_SHARE: Final = 0.6
_COUNT: Final = ENDPOINTS * EACH


def run(installation: Installation) -> None:
    """Send the same number of webhooks with both, in turns."""
    installation.environment["OUTBOUND_ALLOWED_NETWORKS"] = "127.0.0.0/8"
    installation.set_up_django()
    ours, bare, database, wall = [], [], [], []
    with sink(installation) as port:
        shop = Shop(port)
        for _ in range(ROUNDS):
            told = json.loads(installation.run("-m", "bench.bare_sender", f"http://127.0.0.1:{port}/bare", str(_COUNT)))
            bare.append(_COUNT / told["processor"])
            shop.owe(EACH)
            before = cpu_seconds(installation.database_pid)
            told = json.loads(installation.run("-m", "bench.sending"))
            database.append((cpu_seconds(installation.database_pid) - before) / _COUNT * 1000)
            ours.append(_COUNT / told["processor"])
            wall.append(_COUNT / told["seconds"])
    share = median(ours) / median(bare)
    show(
        f"Webhooks, {BODY_BYTES} bytes each, to {ENDPOINTS} endpoints: {ROUNDS} rounds of {_COUNT}",
        [
            Figure(f"a bare client, {AT_ONCE} at once", spread(bare, "a second and core")),
            Figure("the product's sender", spread(ours, "a second and core")),
            Figure("its share of that", f"{share:.0%}", f"at least {LEAST_SHARE:.0%}", share >= LEAST_SHARE),
            Figure("handed over in truth", spread(wall, "a second")),
            Figure("the database besides", spread(database, "ms of processor each", 2)),
        ],
    )


@contextlib.contextmanager
def sink(installation: Installation) -> Iterator[int]:
    """Run the cheap receiver in a process of its own; yield its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sink"],
        cwd=ROOT,
        env=installation.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


class Shop:
    """A merchant with a hundred endpoints, and deliveries that are owed to them."""

    def __init__(self, port: int) -> None:
        from django.utils import timezone

        from bench.tenants import new_merchant
        from merchants.models import Plan
        from webhooks.services import EndpointOrder, create_endpoint

        now = timezone.now()
        Plan.objects.update(max_webhook_endpoints=10 * ENDPOINTS)
        self.merchant = new_merchant("Bench")
        self.endpoints: list[Any] = [
            create_endpoint(
                merchant=self.merchant,
                livemode=False,
                order=EndpointOrder(url=f"http://127.0.0.1:{port}/{number}", events=["invoice.paid"]),
                now=now,
            )[0]
            for number in range(ENDPOINTS)
        ]

    def owe(self, each: int) -> None:
        """Owe so many deliveries to each endpoint, due now."""
        from django.utils import timezone

        from core.ids import uuid7
        from events.models import Event
        from webhooks.models import Delivery
        from webhooks.services.owing import new_delivery

        now = timezone.now()
        body = json.dumps({"event": "invoice.paid", "data": "x" * (BODY_BYTES - 35)})
        for _ in range(each):
            event = Event(
                type="invoice.paid", merchant_id=self.merchant.pk, livemode=False, data={}, invoice_id=uuid7()
            )
            event.save(force_insert=True)
            Delivery.objects.bulk_create(
                new_delivery(event=event, receiver=endpoint, body=body, now=now) for endpoint in self.endpoints
            )


def send_all() -> None:
    """Send what is due, as a worker does, and print the seconds and the processor time that took."""
    import django

    django.setup()
    from django.conf import settings

    from config import heap
    from webhooks.models import Delivery
    from webhooks.senders import Senders

    heap.settle()
    senders = Senders(settings.WEBHOOK_SENDERS)
    started, used = time.monotonic(), time.process_time()
    senders.hand_out()
    looking = time.thread_time()  # that nothing is left is this benchmark's question, and at its own cost
    while Delivery.objects.filter(status="pending").exists():
        time.sleep(0.25)
    used += time.thread_time() - looking
    told = {"seconds": time.monotonic() - started, "processor": time.process_time() - used}
    senders.wait()
    print(json.dumps(told))


if __name__ == "__main__":
    send_all()
