"""What is kept of a run under ``var/chaos/<seed>/``, for whoever asks why: what was done, and each order's history."""

import json
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.installation import ROOT
from core.ids import parse_public_id, public_id
from tests.faults.chaos.account import Account, Books, told
from tests.faults.chaos.node import Chain
from tests.faults.chaos.receiver import Receiver
from tests.faults.chaos.shop import Order, Shop

_INVOICE: Final = """
SELECT status, exception, network, asset_code, received_units, confirmed_units, created_at, expires_at
FROM invoices_invoice WHERE id = %s
"""
_PAYMENTS: Final = """
SELECT txid, status, counts, units, block_height, block_hash, confirmations, review, review_reason, created_at,
       last_seen_at, confirmed_at
FROM payments_payment WHERE invoice_id = %s ORDER BY created_at
"""
_EVENTS: Final = """
SELECT e.id, e.type, e.position, e.created_at, d.status, d.attempts, d.next_attempt_at, d.leased_until, d.failure
FROM events_event e LEFT JOIN webhooks_delivery d ON d.event_id = e.id
WHERE e.invoice_id = %s ORDER BY e.position, e.sequence
"""


class Record:
    """A directory for one run; an older run of the same seed makes room for it."""

    def __init__(self, seed: int) -> None:
        self.directory = ROOT / "var" / "chaos" / str(seed)
        self.directory.mkdir(parents=True, exist_ok=True)
        for old in self.directory.iterdir():
            old.unlink()

    def say(self, text: str) -> None:
        with (self.directory / "said.txt").open("a") as file:
            file.write(text + "\n")

    def keep_orders(self, books: Books, shop: Shop, chain: Chain, receiver: Receiver) -> None:
        """Write a line of JSON for each order: what was asked and answered, sent, booked, and told."""
        with (self.directory / "orders.jsonl").open("w") as file:
            for order in shop.orders:
                file.write(json.dumps(_history(order, books, chain, receiver), default=str) + "\n")

    def keep_account(self, account: Account) -> None:
        (self.directory / "account.txt").write_text(f"{told(account, most=None)}\n\n{account.doctor}\n")


def _history(order: Order, books: Books, chain: Chain, receiver: Receiver) -> dict[str, Any]:
    return {
        "order": order.name,
        "invoice": order.invoice,
        "livemode": order.livemode,
        "address": order.address,
        "asked": order.asked,
        "expected": order.outcome,
        "steps": order.steps,
        "blocks": {txid: chain.history.get(txid, []) for _, txid in order.sent if order.livemode},
        "dropped": [txid for _, txid in order.sent if txid in chain.dropped],
        **_booked(order, books, receiver),
    }


def _booked(order: Order, books: Books, receiver: Receiver) -> dict[str, Any]:
    key = parse_public_id("inv", order.invoice)
    try:
        events = books.named(_EVENTS, key)
        for event in events:
            name = public_id("whk", event.pop("id"))
            event |= {"message": name, "accepted": receiver.accepted.get(name, 0)}
            event["failures"] = receiver.failures.get(name, 0)
        return {"books": books.named(_INVOICE, key), "payments": books.named(_PAYMENTS, key), "events": events}
    except psycopg.Error as problem:
        return {"books": repr(problem)}


def path_of(record: Record) -> str:
    return str(record.directory.relative_to(Path(ROOT)))
