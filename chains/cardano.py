"""Reads Cardano over an HTTP interface like Blockfrost's: ADA only, block by block.

Each block is asked for the addresses it touches, and only transactions that touch one of ours are read. A
transaction whose script failed spends its collateral instead of its inputs, and makes its collateral's change instead
of its outputs. An output to an address of ours is ours whatever datum is attached to it: a key spends it, not a script.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from chains.base import ANY_ENDS, Block, ChainUnavailable, Ends, Network, Transfer, Watchlist
from chains.endpoint import Endpoint, Limits, Refused
from chains.health import EndpointHealth
from chains.moves import check_linked
from chains.replies import amount, fields_of, hex_hash, items_of, moment, whole
from chains.rpc import HttpApi

API_KEY_HEADER: Final = "project_id"
_BLOCK_RANGE: Final = 100
_BLOCKS_AT_ONCE: Final = 20
_PAGE: Final = 100
_MOST_PAGES: Final = 1000
_MOST_LOVELACE: Final = 45 * 10**15  # all the ADA there will ever be
_COIN_UNIT: Final = "lovelace"
_ADDRESS: Final = re.compile("addr(?:_test)?1[02-9ac-hj-np-z]{20,116}")


@dataclass(frozen=True, slots=True)
class _Body:
    """A block and which of its transactions touch which address."""

    block: Block
    touched: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Header:
    """A block and how many transactions it has."""

    block: Block
    size: int


@dataclass(frozen=True, slots=True)
class _Output:
    """Lovelace that a transaction really sent to an address."""

    index: int
    address: str
    units: int


class CardanoReader:
    """Implements ``chains.base.ChainReader`` for Cardano."""

    def __init__(self, network: Network, *, limits: Limits | None = None) -> None:
        key = network.options.get("api_key")
        limits = limits or Limits(requests_per_second=network.requests_per_second)
        headers = {API_KEY_HEADER: key} if key else {}
        self._api = HttpApi(network.rpc_urls, verify=self._verify, headers=headers, limits=limits)
        self._name, self._magic = network.name, network.chain_id
        self._coin = network.assets[0]
        self._lag = network.tolerable_lag
        self.max_range = int(network.options.get("block_range", _BLOCK_RANGE))

    @property
    def source(self) -> str:
        """The endpoint that answered last, as people may see it."""
        return self._api.nodes.source

    def health(self) -> list[EndpointHealth]:
        """Return how each endpoint is doing."""
        return self._api.nodes.health()

    def block_at(self, height: int | None = None) -> Block:
        """Return the block at ``height``, or the tip."""
        if height is None:
            return self._api.nodes.newest(lambda endpoint: _header(endpoint.get("/blocks/latest")).block, lag=self._lag)
        with self._api.nodes.doubted():
            return self._header(height).block

    def finalized_height(self) -> int | None:
        """Return None: nothing but depth makes a block of Cardano final, after half a day."""
        return None

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        """Yield the transfers to watched addresses in blocks ``first..last``, in chain order."""
        nodes = self._api.nodes
        headers = nodes.by_any(partial(self._chain_of_headers, first, last))
        ends.check(first=headers[0].block, last=headers[-1].block)
        for start in range(0, len(headers), _BLOCKS_AT_ONCE):
            yield from nodes.by_any(partial(self._some, headers[start : start + _BLOCKS_AT_ONCE], watchlist))

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        """Yield nothing: the interface would have to be asked once for each address."""
        del watchlist
        return iter(())

    def has_failed(self, txid: str) -> bool:
        """Return whether the transaction is in a block and its script failed."""
        found = self._transaction(txid)
        return found is not None and found.get("valid_contract") is False

    def height_of(self, txid: str) -> int | None:
        """Return the height of the block that holds the transaction."""
        found = self._transaction(txid)
        return None if found is None else whole(found.get("block_height"), "height")

    def _transaction(self, txid: str) -> dict[str, Any] | None:
        try:
            reply = self._api.get(f"/txs/{hex_hash(txid, 'transaction id')}")
        except Refused:
            return None
        fields = fields_of(reply, "transaction")
        return fields if fields.get("hash") == txid else None

    def _verify(self, api: HttpApi, endpoint: Endpoint) -> None:
        del api
        magic = fields_of(endpoint.get("/genesis"), "genesis").get("network_magic")
        if type(magic) is not int or magic != self._magic:
            raise endpoint.failure(f"is on another network than {self._name}")

    def _header(self, height: int) -> _Header:
        header = _header(self._api.get(f"/blocks/{height}"))
        check_linked(None, [header.block], height)
        return header

    def _chain_of_headers(self, first: int, last: int) -> list[_Header]:
        with self._api.nodes.doubted():
            headers = self._headers(first, last)
            check_linked(None, [header.block for header in headers], first)
            return headers

    def _some(self, headers: Sequence[_Header], watchlist: Watchlist) -> list[Transfer]:
        with self._api.nodes.doubted():
            return list(self._in_blocks(headers, watchlist))

    def _headers(self, first: int, last: int) -> list[_Header]:
        headers = [self._header(first)]
        while headers[-1].block.height < last:
            newest = headers[-1].block
            wanted = min(last - newest.height, _PAGE)
            reply = self._api.get(f"/blocks/{newest.hash}/next?count={wanted}")
            following = [_header(item) for item in items_of(reply, "list of blocks")[:wanted]]
            if not following:
                raise ChainUnavailable(f"the node has no block {newest.height + 1}")
            check_linked(newest, [header.block for header in following], newest.height + 1)
            headers += following
        return headers

    def _in_blocks(self, headers: Sequence[_Header], watchlist: Watchlist) -> Iterator[Transfer]:
        bodies = [self._body(header) for header in headers if header.size]
        addresses = {address for body in bodies for address in body.touched if address}
        ours = watchlist.among(addresses) if addresses else set()
        for body in bodies:
            txids = {txid for address, some in body.touched.items() if address in ours for txid in some}
            yield from self._transfers(body.block, txids, ours)

    def _body(self, header: _Header) -> _Body:
        """
        Return which addresses the block touches.

        Not every server tells of every transaction which addresses it touches, least of all of failed ones. Those
        that are missing from the list are read one by one.
        """
        body = _Body(header.block)
        for item in self._addresses(header.block):
            fields = fields_of(item, "address")
            txids = items_of(fields.get("transactions"), "list of transactions")
            body.touched.setdefault(_address(fields), set()).update(
                hex_hash(fields_of(each, "transaction").get("tx_hash"), "transaction id") for each in txids
            )
        told = {txid for some in body.touched.values() for txid in some}
        if len(told) != header.size:
            self._add_untold(body, told, header.size)
        return body

    def _addresses(self, block: Block) -> list[Any]:
        try:
            return self._pages(f"/blocks/{block.hash}/addresses")
        except Refused:  # not all servers have this list
            return []

    def _add_untold(self, body: _Body, told: Collection[str], size: int) -> None:
        listed = [hex_hash(txid, "transaction id") for txid in self._pages(f"/blocks/{body.block.hash}/txs")]
        if len(set(listed)) != size or len(listed) != size or not set(told) <= set(listed):
            raise ChainUnavailable(f"the node's transactions of block {body.block.height} are not those of the block")
        for txid in listed:
            if txid not in told:
                for output in items_of(self._outputs(txid).get("outputs"), "list of outputs"):
                    body.touched.setdefault(_address(fields_of(output, "output")), set()).add(txid)

    def _pages(self, path: str) -> list[Any]:
        found: list[Any] = []
        for page in range(1, _MOST_PAGES + 1):
            items = items_of(self._api.get(f"{path}?count={_PAGE}&page={page}"), "list")
            found += items
            if len(items) < _PAGE:
                return found
        raise ChainUnavailable("the node's list has no end")

    def _outputs(self, txid: str) -> dict[str, Any]:
        reply = fields_of(self._api.get(f"/txs/{txid}/utxos"), "transaction")
        if hex_hash(reply.get("hash"), "transaction id") != txid:
            raise ChainUnavailable("the node answered with another transaction than was asked for")
        return reply

    def _transfers(self, block: Block, txids: Collection[str], ours: Collection[str]) -> Iterator[Transfer]:
        found: list[tuple[int, list[Transfer]]] = []
        for txid in txids:
            fields = fields_of(self._api.get(f"/txs/{txid}"), "transaction")
            home = hex_hash(fields.get("hash"), "transaction id"), hex_hash(fields.get("block"), "block hash")
            if home != (txid, block.hash):
                raise ChainUnavailable(f"block {block.height} lacks a transaction the node says is in it")
            position = whole(fields.get("index"), "index")
            found.append((position, list(self._in_transaction(txid, fields, ours, block))))
        for _, transfers in sorted(found, key=lambda each: each[0]):
            yield from transfers

    def _in_transaction(
        self, txid: str, fields: dict[str, Any], ours: Collection[str], block: Block
    ) -> Iterator[Transfer]:
        succeeded = fields.get("valid_contract")
        if type(succeeded) is not bool:
            raise ChainUnavailable("the node does not tell whether a transaction's script succeeded")
        reply = self._outputs(txid)
        senders = _senders(items_of(reply.get("inputs"), "list of inputs"), succeeded)
        outputs = _sent(items_of(reply.get("outputs"), "list of outputs"), succeeded)
        _check_sum(outputs, fields, succeeded)
        ordinals: Counter[str] = Counter()
        for output in outputs:
            # Change that returns to the address it came from is not a payment.
            if output.address not in ours or output.address in senders or not output.units:
                continue
            yield Transfer(
                network=self._coin.network,
                asset=self._coin.code,
                txid=txid,
                ordinal=ordinals[output.address],
                sender=senders[0] if senders else "",
                recipient=output.address,
                units=output.units,
                block=block,
                fee_units=amount(fields.get("fees"), "fee", most=_MOST_LOVELACE),
            )
            ordinals[output.address] += 1


def _header(reply: object) -> _Header:
    fields = fields_of(reply, "block")
    block = Block(
        height=whole(fields.get("height"), "height"),
        hash=hex_hash(fields.get("hash"), "block hash"),
        parent_hash=hex_hash(fields.get("previous_block"), "parent hash"),
        timestamp=moment(whole(fields.get("time"), "time"), "time"),
    )
    return _Header(block, whole(fields.get("tx_count"), "number of transactions"))


def _senders(inputs: Sequence[object], succeeded: bool) -> list[str]:
    """Return the addresses whose money was spent: of the inputs, or of the collateral when the script failed."""
    spent = []
    for item in inputs:
        fields = fields_of(item, "input")
        if _flag(fields, "reference") or _flag(fields, "collateral") is succeeded:
            continue
        spent.append(_address(fields))
    return spent


def _sent(outputs: Sequence[object], succeeded: bool) -> list[_Output]:
    """Return what was sent, in the order of the transaction: its outputs, or the change of the collateral."""
    sent = []
    for item in outputs:
        fields = fields_of(item, "output")
        if _flag(fields, "collateral") is succeeded:
            continue
        sent.append(_Output(whole(fields.get("output_index"), "index"), _address(fields), _lovelace(fields)))
    if len({output.index for output in sent}) != len(sent):
        raise ChainUnavailable("the node told of one output twice")
    return sorted(sent, key=lambda output: output.index)


def _check_sum(outputs: Sequence[_Output], fields: dict[str, Any], succeeded: bool) -> None:
    """
    Make sure that no more was sent than the transaction is said to have sent in all; not all servers say that.

    :raises ChainUnavailable: when the server contradicts itself
    """
    told = fields.get("output_amount")
    if told is not None and succeeded and sum(output.units for output in outputs) > _lovelace({"amount": told}):
        raise ChainUnavailable("the node's outputs do not add up")


def _lovelace(output: dict[str, Any]) -> int:
    parts = [fields_of(part, "amount") for part in items_of(output.get("amount"), "amount")]
    coins = [part.get("quantity") for part in parts if part.get("unit") == _COIN_UNIT]
    if len(coins) != 1:
        raise ChainUnavailable("the node's output does not hold one amount of the coin")
    return amount(coins[0], "amount", most=_MOST_LOVELACE)


def _address(fields: dict[str, Any]) -> str:
    """Return the address in the form of those that are issued, or nothing: those of the first era are never ours."""
    address = fields.get("address")
    return address if isinstance(address, str) and _ADDRESS.fullmatch(address) else ""


def _flag(fields: dict[str, Any], name: str) -> bool:
    value = fields.get(name, False)
    if type(value) is not bool:
        raise ChainUnavailable(f"the node does not tell what is {name}")
    return value
