"""``GET /api/v1/invoices`` of a merchant with few invoices and of one with many."""

import sys
from statistics import median
from time import perf_counter
from typing import Any, Final

from bench.figures import Figure, show
from bench.installation import Installation

FEW, MANY = 2_000, 200_000
REQUESTS: Final = 300
_KEYS: Final = 4
_WARM_UP: Final = 20
_MOST_TIMES: Final = 1.3
_MOST_STATEMENTS: Final = 5


def run(installation: Installation) -> None:
    """Ask for both lists in turns, one request at a time, on one connection."""
    installation.set_up_django()
    from bench.tenants import add_invoices, count_statements, new_keys, new_merchant

    keys = {}
    for count in (FEW, MANY):
        merchant = new_merchant(f"{count} invoices")
        add_invoices(merchant, count)
        keys[count] = new_keys(merchant, _KEYS)
    _get_once(keys[MANY][0])
    statements, texts = count_statements(lambda: _get_once(keys[MANY][0]))
    times = _measure(installation.serve("config.wsgi:application").port, keys)
    middle = {count: median(times[count]) * 1000 for count in (FEW, MANY)}
    ratio = middle[MANY] / middle[FEW]
    show(
        f"GET /api/v1/invoices, {REQUESTS} requests each in turns",
        [
            Figure(f"with {FEW:,} invoices", f"{middle[FEW]:.2f} ms (median)"),
            Figure(f"with {MANY:,} invoices", f"{middle[MANY]:.2f} ms (median)"),
            Figure("ratio", f"{ratio:.2f}", f"at most {_MOST_TIMES}", ratio <= _MOST_TIMES),
            Figure("SQL statements", str(statements), f"at most {_MOST_STATEMENTS}", statements <= _MOST_STATEMENTS),
        ],
    )
    if "--verbose" in sys.argv:
        print("\n".join(f"    {number}. {text[:150]}" for number, text in enumerate(texts, 1)))


def _measure(port: int, keys: dict[int, list[str]]) -> dict[int, list[float]]:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times: dict[int, list[float]] = {count: [] for count in keys}
    for number in range(REQUESTS + _WARM_UP):
        for count, pool in keys.items():
            begun = perf_counter()
            connection.request("GET", "/api/v1/invoices", headers={"Authorization": f"Bearer {pool[number % _KEYS]}"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(body.decode())
            if number >= _WARM_UP:
                times[count].append(perf_counter() - begun)
    return times


def _get_once(key: str) -> Any:
    from django.test import Client

    answer = Client().get("/api/v1/invoices", headers={"authorization": f"Bearer {key}"})
    if answer.status_code != 200:
        raise SystemExit(answer.content.decode())
