"""From the moment a block is seen to the webhook in the merchant's hands, on a running `make run`."""

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from typing import Final

from bench.figures import Figure, show
from bench.group import call, running_group, sign_up
from bench.installation import Installation

OPEN_INVOICES: Final = 1_000
ROUNDS: Final = 25
AT_ONCE: Final = 4
_ORDER: Final = {"title": "Bench", "items": [{"name": "Thing", "quantity": 1, "unit_price": 10}]}
# The best figures that any vendor publishes for TRON (read 2026-11).
_P95_MS, _P99_MS = 480, 820
_PATIENCE: Final = 60


class _Receiver(BaseHTTPRequestHandler):
    """Notes when the webhook of each paid invoice came in."""

    arrivals: Final[dict[str, datetime]] = {}

    def do_POST(self) -> None:
        arrived = datetime.now(UTC)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.arrivals.setdefault(body["data"]["invoice_id"], arrived)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


def run(installation: Installation) -> None:
    """Pay invoices, a few in each block, beside a thousand that stay open."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with running_group(installation, OUTBOUND_ALLOWED_NETWORKS="127.0.0.0/8") as port:
        key = sign_up(port)
        installation.set_up_django()
        from bench.tenants import add_invoices
        from merchants.models import Merchant

        add_invoices(Merchant.objects.latest("created_at"), OPEN_INVOICES)
        endpoint = {"url": f"http://127.0.0.1:{server.server_port}/hook", "events": ["invoice.paid"]}
        call(port, "POST", "/api/v1/webhook-endpoints", key, endpoint)
        paid = [invoice for _ in range(ROUNDS) for invoice in _pay_several(port, key)]
        _wait_for(paid)
    server.shutdown()
    delays = sorted(_delays_in_milliseconds(paid))
    p95, p99 = (delays[int(len(delays) * share)] for share in (0.95, 0.99))
    show(
        f"Block seen to webhook handed over, {len(paid)} payments beside {OPEN_INVOICES:,} open invoices",
        [
            Figure("median", f"{median(delays):.0f} ms"),
            Figure("p95", f"{p95:.0f} ms", f"under {_P95_MS} ms", p95 < _P95_MS),
            Figure("p99", f"{p99:.0f} ms", f"under {_P99_MS} ms", p99 < _P99_MS),
        ],
    )


def _pay_several(port: int, key: str) -> list[str]:
    invoices = [str(call(port, "POST", "/api/v1/invoices", key, _ORDER)["id"]) for _ in range(AT_ONCE)]
    for invoice in invoices:
        call(port, "POST", "/api/v1/sandbox/transfers", key, {"invoice": invoice})
    call(port, "POST", "/api/v1/sandbox/blocks", key, {"count": 2})
    time.sleep(1)
    return invoices


def _wait_for(invoices: list[str]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while set(invoices) - set(_Receiver.arrivals):
        if time.monotonic() > deadline:
            raise SystemExit(f"{len(set(invoices) - set(_Receiver.arrivals))} webhooks did not come")
        time.sleep(0.1)


def _delays_in_milliseconds(invoices: list[str]) -> list[float]:
    """``paid_at`` is when the scanner looked at the chain and saw the block that confirms."""
    from invoices.models import Invoice

    keys = {Invoice.key_from(invoice): invoice for invoice in invoices}
    moments = Invoice.objects.filter(pk__in=list(keys)).values_list("pk", "paid_at")
    return [(_Receiver.arrivals[keys[key]] - paid_at).total_seconds() * 1000 for key, paid_at in moments]
