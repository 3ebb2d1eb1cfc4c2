"""Everything that changes the sandbox chain: send, mine, reorganise.

A chain that anyone may command, for test mode: it behaves like a real one (mempool, blocks with
parent hashes, branches) and its addresses are accepted by no real wallet.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Final

from django.db import connection, transaction

from chains.base import Block
from chains.sandbox.errors import InvalidBlockCount, InvalidReorgDepth, InvalidTransferAmount, NotASandboxAddress
from chains.sandbox.models import ADDRESS_LENGTH, SandboxBlock, SandboxTransfer

PREFIX: Final = "sandbox1"
MAX_BLOCKS: Final = 1000  # made by one call
MAX_DEPTH: Final = 100  # blocks one reorg replaces
MAX_UNITS: Final = 2**256 - 1
KEPT_BLOCKS: Final = 100_000  # 3.5 days of empty blocks at one in 3 s

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u
_BODY_LENGTH: Final = 32
_ADVISORY_LOCK: Final = 0x73616E64626F78  # "sandbox"

# Known to all without a row: a chain nobody has mined on still has a tip.
GENESIS: Final = Block(
    height=0,
    hash=hashlib.sha256(b"crypto checkout sandbox").hexdigest(),
    parent_hash="0" * 64,
    timestamp=datetime(2025, 1, 1, tzinfo=UTC),
)


def new_address() -> str:
    """Return an address nobody has used: ``sandbox1`` and 160 random bits in Crockford's base 32."""
    return PREFIX + "".join(_ALPHABET[byte & 31] for byte in secrets.token_bytes(_BODY_LENGTH))


def is_sandbox_address(text: str) -> bool:
    """Return whether ``text`` is an address of this chain."""
    body = text.removeprefix(PREFIX)
    return text.startswith(PREFIX) and len(body) == _BODY_LENGTH and all(character in _ALPHABET for character in body)


@transaction.atomic
def send(*, address: str, asset_code: str, units: int, sender: str = "", now: datetime) -> str:
    """
    Put a transfer of ``units`` base units into the mempool and return its transaction id.

    :raises NotASandboxAddress: for any other recipient
    :raises InvalidTransferAmount: when ``units`` is below 1 or no uint256
    """
    if not is_sandbox_address(address):
        raise NotASandboxAddress(field="address")
    if not 0 < units <= MAX_UNITS:
        raise InvalidTransferAmount(field="amount")
    transfer = SandboxTransfer.objects.create(
        txid=secrets.token_hex(32),
        address=address,
        asset=asset_code,
        units=units,
        sender=sender[:ADDRESS_LENGTH] or new_address(),
        created_at=now,
    )
    return transfer.txid


@transaction.atomic
def mine(*, count: int = 1, now: datetime) -> Block:
    """
    Add ``count`` blocks and return the last; the first takes everything that waits in the mempool.

    :raises InvalidBlockCount: when ``count`` is not between 1 and 1000
    """
    if not 1 <= count <= MAX_BLOCKS:
        raise InvalidBlockCount(field="count", constraints={"minimum": 1, "maximum": MAX_BLOCKS})
    _take_turn()
    waiting = list(SandboxTransfer.objects.filter(block=None, is_dropped=False).order_by("pk"))
    return _append(_tip(), count=count, transfers=waiting, now=now)


@transaction.atomic
def reorg(*, depth: int, drop: Collection[str] = (), now: datetime) -> Block:
    """
    Replace the last ``depth`` blocks by a branch that is one block longer, and return its last block.

    The first new block takes the transfers of the replaced ones, except those whose transaction id
    is in ``drop``: they vanish, as a double-spent transaction does. ``drop`` never reaches deeper.

    :raises InvalidReorgDepth: when ``depth`` is not between 1 and 100, or the chain is shorter
    """
    _take_turn()
    tip = _tip()
    if not 1 <= depth <= min(MAX_DEPTH, tip.height):
        raise InvalidReorgDepth(field="depth", constraints={"minimum": 1, "maximum": min(MAX_DEPTH, tip.height)})
    fork = tip.height - depth
    replaced = SandboxBlock.objects.filter(is_canonical=True, height__gt=fork)
    transfers = list(SandboxTransfer.objects.filter(block__in=replaced).order_by("block__height", "pk"))
    replaced.update(is_canonical=False)
    dropped = [transfer.pk for transfer in transfers if transfer.txid in drop]
    SandboxTransfer.objects.filter(pk__in=dropped).update(block=None, is_dropped=True)
    kept = [transfer for transfer in transfers if transfer.txid not in drop]
    return _append(_tip(), count=depth + 1, transfers=kept, now=now)


@transaction.atomic
def prune() -> int:
    """Delete empty blocks deeper than ``KEPT_BLOCKS`` and return how many: nobody asks about those again."""
    deep = SandboxBlock.objects.filter(height__lt=_tip().height - KEPT_BLOCKS, transfers=None)
    return deep.delete()[0]


def _take_turn() -> None:
    """Wait until no other transaction changes the chain; lasts until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])


def _tip() -> Block:
    tip = SandboxBlock.objects.filter(is_canonical=True).order_by("-height").first()
    return tip.as_block() if tip else GENESIS


def _append(parent: Block, *, count: int, transfers: list[SandboxTransfer], now: datetime) -> Block:
    """Write ``count`` blocks on top of ``parent``, the first with ``transfers``; the caller has the turn."""
    blocks: list[SandboxBlock] = []
    txids: Iterable[str] = [transfer.txid for transfer in transfers]
    height, parent_hash = parent.height, parent.hash
    for _ in range(count):
        height += 1
        block = SandboxBlock(
            height=height, parent_hash=parent_hash, hash=_hash(parent_hash, height, now, txids), timestamp=now
        )
        blocks.append(block)
        parent_hash, txids = block.hash, ()
    SandboxBlock.objects.bulk_create(blocks)
    SandboxTransfer.objects.filter(pk__in=[transfer.pk for transfer in transfers]).update(block=blocks[0])
    return blocks[-1].as_block()


def _hash(parent_hash: str, height: int, now: datetime, txids: Iterable[str]) -> str:
    # The nonce parts two branches that hold the same transfers at the same time.
    header = [parent_hash, str(height), now.isoformat(), *txids, secrets.token_hex(8)]
    return hashlib.sha256("\n".join(header).encode()).hexdigest()
