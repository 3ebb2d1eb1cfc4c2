"""Reads Ethereum and the chains that speak its JSON-RPC.

Tokens come from event logs, the network's own coin from block bodies. What a contract pays out in
the network's own coin (an "internal transaction") leaves no trace in either and is not seen: the
merchant finds it in the wallet, and a staff member can accept the invoice by hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from chains.base import ANY_ENDS, Asset, Block, ChainUnavailable, Ends, Network, Transfer, Watchlist
from chains.codecs import evm_address, keccak256, parse_evm_address
from chains.endpoint import Limits, Refused
from chains.erc20 import TRANSFER_TOPIC, Logs, TransferLogs
from chains.health import EndpointHealth
from chains.hexadecimal import HASH_BYTES, data, fields_of, items_of, moment, quantity
from chains.moves import Move, Spelling, as_transfers, check_in_blocks, check_linked, received, watched
from chains.rpc import JsonRpc

SPELLING: Final = Spelling(address=evm_address, hash_prefix="0x", is_folded=True)
_ADDRESS_BYTES: Final = 20
_BLOOM_BYTES: Final = 256
_NO_FILTER: Final = 2 ** (8 * _BLOOM_BYTES) - 1  # all ones: everything may be in it
_BODIES_AT_ONCE: Final = 5  # full blocks have hundreds of kilobytes each
_BLOCK_RANGE: Final = 20
_RANGES_A_CALL: Final = 10


@dataclass(frozen=True, slots=True)
class _Body:
    """A block with what its body says about the network's own coin."""

    block: Block
    moves: tuple[Move, ...]
    bloom: int  # the filter over addresses and topics of its logs; _NO_FILTER where the node tells none


