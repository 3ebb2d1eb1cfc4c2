"""Afterwards: what the shop and the chain say was sent beside what the tables hold and what the receiver was told."""

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from bench.installation import ROOT
from core.ids import public_id
from events.types import DELIVERABLE, WEBHOOK_TEST
from tests.faults.chaos.node import Chain
from tests.faults.chaos.receiver import Receiver
from tests.faults.chaos.shop import Order, Shop
from tests.faults.chaos.world import World

_PATIENCE: Final = 10  # seconds until the database answers
_DECIMALS: Final = {"ethereum": 18, "sandbox": 6}


@dataclass
class Account:
    """The figures, and in ``problems`` a line for everything that is not as it must be."""

    figures: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    doctor: str = ""

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.doubled or self.problems)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Orders that are not what they must become, events without a place, deliveries on their way."""

    orders: int
    events: int
    deliveries: int
    examples: list[str]

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        return f"{self.orders} orders {self.examples}, {self.events} events, {self.deliveries} deliveries"

    @property
    def count(self) -> int:
        return self.orders + self.events + self.deliveries


class Books:
    """The tables, asked past everything that might be wrong with the programs."""

    def __init__(self, world: World) -> None:
        self.url = world.database.url

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, connect_timeout=_PATIENCE) as connection:
            return list(connection.execute(query, values or None).fetchall())

    def named(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Return rows by the names of their columns."""
        with psycopg.connect(self.url, connect_timeout=_PATIENCE, row_factory=dict_row) as connection:
            return list(connection.execute(query, values or None).fetchall())

    def statuses(self) -> dict[str, tuple[str, str]]:
        rows = self.rows("SELECT id, status, exception FROM invoices_invoice")
        return {public_id("inv", key): (status, exception) for key, status, exception in rows}

    def read_up_to(self, network: str) -> tuple[int, str]:
        """Return height and hash of the block that the scan goes on after."""
        ((height, block_hash),) = self.rows("SELECT height, hash FROM payments_cursor WHERE network = %s", network)
        return height, block_hash

    def status_of(self, txid: str) -> str:
        """Return where a payment stands; "" when it is not on the books, or nobody can be asked now."""
        try:
            rows = self.rows("SELECT status FROM payments_payment WHERE txid = %s", txid)
        except psycopg.Error:
            return ""
        return str(rows[0][0]) if rows else ""

    def waiting(self, orders: list[Order]) -> Waiting:
        """Return what the installation is still at work on."""
        statuses = self.statuses()
        open_ = [order for order in orders if statuses.get(order.invoice) != order.outcome]
        ((events,),) = self.rows("SELECT count(*) FROM events_event WHERE position IS NULL")
        ((deliveries,),) = self.rows("SELECT count(*) FROM webhooks_delivery WHERE status = 'pending'")
        examples = [f"{order.name} {statuses.get(order.invoice)} ≠ {order.outcome}" for order in open_[:3]]
        return Waiting(len(open_), int(events), int(deliveries), examples)


def settle_up(world: World, shop: Shop, chain: Chain, receiver: Receiver) -> Account:
    """Compare everything with everything."""
    account, books = Account(problems=list(shop.tally.wrong)), Books(world)
    _compare_orders(account, books, shop)
    _compare_transfers(account, books, shop, chain)
    _compare_messages(account, books, receiver)
    account.figures |= {
        "requests served": shop.tally.served,
        "requests refused": shop.tally.refused,
        "requests unanswered": shop.tally.by_status["none"],
        "orders": len(shop.orders),
    }
    _ask_doctor(account, world)
    return account


def _compare_orders(account: Account, books: Books, shop: Shop) -> None:
    statuses = books.statuses()
    for order in shop.orders:
        found = statuses.get(order.invoice)
        if found is None:
            account.lost.append(f"{order.name}: {order.invoice} was accepted and is gone")
        elif found != order.outcome:
            account.problems.append(f"{order.name}: {order.invoice} is {found}, not {order.outcome}")
    names = books.rows("SELECT metadata->>'order_id', count(*) FROM invoices_invoice GROUP BY 1 HAVING count(*) > 1")
    account.doubled += [f"{name} became {count} invoices" for name, count in names]
    if len(statuses) != len(shop.orders):
        account.problems.append(f"{len(statuses)} invoices, {len(shop.orders)} orders")
    account.figures["invoices"] = len(statuses)


