"""Merchants' programs and their customers: a steady load, and a record of every order and of what must become of it."""

import contextlib
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from decimal import Decimal
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

from tests.faults.chaos.node import Chain

PRICE: Final = 10
PATIENCE: Final = 30  # seconds for one answer
_WEI: Final = 10**18


@dataclass
class Order:
    """
    What was ordered and ``sent``: each transfer's amount and name. ``dropped``: those that the chain lost for good.

    ``steps`` tells what happened, each with the seconds since the shop opened, for somebody who wants to know why.
    """

    name: str
    livemode: bool
    dropped: Container[str]
    invoice: str = ""
    network: str = ""
    address: str = ""
    asked: Decimal = Decimal(0)
    is_cancelled: bool = False
    sent: list[tuple[Decimal, str]] = field(default_factory=list)
    steps: list[tuple[float, str]] = field(default_factory=list)

    @property
    def amounts(self) -> list[Decimal]:
        """What was sent and stayed."""
        return [amount for amount, txid in self.sent if txid not in self.dropped]

    @property
    def outcome(self) -> tuple[str, str]:
        """Status and exception of its invoice, in the end."""
        if self.is_cancelled:
            return "cancelled", "none"
        paid = sum(self.amounts)
        if not paid:
            return "pending" if self.sent else "created", "none"
        if paid < self.asked:
            return "partial", "underpaid"
        return "paid", "none" if paid == self.asked else "overpaid"


@dataclass
class Tally:
    """Requests by what came of them: the HTTP status, or "none" where no answer came; and what no answer should be."""

    by_status: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def served(self) -> int:
        return sum(count for status, count in self.by_status.items() if status.startswith("2"))

    @property
    def refused(self) -> int:
        return sum(self.by_status.values()) - self.served - self.by_status["none"]


class Shop:
    """Sells, has its customers pay, and repeats every request unchanged until it is answered well."""

    def __init__(
        self, port: int, keys: dict[bool, str], chain: Chain, seed: int, *, pause: float, sellers: int
    ) -> None:
        self.port, self.keys, self.chain, self.pause = port, keys, chain, pause
        self.tally = Tally()
        self.orders: list[Order] = []
        self.is_open = True
        self._opened = time.monotonic()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._threads = [
            threading.Thread(
                target=self._sell, args=(random.Random(seed * 100 + number), bool(number % 2)), daemon=True
            )
            for number in range(sellers)
        ]
        for thread in self._threads:
            thread.start()

    def close(self, *, patience: float) -> bool:
        """Take no more orders; return whether all that were begun came to their end."""
        self.is_open = False
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.1))
        return not any(thread.is_alive() for thread in self._threads)

    def _sell(self, dice: random.Random, livemode: bool) -> None:
        while self.is_open:
            order = Order(f"order_{next(self._numbers)}", livemode, self.chain.dropped)
            try:
                self._place(order)
                self._pay(order, dice)
                if dice.random() < 0.2:
                    self._repeat(order)
            except Exception as problem:  # noqa: BLE001 - told at the end, with all else that went wrong
                self.tally.wrong.append(f"{order.name}: {problem!r}")
                self._note(order, repr(problem))
            time.sleep(self.pause * dice.uniform(0.5, 1.5))

    def _place(self, order: Order) -> None:
        answer = self._insist(order, "/api/v1/invoices", _wanted(order), order.name)
        order.invoice, order.network, order.address = answer["id"], answer["network"], answer["address"]
        order.asked = Decimal(str(answer["crypto_amount"]))
        self._note(order, f"{order.invoice} asks for {order.asked} at {order.address}")
        with self._lock:
            self.orders.append(order)

    def _repeat(self, order: Order) -> None:
        again = self._insist(order, "/api/v1/invoices", _wanted(order), order.name)["id"]
        if again != order.invoice:
            self.tally.wrong.append(f"{order.name} was {order.invoice} and is {again}")

    def _pay(self, order: Order, dice: random.Random) -> None:
        kind = dice.choices(["whole", "halves", "more", "part", "nothing", "cancel"], [60, 12, 8, 8, 6, 6])[0]
        half = (order.asked / 2).quantize(Decimal("0.000001"))
        if kind == "cancel":
            self._insist(order, f"/api/v1/invoices/{order.invoice}/cancel", {"reason": "chaos"}, f"{order.name}_no")
            order.is_cancelled = True
        amounts = {
            "whole": [order.asked],
            "halves": [half, order.asked - half],
            "more": [order.asked * 2],
            "part": [half],
        }.get(kind, [])
        for number, amount in enumerate(amounts):
            self._send(order, amount, number)

    def _send(self, order: Order, amount: Decimal, number: int) -> None:
        if order.livemode:
            txid = self.chain.send(order.address, int(amount * _WEI)).txid
        else:
            body = {"invoice": order.invoice, "amount": float(amount)}
            txid = self._insist(order, "/api/v1/sandbox/transfers", body, f"{order.name}_paid_{number}")["tx_hash"]
        order.sent.append((amount, txid))
        self._note(order, f"sent {amount} as {txid}")

    def _insist(self, order: Order, path: str, body: dict[str, Any], name: str) -> dict[str, Any]:
        """Send a request again and again, as a merchant's program does, until it is answered with 2xx."""
        while True:
            begun = time.monotonic()
            status, answer = self._post(self.keys[order.livemode], path, body, name)
            self.tally.by_status[status] += 1
            seconds = time.monotonic() - begun
            self._note(
                order, f"POST {path} {name}: {status} after {seconds:.1f} s {answer if status[0] != '2' else ''}"
            )
            if status.startswith("2"):
                return dict(json.loads(answer))
            if status not in {"none", "409", "429", "502", "503"}:
                self.tally.wrong.append(f"{path} {name}: {status} {answer[:200]}")
            if status[0] == "4" and status not in {"409", "429"}:
                raise RuntimeError(f"{status} {answer[:200]}")
            time.sleep(0.3)

    def _note(self, order: Order, text: str) -> None:
        order.steps.append((round(time.monotonic() - self._opened, 1), text.strip()[:400]))

    def _post(self, key: str, path: str, body: dict[str, Any], name: str) -> tuple[str, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", "Idempotency-Key": name}
        try:
            with contextlib.suppress(OSError, HTTPException):
                connection.request("POST", path, json.dumps(body), headers)
                reply = connection.getresponse()
                return str(reply.status), reply.read().decode()
            return "none", ""
        finally:
            connection.close()


def _wanted(order: Order) -> dict[str, Any]:
    coin = {"crypto_currency": "ETH", "network": "ethereum"} if order.livemode else {"crypto_currency": "USDT"}
    return {
        "title": order.name,
        "items": [{"name": "Thing", "quantity": 1, "unit_price": PRICE}],
        "expires_in": 86_400,
        "price_lock_duration": 86_400,
        "metadata": {"order_id": order.name},
        **coin,
    }
