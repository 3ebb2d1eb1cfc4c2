"""From what the blocks of a range hold to the transfers that concern us: the part all block-range readers share."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chains.base import Asset, Block, ChainUnavailable, Transfer, Watchlist


class Move(NamedTuple):
    """
    Money that moved, as the node tells it: hashes and addresses are hex digits without prefix.

    A named tuple, because a busy range holds a hundred thousand and a frozen dataclass takes far longer to make.
    """

    asset: Asset
    txid: str
    sender: str
    recipient: str
    units: int
    height: int
    block_hash: str
    position: tuple[int, int]  # transaction within the block; log within the block, -1 for the coin itself
    fee_units: int | None = None


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a chain family writes what is hex digits inside."""

    address: Callable[[str], str]
    hash_prefix: str
    is_folded: bool = False  # capitals in addresses are but a checksum, and 0x before the digits is all there is to it


def check_linked(previous: Block | None, blocks: Sequence[Block], first: int) -> None:
    """
    Make sure that ``blocks`` are the chain from height ``first`` on, growing from ``previous``.

    :raises ChainUnavailable: when they are not: the node lies, or the chain changed meanwhile
    """
    for height, block in enumerate(blocks, start=first):
        if block.height != height:
            raise ChainUnavailable(f"the node answered with block {block.height} instead of {height}")
        if previous is not None and block.parent_hash != previous.hash:
            raise ChainUnavailable(f"block {height} does not follow the block before it")
        previous = block


def check_in_blocks(moves: Sequence[Move], blocks: Mapping[int, Block]) -> None:
    """
    Make sure that every move is in the block it names, and every transaction in one block only.

    :raises ChainUnavailable: when one is not: the node lies, or the chain changed meanwhile
    """
    homes: dict[str, int] = {}
    for move in moves:
        block = blocks.get(move.height)
        if block is None:
            raise ChainUnavailable(f"the node answered with a log of block {move.height}, which was not asked for")
        if block.hash.removeprefix("0x") != move.block_hash:
            raise ChainUnavailable(f"the node told of two different blocks {move.height}")
        if homes.setdefault(move.txid, move.height) != move.height:
            raise ChainUnavailable("the node told of one transaction in two blocks")


def watched(recipients: Iterable[str], watchlist: Watchlist, spelling: Spelling) -> set[str]:
    """Return those of ``recipients`` (hex digits) that are ours; one question to the watchlist."""
    bodies = set(recipients)
    if not bodies:
        return set()
    if spelling.is_folded:  # a checksum takes three times as long as the rest of decoding
        return {name[2:] for name in watchlist.among_folded([f"0x{body}" for body in bodies])}
    names = {spelling.address(body): body for body in bodies}
    return {names[name] for name in watchlist.among(names)}


def received(moves: Iterable[Move]) -> list[Move]:
    """Return the moves that bring something, in chain order: sending to oneself does not, however often it is done."""
    real = (move for move in moves if move.units > 0 and move.sender != move.recipient)
    return sorted(real, key=lambda move: (move.height, move.position))


def as_transfers(moves: Sequence[Move], blocks: Mapping[int, Block], spelling: Spelling) -> Iterator[Transfer]:
    """Yield ``moves`` (in chain order) in the words of the chain interface, numbered within their transaction."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for move in moves:
        name = (move.txid, move.asset.code, move.recipient)
        yield Transfer(
            network=move.asset.network,
            asset=move.asset.code,
            txid=spelling.hash_prefix + move.txid,
            ordinal=seen[name],
            sender=spelling.address(move.sender),
            recipient=spelling.address(move.recipient),
            units=move.units,
            block=blocks[move.height],
            fee_units=move.fee_units,
        )
        seen[name] += 1
