"""One endpoint of a hundred takes every request and never answers: what the others notice of it."""

import http.client
import json
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any, Final

from bench.figures import Figure, show, spread
from bench.installation import Installation
from bench.sending import ENDPOINTS, Shop, sink

EACH: Final = 5  # deliveries to each endpoint, in each round
# Rounds of one kind differ by half: what is claimed and recorded together is left to chance, and so is how long a disk
# takes over a commit. The middle of so many pairs is good for some hundredths.
PAIRS: Final = 60
MOST_CHANGE: Final = 0.10
_TIMEOUT: Final = 1  # seconds until the hanging endpoint has failed once more: longer than a round takes
_PATIENCE: Final = 60


def run(installation: Installation) -> None:
    """Send the same with and without the hanging endpoint, in turns, and compare when the others were told."""
    installation.environment["OUTBOUND_ALLOWED_NETWORKS"] = "127.0.0.0/8"
    installation.set_up_django()
    from django.conf import settings

    from config import heap
    from webhooks.models import WebhookEndpoint
    from webhooks.senders import Senders

    with sink(installation) as port:
        arrivals = Arrivals(port)
        healthy, troubled = Shop(port), Shop(port)
        hanging = troubled.endpoints[-1]
        hanging.url, hanging.timeout = f"http://127.0.0.1:{port}/hang", _TIMEOUT
        WebhookEndpoint.objects.filter(pk=hanging.pk).update(url=hanging.url, timeout=_TIMEOUT)
        senders = Senders(settings.WEBHOOK_SENDERS)
        times: dict[bool, list[float]] = {False: [], True: []}
        heap.settle()  # as a worker does
        for _ in range(3):
            _round(healthy, senders, arrivals)  # to warm up
        for number in range(PAIRS):
            for is_troubled in (False, True) if number % 2 else (True, False):
                _let_it_hang_again(hanging)
                times[is_troubled].append(_round(troubled if is_troubled else healthy, senders, arrivals))
                if is_troubled:
                    time.sleep(_TIMEOUT + 0.3)  # what hangs is over before the next round
        senders.wait()
        failed = _failed_attempts(hanging)
    # Each pair by itself: what else the machine does in a minute changes both halves of it.
    changes = [hangs / answers - 1 for hangs, answers in zip(times[True], times[False], strict=True)]
    lower, change, upper = quantiles(changes, n=4)
    show(
        f"p95 of the other {ENDPOINTS - 1} endpoints, from due to told: {PAIRS} rounds of {ENDPOINTS * EACH} each way",
        [
            Figure("all answer", spread(times[False], "ms")),
            Figure("one hangs", spread(times[True], "ms")),
            Figure("failed attempts at the others", str(failed), "0", failed == 0),
            Figure("change, median of the pairs", f"{change:+.1%}", f"under {MOST_CHANGE:.0%}", change < MOST_CHANGE),
            Figure("half of the pairs lie between", f"{lower:+.1%} and {upper:+.1%}"),
            Figure("change of the medians", f"{median(times[True]) / median(times[False]) - 1:+.1%}"),
        ],
    )


class Arrivals:
    """What the receiver says of when it was asked."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        self._moments: list[int] = []

    def wait_for(self, count: int, clock: Callable[[], object]) -> list[int]:
        """
        Return when so many requests came in, in nanoseconds of the monotonic clock, the first first.

        ``clock`` is called every second: what the scheduler does in a real installation.
        """
        deadline, turn = time.monotonic() + _PATIENCE, 0
        self._moments = []
        while len(self._moments) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{count - len(self._moments)} webhooks did not come")
            if (turn := turn + 1) % 5 == 0:
                clock()
            time.sleep(0.2)
            self._connection.request("GET", "/arrivals")
            self._moments += json.loads(self._connection.getresponse().read())
        return sorted(self._moments)


def _round(shop: Shop, senders: Any, arrivals: Arrivals) -> float:
    """Return the 95th percentile, in milliseconds, of the times until endpoints that answer are told."""
    shop.owe(EACH)
    answering = sum("/hang" not in endpoint.url for endpoint in shop.endpoints) * EACH
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
