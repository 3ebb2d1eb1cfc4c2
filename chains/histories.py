"""
Histories of accounts, some accounts at a time.

Hashes tie one block to the next, but nothing ties what two nodes tell of two accounts: they need not be of one chain.
So each piece is told by one node alone, which shows the ends of the range before and after. Hashes of blocks name all
that is below them: pieces that were told between the same ends are of one chain, whichever nodes told them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from chains.base import Block, Ends
from chains.nodes import Nodes

T = TypeVar("T")

PIECE: Final = 50  # accounts


@dataclass(frozen=True, slots=True)
class Between:
    """The blocks ``first..last`` with what is known of their ends, and how to ask for a block."""

    first: int
    last: int
    ends: Ends
    block_at: Callable[[int], Block]

    def check(self) -> None:
        """
        Make sure that the ends are those that are meant, as far as they are known.

        :raises ChainUnavailable: when they are not, or the node does not tell
        """
        self.ends.check_by(self.block_at, self.first, self.last)


def read_histories(
    nodes: Nodes, accounts: Sequence[str], read: Callable[[Sequence[str]], list[T]], *, between: Between
) -> list[T]:
    """
    Return what ``read`` finds for all ``accounts``. When a node fails or lies, the next one goes on with its piece.

    Where the last block is not known, one node must tell everything.

    :raises ChainUnavailable: when no node can tell a piece
    """
    size = PIECE if between.ends.last else max(len(accounts), 1)
    found: list[T] = []
    for start in range(0, len(accounts), size):
        piece = partial(_piece, nodes, accounts[start : start + size], read, between)
        found += nodes.by_any(partial(nodes.by_one, piece))
    return found


def _piece(
    nodes: Nodes, accounts: Sequence[str], read: Callable[[Sequence[str]], list[T]], between: Between
) -> list[T]:
    between.check()
    with nodes.doubted():
        found = read(accounts)
    between.check()
    return found