class EvmReader:
    """Implements ``chains.base.ChainReader`` for one EVM network."""

    def __init__(self, network: Network, *, rpc: JsonRpc | None = None) -> None:
        self._rpc = rpc or JsonRpc(
            network.rpc_urls,
            chain_id=network.chain_id,
            batch_size=int(network.options.get("batch_size", 10)),
            limits=Limits(requests_per_second=network.requests_per_second),
        )
        self._lag = network.tolerable_lag
        self._chunk = int(network.options.get("block_range", _BLOCK_RANGE))
        self.max_range = self._chunk * _RANGES_A_CALL
        self._coin = next((asset for asset in network.assets if not asset.contract), None)
        contracts = {parse_evm_address(asset.contract) or "": asset for asset in network.assets if asset.contract}
        self._logs = TransferLogs(self._rpc, contracts)
        self._token_blooms = {body: _bloom_bits(body) | _bloom_bits(TRANSFER_TOPIC) for body in contracts}

    @property
    def source(self) -> str:
        """The endpoint that answered last."""
        return self._rpc.nodes.source

    def health(self) -> list[EndpointHealth]:
        """Return how each endpoint is doing."""
        return self._rpc.nodes.health()

    def block_at(self, height: int | None = None) -> Block:
        """Return the block at ``height``, or the tip."""
        if height is None:
            return self._rpc.newest(_tip, "eth_getBlockByNumber", "latest", False, lag=self._lag)
        with self._rpc.nodes.doubted():
            reply = self._rpc.call("eth_getBlockByNumber", hex(height), False)
            if reply is None:
                raise ChainUnavailable(f"the node has no block {height}")
            block = _block(fields_of(reply, "block"))
            check_linked(None, [block], height)
            return block

    def finalized_height(self) -> int | None:
        """Return the height of the block tagged ``finalized``, or None on nodes that know no such tag."""
        with self._rpc.nodes.doubted():
            try:
                reply = self._rpc.call("eth_getBlockByNumber", "finalized", False)
            except Refused:
                return None
            return None if reply is None else _block(fields_of(reply, "block")).height

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        """Yield the transfers to watched addresses in blocks ``first..last``, in chain order."""
        previous: Block | None = None
        for start in range(first, last + 1, self._chunk):
            end = min(start + self._chunk - 1, last)
            blocks, transfers = self._rpc.nodes.by_any(partial(self._between, start, end, previous, watchlist))
            previous = blocks[-1]
            ends.check(first=blocks[0] if start == first else None, last=previous if end == last else None)
            yield from transfers

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        """Yield nothing: nodes rarely share what waits, and on most of these chains it waits for seconds."""
        del watchlist
        return iter(())

    def has_failed(self, txid: str) -> bool:
        """Return whether the transaction is in a block and reverted."""
        with self._rpc.nodes.doubted():
            receipt = self._receipt(txid)
            return receipt is not None and not _succeeded(receipt)

    def height_of(self, txid: str) -> int | None:
        """Return the height of the block that holds the transaction."""
        with self._rpc.nodes.doubted():
            receipt = self._receipt(txid)
            return None if receipt is None else quantity(receipt.get("blockNumber"), "block number")

    def _between(
        self, first: int, last: int, previous: Block | None, watchlist: Watchlist
    ) -> tuple[list[Block], list[Transfer]]:
        with self._rpc.nodes.doubted():
            bodies = self._bodies(first, last)
            blocks = [body.block for body in bodies]
            check_linked(previous, blocks, first)
            return blocks, list(self._transfers(bodies, watchlist))

    def _receipt(self, txid: str) -> dict[str, Any] | None:
        reply = self._rpc.call("eth_getTransactionReceipt", txid)
        if reply is None:
            return None
        receipt = fields_of(reply, "receipt")
        if "0x" + data(receipt.get("transactionHash"), HASH_BYTES, "transaction hash") != txid:
            raise ChainUnavailable("the node answered with the receipt of another transaction")
        return receipt

    def _transfers(self, bodies: Sequence[_Body], watchlist: Watchlist) -> Iterator[Transfer]:
        blocks = {body.block.height: body.block for body in bodies}
        logs = self._logs.between(min(blocks), max(blocks))
        logs = Logs.together([logs, self._logs.in_blocks(self._silent(bodies, logs, logs.newest))])
        self._logs.check_silence(self._silent(bodies, logs, max(blocks)))
        coins = [move for body in bodies for move in body.moves]
        ours = watched({*logs.recipients, *(move.recipient for move in coins)}, watchlist, SPELLING)
        moves = self._logs.moves_to(ours, logs) + [move for move in coins if move.recipient in ours]
        check_in_blocks(moves, blocks)
        yield from as_transfers(self._settled(received(moves)), blocks, SPELLING)

    def _silent(self, bodies: Sequence[_Body], logs: Logs, answered: int) -> dict[str, list[str]]:
        """
        Return the blocks (hash → contracts) whose filter says that there may be logs of a token and there are none.

        A node that lags behind answers for the blocks it lacks with nothing instead of an error; asked by hash it
        must admit it. One whose index has holes answers with nothing, too. The filter spares the question for most
        blocks that truly have none; where the node tells no filter, only blocks above ``answered`` are in doubt.
        """
        told = {(contract, height) for contract, height, _ in logs.places}
        silent = {
            body.block.hash: [
                contract
                for contract, bits in self._token_blooms.items()
                if body.bloom & bits == bits and (contract, body.block.height) not in told
            ]
            for body in bodies
            if body.bloom != _NO_FILTER or body.block.height > answered
        }
        return {block_hash: contracts for block_hash, contracts in silent.items() if contracts}

    def _bodies(self, first: int, last: int) -> list[_Body]:
        bodies: list[_Body] = []
        while len(bodies) <= last - first:
            start = first + len(bodies)
            heights = range(start, min(start + _BODIES_AT_ONCE, last + 1))
            # Without a coin to look for, the headers do.
            is_full = self._coin is not None
            for reply in self._rpc.batch([("eth_getBlockByNumber", (hex(height), is_full)) for height in heights]):
                if reply is None:
                    raise ChainUnavailable(f"the node has no block {first + len(bodies)}")
                bodies.append(_body(fields_of(reply, "block"), self._coin))
        return bodies

    def _settled(self, moves: Sequence[Move]) -> list[Move]:
        """Leave out the coin of transactions that reverted: it went back. Logs of those do not exist."""
        coins = [move for move in moves if not move.asset.contract]
        if not coins:
            return list(moves)
        txids = list(dict.fromkeys(move.txid for move in coins))
        replies = self._rpc.batch([("eth_getTransactionReceipt", ("0x" + txid,)) for txid in txids])
        receipts = dict(zip(txids, (fields_of(reply, "receipt") for reply in replies), strict=True))
        settled = []
        for move in moves:
            if move.asset.contract:
                settled.append(move)
            elif _succeeded(_own_receipt(receipts[move.txid], move)):
                settled.append(move._replace(fee_units=_fee(receipts[move.txid])))
        return settled