def _compare_transfers(account: Account, books: Books, shop: Shop, chain: Chain) -> None:
    sent = Counter(
        (order.invoice, int(amount.scaleb(_DECIMALS[order.network])))
        for order in shop.orders
        for amount in order.amounts
    )
    rows = books.rows("SELECT invoice_id, units FROM payments_payment WHERE status = 'confirmed' AND counts")
    credited = Counter((public_id("inv", key) if key else "none", int(units)) for key, units in rows)
    account.lost += [
        f"{units} base units for {name}, {count} times" for (name, units), count in (sent - credited).items()
    ]
    account.doubled += [
        f"{units} base units for {name} credited {count} times too often"
        for (name, units), count in (credited - sent).items()
    ]
    places = {each.txid: block.hash for block in chain.blocks for each in block.transfers}
    if len(places) != len(chain.sent()):
        account.problems.append("the chain itself holds a transfer twice")
    rows = books.rows("SELECT txid, block_hash, status FROM payments_payment WHERE network = 'ethereum'")
    account.problems += [
        f"{txid} is {status} in block {block_hash[:10]}, the chain has it in {places.get(txid, 'none')[:10]}"
        for txid, block_hash, status in rows
        if block_hash != places.get(txid, "")
    ]
    account.figures |= {
        "transfers sent": sum(sent.values()),
        "payments": sum(credited.values()),
        "transfers moved to another block": sum(
            len({block_hash for _, _, block_hash in moments if block_hash}) > 1 for moments in chain.history.values()
        ),
        "transfers lost by the chain": len(chain.dropped),
    }


def _compare_messages(account: Account, books: Books, receiver: Receiver) -> None:
    types = sorted(DELIVERABLE - {WEBHOOK_TEST})
    rows = books.rows("SELECT id, type FROM events_event WHERE merchant_id IS NOT NULL AND type = ANY(%s)", types)
    owed = {public_id("whk", key): kind for key, kind in rows}
    given_up = {
        public_id("whk", key) for (key,) in books.rows("SELECT event_id FROM webhooks_delivery WHERE status = 'failed'")
    }
    account.lost += [f"{kind} {name}" for name, kind in owed.items() if name not in receiver.accepted.keys() | given_up]
    account.problems += [f"{name} came and is no event" for name in receiver.accepted if name not in owed]
    account.problems += [f"{name} had another body when it was sent again" for name in sorted(receiver.changed)]
    made = Counter(told["data"]["invoice_id"] for told in receiver.told.values() if told["event"] == "invoice.created")
    account.doubled += [f"{name} was told of as created {count} times" for name, count in made.items() if count > 1]
    again = sum(count - 1 for count in receiver.accepted.values())
    ((deliveries, attempts),) = books.rows("SELECT count(*), coalesce(sum(attempts), 0) FROM webhooks_delivery")
    account.figures |= {
        "events": len(owed),
        "deliveries": int(deliveries),
        "delivery attempts": int(attempts),
        "accepted again with the same id": again,
        "given up": len(given_up),
        "reversals told": sum(told["event"].endswith(".reversed") for told in receiver.told.values()),
    }


def _ask_doctor(account: Account, world: World) -> None:
    environment = {**world.environment, "LOG_LEVEL": "ERROR"}
    found = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--chains", "--grace", "20"],
        env=environment,
        cwd=ROOT,
        text=True,
        check=False,
        capture_output=True,
    )
    account.doctor = f"{found.stdout}\n{found.stderr}".strip()
    if found.returncode:
        account.problems.append(f"manage.py doctor ends with {found.returncode}:\n{account.doctor}")


def told(account: Account, *, most: int | None) -> str:
    """Return the account in words, with ``most`` findings of a kind."""
    lines = [""]
    lines += [f"  {name:34}{number:>10,}" for name, number in account.figures.items()]
    lines += [f"  {'lost':34}{len(account.lost):>10,}", f"  {'doubled':34}{len(account.doubled):>10,}", ""]
    for title, found in (("Lost", account.lost), ("Doubled", account.doubled), ("Wrong", account.problems)):
        lines += [f"{title}: {each}" for each in found[:most]]
    return "\n".join([*lines, f"manage.py doctor: {account.doctor.splitlines()[0] if account.doctor else ''}"])
