"""One endpoint of a hundred takes every request and never answers: what the others notice of it."""

import subprocess
import threading
import time
from collections.abc import Callable
from statistics import median
from typing import Any, Final

from bench.figures import Figure, show, spread
from bench.installation import Installation
from bench.sending import ENDPOINTS, Shop, sink

EACH: Final = 5  # deliveries to each endpoint, in each round
PAIRS: Final = 20
MOST_CHANGE: Final = 0.10
_TIMEOUT: Final = 3  # seconds until the hanging endpoint has failed once more: longer than a round takes
_PATIENCE: Final = 60


def run(installation: Installation) -> None:
    """Send the same with and without the hanging endpoint, in turns, and compare when the others were told."""
    installation.environment["OUTBOUND_ALLOWED_NETWORKS"] = "127.0.0.0/8"
    installation.set_up_django()
    from django.conf import settings

    from webhooks.models import WebhookEndpoint
    from webhooks.senders import Senders

    with sink(installation, "--arrivals") as (port, process):
        arrivals = Arrivals(process)
        healthy, troubled = Shop(port), Shop(port)
        hanging = troubled.endpoints[-1]
        hanging.url, hanging.timeout = f"http://127.0.0.1:{port}/hang", _TIMEOUT
        WebhookEndpoint.objects.filter(pk=hanging.pk).update(url=hanging.url, timeout=_TIMEOUT)
        senders = Senders(settings.WEBHOOK_SENDERS)
        times: dict[bool, list[float]] = {False: [], True: []}
        _round(healthy, senders, arrivals)  # to warm up
        for number in range(PAIRS):
            for is_troubled in (False, True) if number % 2 else (True, False):
                _let_it_hang_again(hanging)
                times[is_troubled].append(_round(troubled if is_troubled else healthy, senders, arrivals))
                time.sleep(_TIMEOUT + 0.5)  # what hangs is over before the next round
        senders.wait()
        failed = _failed_attempts(hanging)
    # Each pair by itself: what else the machine does in a minute changes both halves of it.
    change = median(hangs / answers for hangs, answers in zip(times[True], times[False], strict=True)) - 1
    show(
        f"p95 of the other {ENDPOINTS - 1} endpoints, from due to told: {PAIRS} rounds of {ENDPOINTS * EACH} each way",
        [
            Figure("all answer", spread(times[False], "ms")),
            Figure("one hangs", spread(times[True], "ms")),
            Figure("failed attempts at the others", str(failed), "0", failed == 0),
            Figure("change, median of the pairs", f"{change:+.1%}", f"under {MOST_CHANGE:.0%}", change < MOST_CHANGE),
        ],
    )


class Arrivals:
    """What the receiver says it was asked, and when."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._moments: list[int] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def forget(self) -> None:
        self._moments = []

    def wait_for(self, count: int, clock: Callable[[], object]) -> list[int]:
        """
        Return when so many requests came in, in nanoseconds of the monotonic clock, the first first.

        ``clock`` is called every second: what the scheduler does in a real installation.
        """
        deadline, turn = time.monotonic() + _PATIENCE, 0
        while len(self._moments) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{count - len(self._moments)} webhooks did not come")
            if (turn := turn + 1) % 10 == 0:
                clock()
            time.sleep(0.1)
        return sorted(self._moments)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            path, moment = line.split()
            if not path.startswith("/hang"):
                self._moments.append(int(moment))


def _round(shop: Shop, senders: Any, arrivals: Arrivals) -> float:
    """Return the 95th percentile, in milliseconds, of the times until endpoints that answer are told."""
    shop.owe(EACH)
    answering = sum("/hang" not in endpoint.url for endpoint in shop.endpoints) * EACH
    arrivals.forget()
    started = time.monotonic_ns()
    senders.hand_out()
    moments = arrivals.wait_for(answering, senders.hand_out)
    return (moments[int(len(moments) * 0.95)] - started) / 1_000_000


def _failed_attempts(hanging: Any) -> int:
    from webhooks.models import Attempt

    return Attempt.objects.exclude(response_code=204).exclude(delivery__endpoint=hanging).count()


def _let_it_hang_again(hanging: Any) -> None:
    """Forget what was learnt of it, so that each round meets it as the first did."""
    from webhooks.models import Circuit, Delivery

    Circuit.objects.all().delete()
    Delivery.objects.filter(endpoint=hanging).delete()
