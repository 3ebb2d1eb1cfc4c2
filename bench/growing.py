"""What grows when the tables do: the same calls on an installation of ten thousand invoices and one of millions."""

import http.client
import json
import os
import sys
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, Final

from bench.figures import Figure, show
from bench.group import call
from bench.installation import Installation, fresh_installation

FEW: Final = 10_000
MANY: Final = int(os.environ.get("INVOICES", "5000000"))
REQUESTS: Final = 150
_PAGES: Final = 40  # one visitor may not ask for more in a minute
_WARM_UP: Final = 10
_MOST_TIMES: Final = 1.3
_MOST_LIST_MS: Final = 20
_MOST_REPORT_MS: Final = 50
_NO_LIMITS: Final = "invoice_create=1000000,list=1000000,status=1000000,public_invoice=1000000"
_CALLS: Final = {
    "one invoice (API)": "/api/v1/invoices/{invoice}",
    "list of invoices (API)": "/api/v1/invoices",
    "list of paid invoices (API)": "/api/v1/invoices?status=paid",
    "pay page": "/invoice/{invoice}",
}
_THING: Final = {"name": "Thing", "quantity": 1, "unit_price": 10}
_ORDER: Final = {"title": "Thing", "items": [_THING], "crypto_currency": "USDT"}


def run(installation: Installation) -> None:
    """Fill both, call both in turns, then time what the database does for lists and reports of the large one."""
    with fresh_installation() as small:
        told = {count: _filled(each, count) for each, count in ((small, FEW), (installation, MANY))}
        for each in (small, installation):
            each.environment["API_RATE_LIMITS"] = _NO_LIMITS
        ports = {FEW: small.serve("config.wsgi:application").port}
        ports[MANY] = installation.serve("config.wsgi:application").port
        show(f"Calls with {FEW:,} and with {MANY:,} invoices, {REQUESTS} each in turns", _compared(ports, told))
    measured = json.loads(installation.run("-m", "bench.growing", str(told[MANY]["merchant"])).splitlines()[-1])
    for kind, most in (("lists", _MOST_LIST_MS), ("reports", _MOST_REPORT_MS)):
        times = measured[kind].items()
        figures = [Figure(name, f"{ms:.1f} ms (median)", f"at most {most} ms", ms <= most) for name, ms in times]
        show(f"{kind.capitalize()} with {MANY:,} invoices, time in process and database", figures)
    show("Old deliveries, with an attempt each", [Figure("deleted in a second", f"{measured['deleted']:,.0f}")])


def _filled(installation: Installation, count: int) -> dict[str, Any]:
    return dict(json.loads(installation.run("-m", "bench.filling", str(count)).splitlines()[-1]))


def _compared(ports: dict[int, int], told: dict[int, dict[str, Any]]) -> list[Figure]:
    connections = {count: http.client.HTTPConnection("127.0.0.1", port, timeout=60) for count, port in ports.items()}
    figures = [
        _ratio(name, _timed({n: partial(_get, connections[n], path, told[n]) for n in ports}, path.startswith("/api")))
        for name, path in _CALLS.items()
    ]
    order = ("POST", "/api/v1/invoices")
    times = _timed({n: partial(call, ports[n], *order, told[n]["key"], _ORDER) for n in ports})
    return [*figures, _ratio("creating an invoice (API)", times)]


def _timed(calls: dict[int, Any], is_free: bool = True) -> dict[int, float]:
    times: dict[int, list[float]] = {count: [] for count in calls}
    for number in range((REQUESTS if is_free else _PAGES) + _WARM_UP):
        for count, ask in calls.items():
            begun = perf_counter()
            ask()
            if number >= _WARM_UP:
                times[count].append(perf_counter() - begun)
    return {count: median(each) * 1000 for count, each in times.items()}


def _ratio(name: str, times: dict[int, float]) -> Figure:
    ratio = times[MANY] / times[FEW]
    value = f"{times[FEW]:.1f} ms and {times[MANY]:.1f} ms (medians): {ratio:.2f}"
    return Figure(name, value, f"at most {_MOST_TIMES}", ratio <= _MOST_TIMES)


def _get(connection: http.client.HTTPConnection, path: str, told: dict[str, Any]) -> None:
    connection.request("GET", path.format(**told), headers={"Authorization": f"Bearer {told['key']}"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}\n{body.decode()[:2000]}")


def main() -> None:
    """Time lists and reports of the merchant that the command line names; for a process of its own."""
    import django

    django.setup()
    from bench.costs import deleted_in_a_second, list_times, report_times

    merchant = sys.argv[1]
    told = {"lists": list_times(merchant), "reports": report_times(merchant), "deleted": deleted_in_a_second(merchant)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
