"""What the gateway asks of a chain, and the words for its answers.

Plain Python: no Django, no clock. A reader translates; it decides nothing. Confirmation policy,
matching and retries live in ``payments``.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final, Protocol

from chains.health import EndpointHealth
from core.money import WIDE, step


class ChainUnavailable(Exception):
    """The node did not answer, or answered something that cannot be relied on. Try again later."""


class Finality(Enum):
    """A confirmation requirement that is not a number of blocks."""

    FINALIZED = "finalized"  # the chain's own finality tag has passed the block


FINALIZED: Final = Finality.FINALIZED


@dataclass(frozen=True, slots=True)
class Asset:
    """A coin or token on one network. USDT on TRON and USDT on Ethereum are two assets."""

    code: str
    network: str
    decimals: int
    display_digits: int  # how many fractional digits people are shown and asked to send
    contract: str = ""  # normal form of the address; empty for the network's own coin
    dust: int = 1  # base units below which what nobody asked for is noise: advertising, poisoned histories
    least: int = 1  # base units below which the chain carries nothing to a new address

    def to_units(self, amount: Decimal) -> int:
        """Convert major units to base units, rounding up: nobody is asked for less than is owed."""
        scaled = amount.scaleb(self.decimals, context=WIDE)
        return int(scaled.to_integral_value(rounding="ROUND_CEILING", context=WIDE))

    def to_amount(self, units: int) -> Decimal:
        """Convert base units to major units, exactly; at least ``display_digits`` digits after the point."""
        amount = Decimal(units).scaleb(-self.decimals, context=WIDE)
        shown = amount.quantize(step(min(self.display_digits, self.decimals)), context=WIDE)
        if shown == amount:
            return shown
        # More digits than are shown as a rule; without zeros behind them, because there are more than are shown.
        return amount.normalize(context=WIDE)


@dataclass(frozen=True, slots=True)
class Landmark:
    """A block that one chain has and no other: what tells chains without an id apart."""

    height: int
    hash: str


@dataclass(frozen=True, slots=True)
class Network:
    """One blockchain as this installation reaches it."""

    code: str
    name: str
    family: str  # "evm" | "tron" | "bitcoin" | "solana" | "xrp" | "cardano" | "sandbox"
    livemode: bool
    assets: tuple[Asset, ...]
    confirmations: tuple[int | Finality, int | Finality, int | Finality]  # invoices < 100, < 10,000, above (USD)
    block_time: timedelta  # between two blocks, as a rule
    scan_every: timedelta = timedelta()  # while somebody waits for a payment; zero: as often as the clock strikes
    side: str = "mainnet"  # which of the network's chains: the real one or a test chain
    chain_id: int = 0
    landmark: Landmark | None = None  # a node on another chain is not believed
    tag_kind: str = ""  # "destination_tag" | "reference" where a shared address and a tag make a destination
    rpc_urls: tuple[str, ...] = ()
    wallet_rpc_urls: tuple[str, ...] = ()  # public nodes that a customer's wallet may be told of; hold no keys
    explorer_tx: str = ""  # template with {txid}
    explorer_address: str = ""  # template with {address}
    options: dict[str, str] = field(default_factory=dict, hash=False, repr=False)  # of the reader; may hold API keys

    def asset(self, code: str) -> Asset | None:
        """Return the asset called ``code`` on this network."""
        for asset in self.assets:  # a generator would take twice as long: this is asked for each row of a list
            if asset.code == code:
                return asset
        return None

    @property
    def block_seconds(self) -> int:
        """``block_time`` in whole seconds, at least one: for telling people how long to wait, not for arithmetic."""
        return max(int(self.block_time / timedelta(seconds=1)), 1)

    @property
    def tolerable_lag(self) -> int:
        """How many blocks a node may be behind another before it is passed over: half a minute's, at least 3."""
        return max(int(timedelta(seconds=30) / self.block_time), 3)

    @property
    def requests_per_second(self) -> int:
        """How often one endpoint may be asked; 0: as often as it answers."""
        return int(self.options.get("rate", 0))

    @property
    def is_enabled(self) -> bool:
        """Whether there is a node to read: the sandbox always, the others with at least one URL."""
        return self.family == "sandbox" or bool(self.rpc_urls)


