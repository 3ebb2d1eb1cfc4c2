"""Catching up after a downtime on a local node: empty blocks, then blocks full of others' transfers, then of ours."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import Any, Final
from unittest import mock

from bench.figures import Figure, show
from bench.installation import ROOT, Installation, cpu_seconds
from bench.stub_node import CHAIN_ID, CONTRACT, IN_A_BLOCK, OURS_EVERY, UNITS, address_of

EMPTY: Final = 20_000
BUSY: Final = 1_000
OURS: Final = 5
_PAID_BUSY: Final = BUSY * IN_A_BLOCK // OURS_EVERY
_PAID: Final = _PAID_BUSY + OURS * IN_A_BLOCK
_LEAST_BLOCKS, _LEAST_TRANSFERS = 1_000, 20_000  # a second
_NETWORK: Final = "ethereum"


def run(installation: Installation) -> None:
    """Scan from a first look at a short chain to the tip of a long one."""
    node = subprocess.Popen(
        [sys.executable, "-m", "bench.stub_node"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(_line(node))
        installation.environment.update(
            ETHEREUM_RPC_URL=f"http://127.0.0.1:{port}",
            ETHEREUM_CHAIN_ID=str(CHAIN_ID),
            ETHEREUM_USDT_CONTRACT="0x" + CONTRACT,
            ETHEREUM_USDT_DECIMALS="6",
        )
        installation.set_up_django()
        _add_invoices(_PAID)
        _scan_all()
        empty = _catch_up(installation, node, "empty", EMPTY)
        busy = _catch_up(installation, node, "busy", BUSY)
        _check_paid(_PAID_BUSY)
        ours = _catch_up(installation, node, "ours", OURS)
        _check_paid(_PAID)
    finally:
        node.kill()
        node.wait()
    transfers = BUSY * IN_A_BLOCK
    blocks_a_second, a_second = EMPTY / empty.seconds, transfers / busy.seconds
    show(
        f"Catching up {EMPTY:,} empty blocks, then {transfers:,} token transfers of which one in {OURS_EVERY:,}"
        f" ({1 / OURS_EVERY:.1%}) is a payment of ours, then {OURS * IN_A_BLOCK:,} that all are",
        [
            Figure(
                "empty blocks",
                f"{blocks_a_second:,.0f} /s",
                f"at least {_LEAST_BLOCKS:,} /s",
                blocks_a_second >= _LEAST_BLOCKS,
            ),
            Figure("with nobody else about", f"{EMPTY / empty.busy_seconds:,.0f} /s"),
            Figure("bounded by", empty.told),
            Figure(
                "transfers matched",
                f"{a_second:,.0f} /s",
                f"at least {_LEAST_TRANSFERS:,} /s",
                a_second >= _LEAST_TRANSFERS,
            ),
            Figure("with nobody else about", f"{transfers / busy.busy_seconds:,.0f} /s"),
            Figure("bounded by", busy.told),
            Figure("transfers, all of them ours", f"{OURS * IN_A_BLOCK / ours.seconds:,.0f} /s"),
            Figure("with nobody else about", f"{OURS * IN_A_BLOCK / ours.busy_seconds:,.0f} /s"),
            Figure("bounded by", ours.told),
        ],
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """
    How long one part took, and what it was spent on.

    ``busy_seconds`` is the processor time of scanner, database and node. They work one after the other, so
    that is how long it takes where nothing else competes for the processor.
    """

    seconds: float
    busy_seconds: float
    told: str


def _catch_up(installation: Installation, node: "subprocess.Popen[str]", kind: str, count: int) -> _Outcome:
    _tell(node, f"{kind} {count}")
    spent: dict[str, float] = defaultdict(float)
    processes = {"database": installation.database_pid, "node": node.pid}
    used = _used(processes)
    with _watched(spent):
        begun = perf_counter()
        _scan_all()
        seconds = perf_counter() - begun
    busy = {name: after - used[name] for name, after in _used(processes).items()}
    matching, recording = spent["matching"], spent["recording"]
    waiting = spent["asking"]
    reading = seconds - matching - recording - waiting
    shares = {
        "waiting for the node": waiting,
        "reading and decoding its answers": reading,
        "asking the database which addresses are ours": matching,
        "recording": recording,
    }
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    told = ", ".join(f"{name} {share / seconds:.0%}" for name, share in ordered)
    cores = "; ".join(f"{name} {share / seconds:.0%} of a core" for name, share in busy.items())
    return _Outcome(seconds, sum(busy.values()), f"{told} ({cores})")


def _used(processes: dict[str, int]) -> dict[str, float]:
    """Return the processor time of the scanner, which is this process, and of the others."""
    return {"scanner": process_time(), **{name: cpu_seconds(pid) for name, pid in processes.items()}}


@contextmanager
def _watched(spent: dict[str, float]) -> Iterator[None]:
    """Take the time of what the scanner waits for."""
    from chains.endpoint import Endpoint
    from payments.services import ledger, scanner
    from payments.watchlist import IssuedAddresses

    def timed(name: str, function: Any) -> Any:
        def call(*positional: Any, **named: Any) -> Any:
            begun = perf_counter()
            try:
                return function(*positional, **named)
            finally:
                spent[name] += perf_counter() - begun

        return call

    with (
        mock.patch.object(Endpoint, "_exchange", timed("asking", Endpoint._exchange)),  # noqa: SLF001 - a clock on it
        mock.patch.object(IssuedAddresses, "among_folded", timed("matching", IssuedAddresses.among_folded)),
        mock.patch.object(scanner, "record_reading", timed("recording", ledger.record_reading)),
        mock.patch.object(scanner, "record_glimpse", timed("recording", ledger.record_glimpse)),
    ):
        yield


def _scan_all() -> None:
    from payments.services import scan

    while scan(network=_NETWORK, now=datetime.now(UTC), max_rounds=10_000):
        pass


def _add_invoices(count: int) -> None:
    from bench.tenants import add_invoices, new_merchant
    from invoices.models import Invoice

    add_invoices(new_merchant("Bench"), count)
    keys = Invoice.objects.order_by("pk").values_list("pk", flat=True)
    for number, key in enumerate(keys):
        Invoice.objects.filter(pk=key).update(
            network=_NETWORK,
            address=address_of(number),
            amount_units=UNITS,
            livemode=True,
            created_at=datetime.now(UTC),
        )


def _check_paid(expected: int) -> None:
    from payments.models import Payment

    found = Payment.objects.filter(network=_NETWORK).count()
    if found != expected:
        raise SystemExit(f"{found} payments were found, not {expected}")


def _tell(node: "subprocess.Popen[str]", order: str) -> None:
    if node.stdin is None:
        raise SystemExit("the node has no pipe")
    node.stdin.write(order + "\n")
    node.stdin.flush()
    _line(node)


def _line(node: "subprocess.Popen[str]") -> str:
    line = node.stdout.readline() if node.stdout else ""
    if not line:
        raise SystemExit("the node ended")
    return line
