"""A chain made of plain lists, for tests: it grows, forks, lags and answers late, as told."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from chains.base import ANY_ENDS, Block, ChainUnavailable, Ends, Transfer, Watchlist
from chains.health import EndpointHealth

GENESIS_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def transfer(invoice, *, units=None, txid="a" * 64, ordinal=0, asset=None, sender="sandbox1payer") -> Transfer:
    """Return a transfer to ``invoice``: of all that is due unless ``units`` says otherwise."""
    return Transfer(
        network=invoice.network,
        asset=asset or invoice.asset_code,
        txid=txid,
        ordinal=ordinal,
        sender=sender,
        recipient=invoice.address,
        units=invoice.remaining_units if units is None else units,
        block=None,
    )


@dataclass
class ScriptedChain:
    """Implements ``chains.base.ChainReader`` over lists; ``before`` runs once, inside a reading of transfers."""

    start: datetime = GENESIS_TIME
    max_range: int = 100
    source: str = "scripted"
    blocks: list[tuple[Block, tuple[Transfer, ...]]] = field(default_factory=list)
    pool: list[Transfer] = field(default_factory=list)
    finalized: int | None = None
    is_down: bool = False
    is_blind: bool = False  # the node's index lags: it knows the blocks, but not what is in them
    before: Callable[[], None] | None = None
    branch: int = 0
    rival: "ScriptedChain | None" = None  # another fork, whose node takes over while transfers are read, and then fails
    failed: set[str] = field(default_factory=set)  # transactions in the newest block that reverted
    asked_for: list[str] = field(default_factory=list)  # transactions that somebody looked for

    def __post_init__(self) -> None:
        if not self.blocks:
            self.mine()

    def mine(self, *transfers: Transfer, at: datetime | None = None) -> Block:
        height = len(self.blocks)
        parent = self.blocks[-1][0].hash if self.blocks else "0" * 64
        text = f"{parent}{height}{self.branch}{[(t.txid, t.ordinal) for t in transfers]}"
        block = Block(
            height,
            hashlib.sha256(text.encode()).hexdigest(),
            parent,
            at or self.start + timedelta(seconds=3 * height),
        )
        self.blocks.append((block, tuple(replace(t, block=block) for t in transfers)))
        return block

    def grow(self, count: int) -> None:
        for _ in range(count):
            self.mine()

    def fork(self, depth: int) -> None:
        """Take the last ``depth`` blocks away; what is mined next lies on another branch."""
        del self.blocks[len(self.blocks) - depth :]
        self.branch += 1

    def health(self) -> list[EndpointHealth]:
        return []

    def block_at(self, height: int | None = None) -> Block:
        if self.is_down:
            raise ChainUnavailable("down")
        if height is not None and not 0 <= height < len(self.blocks):
            raise ChainUnavailable(f"no block {height}")
        return self.blocks[-1 if height is None else height][0]

    def finalized_height(self) -> int | None:
        return self.finalized

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        if self.is_down:
            raise ChainUnavailable("down")
        blocks = self.rival.blocks if self.rival else self.blocks
        found = [] if self.is_blind else [t for _, held in blocks[first : last + 1] for t in held]
        ends.check(first=blocks[first][0], last=blocks[last][0])
        if self.before:
            before, self.before = self.before, None
            before()
        ours = watchlist.among({t.recipient for t in found})
        return iter([t for t in found if t.recipient in ours])

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        ours = watchlist.among({t.recipient for t in self.pool})
        return iter([t for t in self.pool if t.recipient in ours])

    def has_failed(self, txid: str) -> bool:
        return txid in self.failed

    def height_of(self, txid: str) -> int | None:
        self.asked_for.append(txid)
        if self.is_down:
            raise ChainUnavailable("down")
        if txid in self.failed:
            return len(self.blocks) - 1
        return next((block.height for block, held in self.blocks if txid in {t.txid for t in held}), None)