def _tip(reply: Any) -> Block:
    if reply is None:
        raise ChainUnavailable("the node has no block at its tip")
    return _block(fields_of(reply, "block"))


def _block(fields: dict[str, Any]) -> Block:
    return Block(
        height=quantity(fields.get("number"), "block number"),
        hash="0x" + data(fields.get("hash"), HASH_BYTES, "block hash"),
        parent_hash="0x" + data(fields.get("parentHash"), HASH_BYTES, "parent hash"),
        timestamp=moment(quantity(fields.get("timestamp"), "timestamp"), "timestamp"),
    )


def _body(fields: dict[str, Any], coin: Asset | None) -> _Body:
    block = _block(fields)
    bloom = fields.get("logsBloom")
    transactions = items_of(fields.get("transactions"), "list of transactions") if coin else []
    found = (_coin_move(item, index, block, coin) for index, item in enumerate(transactions) if coin)
    return _Body(
        block=block,
        moves=tuple(move for move in found if move),
        bloom=_NO_FILTER if bloom is None else int(data(bloom, _BLOOM_BYTES, "logs filter"), 16),
    )


def _coin_move(transaction: object, index: int, block: Block, coin: Asset) -> Move | None:
    fields = fields_of(transaction, "transaction")
    value = fields.get("value")
    units = 0 if value == "0x0" else quantity(value, "transaction value")  # most move a token or nothing
    if not units or fields.get("to") is None:  # without a recipient it creates a contract
        return None
    return Move(
        asset=coin,
        txid=data(fields.get("hash"), HASH_BYTES, "transaction hash"),
        sender=data(fields.get("from"), _ADDRESS_BYTES, "sender"),
        recipient=data(fields.get("to"), _ADDRESS_BYTES, "recipient"),
        units=units,
        height=block.height,
        block_hash=block.hash.removeprefix("0x"),
        position=(index, -1),
    )


def _own_receipt(receipt: dict[str, Any], move: Move) -> dict[str, Any]:
    """
    Return ``receipt`` if it is that of ``move``, in the same block.

    :raises ChainUnavailable: when it is another's
    """
    if (
        data(receipt.get("transactionHash"), HASH_BYTES, "transaction hash") != move.txid
        or data(receipt.get("blockHash"), HASH_BYTES, "block hash") != move.block_hash
    ):
        raise ChainUnavailable("the node answered with the receipt of another transaction or block")
    return receipt


def _succeeded(receipt: dict[str, Any]) -> bool:
    status = quantity(receipt.get("status"), "receipt status")
    if status > 1:
        raise ChainUnavailable("the node answered with a receipt status that does not exist")
    return status == 1


def _fee(receipt: dict[str, Any]) -> int | None:
    """Return the sender's fee in base units of the coin, with the part for the chain below (Base); None if untold."""
    if receipt.get("effectiveGasPrice") is None or receipt.get("gasUsed") is None:
        return None
    below = quantity(receipt["l1Fee"], "fee") if receipt.get("l1Fee") is not None else 0
    return quantity(receipt["gasUsed"], "gas used") * quantity(receipt["effectiveGasPrice"], "gas price") + below


def _bloom_bits(body: str) -> int:
    """Return the three bits that an address or topic sets in a block's filter (Yellow Paper, 4.3.1)."""
    digest = keccak256(bytes.fromhex(body))
    return sum(1 << bit for bit in {int.from_bytes(digest[at : at + 2], "big") & 2047 for at in (0, 2, 4)})
