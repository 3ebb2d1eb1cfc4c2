"""``POST /api/v1/invoices`` beside a bare Django view, on the same server, database and connections."""

import json
import sys
from typing import Final

from bench.client import TOKEN
from bench.figures import Figure, show
from bench.installation import Installation
from bench.rounds import IN_TURNS, compare

KEYS: Final = 60  # each may create 1000 invoices an hour
_LEAST_SHARE: Final = 0.40
_MOST_STATEMENTS: Final = 12

ORDER: Final = {
    "title": "VPN Service Order",
    "description": "Monthly VPN subscription with premium features",
    "items": [
        {"name": "VPN Premium Plan", "description": "Unlimited bandwidth", "quantity": 1, "unit_price": 9.99},
        {"name": "Additional Static IP", "quantity": 2, "unit_price": 2.50},
    ],
    "tax": 1.50,
    "currency": "USD",
    "crypto_currency": "USDT",
    "price_lock_duration": 1800,
    "expires_in": 1800,
    "return_url": "https://merchant.example/success",
    "cancel_url": "https://merchant.example/cancel",
    "metadata": {"customer_id": "cust_456", "order_id": "ord_789", "customer_email": "customer@example.com"},
}


def run(installation: Installation) -> None:
    """Measure both in turns."""
    installation.set_up_django()
    from bench.tenants import count_statements, new_keys, new_merchant

    merchant = new_merchant("Bench")
    keys = new_keys(merchant, KEYS)
    installation.run("-m", "bench.floor", "make-tables")
    _post_once(keys[0], "first")  # what is read once a process is not a request's cost
    statements, texts = count_statements(lambda: _post_once(keys[0], "second"))
    floor, ours = installation.serve("bench.floor:application"), installation.serve("config.wsgi:application")
    bare, created = compare(installation, (floor, [_request("none")]), (ours, [_request(key) for key in keys]))
    share = created.rate / bare.rate
    show(
        f"POST /api/v1/invoices, {IN_TURNS}",
        [
            Figure("bare Django view", str(bare)),
            Figure("create an invoice", str(created)),
            Figure("share of the bare view", f"{share:.1%}", f"at least {_LEAST_SHARE:.0%}", share >= _LEAST_SHARE),
            Figure("share by processor time", f"{bare.cost / created.cost:.1%}"),
            Figure("SQL statements", str(statements), f"at most {_MOST_STATEMENTS}", statements <= _MOST_STATEMENTS),
        ],
    )
    if "--verbose" in sys.argv:
        print("\n".join(f"    {number}. {text[:150]}" for number, text in enumerate(texts, 1)))


def _request(key: str) -> str:
    body = json.dumps(ORDER)
    return (
        "POST /api/v1/invoices HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nIdempotency-Key: {TOKEN}\r\nUser-Agent: bench/1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


def _post_once(key: str, idempotency_key: str) -> None:
    from django.test import Client

    answer = Client().post(
        "/api/v1/invoices",
        json.dumps(ORDER),
        content_type="application/json",
        headers={"authorization": f"Bearer {key}", "idempotency-key": idempotency_key},
    )
    if answer.status_code != 201:
        raise SystemExit(answer.content.decode())