@dataclass(frozen=True, slots=True)
class Block:
    """A block as its header tells it. Hashes are lower-case hex as the chain prints them."""

    height: int
    hash: str
    parent_hash: str
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """
    Money that moved to one address in one transaction; ``units`` are base units of the asset.

    ``ordinal`` counts the transfers of this asset to this recipient within the transaction. With
    them it names the transfer for good: a log's index would change when a reorg moves the
    transaction to another block. ``block`` is None while the transaction waits in the mempool.
    """

    network: str
    asset: str
    txid: str
    ordinal: int
    sender: str
    recipient: str
    units: int
    block: Block | None
    tag: str = ""
    fee_units: int | None = None  # in the network's own coin, where the reply happens to hold it


@dataclass(frozen=True, slots=True)
class Ends:
    """
    Between which blocks a range must lie, by their hashes; an empty one is not known.

    A reader may turn from one node to another at any question, and back. Whoever compares the ends of a range before
    and after it was read, with the node asked then, has not compared what was read: the reader has to.
    """

    before: str = ""  # hash of the block that the first one grows from
    last: str = ""  # hash of the last one

    def check(self, *, first: Block | None, last: Block | None) -> None:
        """
        Make sure that the first and last block of a range are those that are meant; None for one not read yet.

        :raises ChainUnavailable: when one is not: nodes are on different forks, or the chain changed meanwhile
        """
        if first is not None and self.before not in {"", first.parent_hash}:
            raise ChainUnavailable(f"block {first.height} was read on another fork than was meant")
        if last is not None and self.last not in {"", last.hash}:
            raise ChainUnavailable(f"block {last.height} was read on another fork than was meant")

    def check_by(self, block_at: Callable[[int], Block], first: int, last: int) -> None:
        """
        Ask for the two blocks, as far as they are known, and check them.

        :raises ChainUnavailable: as above, and when the node does not answer
        """
        self.check(first=block_at(first) if self.before else None, last=block_at(last) if self.last else None)


ANY_ENDS: Final = Ends()


class Watchlist(Protocol):
    """Which of the addresses seen on a chain are ours; addresses in their normal form."""

    def among(self, addresses: Collection[str]) -> set[str]:
        """Return those of ``addresses`` that were ever issued: one indexed query."""

    def among_folded(self, addresses: Collection[str]) -> set[str]:
        """
        Return those of ``addresses``, all in small letters, that were ever issued: one indexed query.

        For chains whose addresses begin with 0x and mean the same in capitals (EIP-55).
        """

    def references(self, candidates: Collection[str]) -> set[str]:
        """Return those of ``candidates`` that were ever issued as a tag: one indexed query."""

    def live(self) -> Iterator[str]:
        """Yield every issued address once; for chains that are read account by account."""


class ChainReader(Protocol):
    """
    What the gateway asks of a chain.

    Whatever reads the network may raise ``ChainUnavailable`` and nothing else.
    """

    max_range: int  # how many blocks one call of ``transfers`` may span

    @property
    def source(self) -> str:
        """The endpoint that answered last, without what is secret in its URL; empty where there are no endpoints."""

    def health(self) -> Sequence[EndpointHealth]:
        """Return how each endpoint is doing, for the operator; asks nothing of the network."""

    def block_at(self, height: int | None = None) -> Block:
        """Return the block at ``height``, or the tip."""

    def finalized_height(self) -> int | None:
        """Return the height that the chain itself calls final, or None where it has no such word."""

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        """
        Yield the transfers to watched addresses in blocks ``first..last``, in chain order.

        Unavailable, at the latest in the end, when what was read does not lie between ``ends``.
        """

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        """Yield transfers to watched addresses that wait for a block; nothing where the node cannot tell."""

    def has_failed(self, txid: str) -> bool:
        """Return whether the transaction is in a block and reverted."""

    def height_of(self, txid: str) -> int | None:
        """Return the height of the block that holds the transaction; None where the node knows of none."""
