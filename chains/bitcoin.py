"""Reads Bitcoin, Litecoin, Dogecoin and Bitcoin Cash over the JSON-RPC of Bitcoin Core and what descends from it.

Nodes need no wallet and no index of transactions, and may be pruned as long as they keep what is yet to be read.
They must tell a block with its transactions: Bitcoin Core since 0.15, Dogecoin Core since 1.14.7. The chains differ
only in how addresses are written, which ``chains.codecs_bitcoin`` knows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any, Final

from chains.base import ANY_ENDS, Block, ChainUnavailable, Ends, Landmark, Network, Transfer, Watchlist
from chains.bitcoin_blocks import (
    Header,
    Transaction,
    check_outputs,
    read_body,
    read_hash,
    read_header,
    read_transaction,
    read_units,
    senders_of,
)
from chains.codecs_bitcoin import ADDRESS_RULES
from chains.endpoint import Endpoint, Limits, Refused, TooMuch
from chains.health import EndpointHealth
from chains.hexadecimal import fields_of, items_of
from chains.moves import check_linked
from chains.replies import whole
from chains.rpc import Call, JsonRpc

_BLOCK_RANGE: Final = 20
_BATCH_SIZE: Final = 50
_WAITING_AT_ONCE: Final = 1000  # transactions of the mempool
# A full block is told in ten to twenty megabytes of JSON, one of Bitcoin Cash in more.
_LIMITS: Final = Limits(silence_seconds=60, total_seconds=180, reply_bytes=160 * 2**20)
# How nodes are asked for a block with its transactions: as Bitcoin Core wants it, and as bcoin and btcd do.
_WITH_TRANSACTIONS: Final[tuple[tuple[object, ...], ...]] = ((2,), (True, True))


class BitcoinRpc(JsonRpc):
    """JSON-RPC with nodes that are told apart by a block instead of a chain id."""

    def __init__(self, network: Network) -> None:
        batch_size = int(network.options.get("batch_size", _BATCH_SIZE))
        limits = replace(_LIMITS, requests_per_second=network.requests_per_second)
        super().__init__(network.rpc_urls, chain_id=0, batch_size=batch_size, limits=limits)
        self._name = network.name
        self._landmark = network.landmark or Landmark(0, "")
        self._style: dict[str, tuple[object, ...]] = {}  # by endpoint

    def block(self, block_hash: str) -> Any:
        """
        Return a block with its transactions.

        :raises ChainUnavailable: see ``Nodes.ask``
        """
        return self.nodes.ask(lambda endpoint: self._block(endpoint, block_hash))

    def each(self, calls: Sequence[Call]) -> list[Any]:
        """
        Return the results of several calls in their order, None for those that the node declined.

        :raises ChainUnavailable: see ``Nodes.ask``
        """
        return self.nodes.ask(lambda endpoint: self._each(endpoint, calls))

    def _verify(self, endpoint: Endpoint) -> None:
        height = self._landmark.height
        try:
            found = self._call(endpoint, ("getblockhash", (height,)))
        except Refused as refusal:
            raise endpoint.failure(f"does not tell whether it is on {self._name}: block {height}: {refusal}") from None
        if found != self._landmark.hash:
            raise endpoint.failure(f"is on another chain than {self._name}")

    def _block(self, endpoint: Endpoint, block_hash: str) -> Any:
        known = self._style.get(endpoint.name)
        refusal: Refused | None = None
        for style in (known,) if known else _WITH_TRANSACTIONS:
            try:
                reply = self._call(endpoint, ("getblock", (block_hash, *style)))
            except TooMuch:
                raise
            except Refused as problem:
                refusal = refusal or problem
            else:
                self._style[endpoint.name] = style
                return reply
        raise refusal or endpoint.failure("does not tell blocks")

    def _each(self, endpoint: Endpoint, calls: Sequence[Call]) -> list[Any]:
        results: list[Any] = []
        while len(results) < len(calls):
            piece = calls[len(results) : len(results) + endpoint.batch_size]
            try:
                results += self._together(endpoint, piece)
            except Refused:  # one of them, as a rule
                results += [self._or_none(endpoint, call) for call in piece]
        return results

    def _or_none(self, endpoint: Endpoint, call: Call) -> Any:
        try:
            return self._call(endpoint, call)
        except Refused:
            return None


class BitcoinReader:
    """Implements ``chains.base.ChainReader`` for one chain of the family."""

    def __init__(self, network: Network, *, rpc: BitcoinRpc | None = None) -> None:
        self._rpc = rpc or BitcoinRpc(network)
        self._rules = ADDRESS_RULES[network.code, network.side]
        self._coin = network.assets[0]
        self._mempool = _Mempool()
        self._lag = network.tolerable_lag
        self.max_range = int(network.options.get("block_range", _BLOCK_RANGE))

    @property
    def source(self) -> str:
        """The endpoint that answered last, as people may see it."""
        return self._rpc.nodes.source

    def health(self) -> list[EndpointHealth]:
        """Return how each endpoint is doing."""
        return self._rpc.nodes.health()

    def block_at(self, height: int | None = None) -> Block:
        """Return the block at ``height``, or the tip."""
        if height is None:
            return self._rpc.nodes.newest(self._tip, lag=self._lag)
        with self._rpc.nodes.doubted():
            return self._headers([height])[0].block

    def finalized_height(self) -> int | None:
        """Return None: these chains have no block that is final, only ever deeper ones."""
        return None

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        """Yield the transfers to watched addresses in blocks ``first..last``, in chain order."""
        nodes = self._rpc.nodes
        headers = nodes.by_any(partial(self._chain_of_headers, first, last))
        ends.check(first=headers[0].block, last=headers[-1].block)
        for header in headers:
            yield from nodes.by_any(partial(self._in_block, header, watchlist))

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        """Return the transfers to watched addresses that wait for a block. A replaced transaction is not among them."""
        with self._mempool.lock, self._rpc.nodes.doubted():
            waiting = [read_hash(txid, "transaction id") for txid in items_of(self._rpc.call("getrawmempool"), "list")]
            unread = self._mempool.unread(waiting)
            # All of it, or payments that wait would seem to be gone; in parts, so that a failure costs little.
            for start in range(0, len(unread), _WAITING_AT_ONCE):
                self._read_waiting(unread[start : start + _WAITING_AT_ONCE], watchlist)
            return iter(self._mempool.transfers())

    def has_failed(self, txid: str) -> bool:
        """Return False: what is in a block of these chains has happened."""
        del txid
        return False

    def height_of(self, txid: str) -> int | None:
        """Return the height of the transaction's block; None also where the node keeps no index of transactions."""
        (reply,) = self._rpc.each([("getrawtransaction", (txid, True))])
        block_hash = None if reply is None else fields_of(reply, "transaction").get("blockhash")
        if not block_hash:
            return None
        header = self._rpc.call("getblockheader", read_hash(block_hash, "block hash"), True)
        return whole(fields_of(header, "block header").get("height"), "height")

    def _tip(self, endpoint: Endpoint) -> Block:
        height = self._rpc.call_at(endpoint, "getblockcount")
        if type(height) is not int:
            raise ChainUnavailable("the node's number of blocks is no number")
        block_hash = read_hash(self._rpc.call_at(endpoint, "getblockhash", height), "block hash")
        return read_header(self._rpc.call_at(endpoint, "getblockheader", block_hash, False), block_hash, height).block

    def _chain_of_headers(self, first: int, last: int) -> list[Header]:
        with self._rpc.nodes.doubted():
            headers = self._headers(range(first, last + 1))
            check_linked(None, [header.block for header in headers], first)
            return headers

    def _in_block(self, header: Header, watchlist: Watchlist) -> list[Transfer]:
        with self._rpc.nodes.doubted():
            body = read_body(self._rpc.block(header.block.hash), header, self._rules)
            return list(self._watched(body, watchlist, header.block))

    def _headers(self, heights: Sequence[int]) -> list[Header]:
        hashes = [
            read_hash(found, "block hash")
            for found in self._rpc.batch([("getblockhash", (height,)) for height in heights])
        ]
        raw = self._rpc.batch([("getblockheader", (block_hash, False)) for block_hash in hashes])
        return [
            read_header(header, block_hash, height)
            for header, block_hash, height in zip(raw, hashes, heights, strict=True)
        ]

    def _read_waiting(self, txids: Sequence[str], watchlist: Watchlist) -> None:
        replies = self._rpc.each([("getrawtransaction", (txid, True)) for txid in txids])
        found = [self._unmined(txid, reply) for txid, reply in zip(txids, replies, strict=True)]
        transactions = [transaction for transaction in found if transaction]
        self._mempool.add(transactions, list(self._watched(transactions, watchlist, None)))

    def _unmined(self, txid: str, reply: object) -> Transaction | None:
        """Return the transaction, or None when it has left the mempool since the list was made."""
        if reply is None or fields_of(reply, "transaction").get("blockhash"):
            return None
        transaction = read_transaction(reply, self._rules)
        if transaction.txid != txid:
            raise ChainUnavailable("the node answered with another transaction than was asked for")
        return transaction

    def _watched(
        self, transactions: Sequence[Transaction], watchlist: Watchlist, block: Block | None
    ) -> Iterator[Transfer]:
        seen = {address for transaction in transactions for address, _ in transaction.outputs}
        ours = watchlist.among(seen) if seen else set()
        for transaction in transactions:
            if any(address in ours for address, _ in transaction.outputs):
                check_outputs(transaction, self._coin.decimals)
                yield from self._in_transaction(transaction, ours, block)

    def _in_transaction(self, transaction: Transaction, ours: set[str], block: Block | None) -> Iterator[Transfer]:
        senders = senders_of(transaction, self._rules)
        fee = transaction.fields.get("fee")
        ordinals: Counter[str] = Counter()
        for address, value in transaction.outputs:
            units = read_units(value, self._coin.decimals, "output") if address in ours else 0
            # Change that returns to the address it came from is not a payment.
            if not units or address in senders:
                continue
            yield Transfer(
                network=self._coin.network,
                asset=self._coin.code,
                txid=transaction.txid,
                ordinal=ordinals[address],
                sender=senders[0] if senders else "",
                recipient=address,
                units=units,
                block=block,
                fee_units=None if fee is None else read_units(fee, self._coin.decimals, "fee"),
            )
            ordinals[address] += 1


class _Mempool:
    """What was read of the mempool before: each transaction is asked for once, however long it waits."""

    def __init__(self) -> None:
        self.lock = Lock()
        self._read: set[bytes] = set()
        self._found: dict[bytes, list[Transfer]] = {}

    def unread(self, waiting: Sequence[str]) -> list[str]:
        """Forget what is not ``waiting`` any more, and return what has come since."""
        names = {_name(txid): txid for txid in waiting}
        self._read &= names.keys()
        self._found = {name: found for name, found in self._found.items() if name in names}
        return [txid for name, txid in names.items() if name not in self._read]

    def add(self, transactions: Sequence[Transaction], transfers: Sequence[Transfer]) -> None:
        """Remember transactions as read, with the ``transfers`` found in them."""
        self._read |= {_name(transaction.txid) for transaction in transactions}
        for transfer in transfers:
            self._found.setdefault(_name(transfer.txid), []).append(transfer)

    def transfers(self) -> list[Transfer]:
        """Return what waits for us."""
        return [transfer for found in self._found.values() for transfer in found]


def _name(txid: str) -> bytes:
    """Return the half of an id that is kept: a mempool holds hundreds of thousands of them."""
    return bytes.fromhex(txid[:32])
