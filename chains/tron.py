"""Reads TRON: TRC-20 tokens over the node's Ethereum-style JSON-RPC, TRX over its own HTTP interface.

Only plain TRX transfers are seen. What a contract pays out in TRX (an "internal transaction") is in
no block body; neither are TRC-10 tokens read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from chains.base import ANY_ENDS, Asset, Block, ChainUnavailable, Ends, Network, Transfer, Watchlist
from chains.codecs import parse_tron_address, tron_address
from chains.endpoint import Endpoint, Limits
from chains.erc20 import TRANSFER_TOPIC, TransferLogs
from chains.health import EndpointHealth
from chains.hexadecimal import fields_of, items_of, moment
from chains.moves import Move, Spelling, as_transfers, check_in_blocks, check_linked, received, watched
from chains.replies import whole
from chains.rpc import HttpApi, JsonRpc

SPELLING: Final = Spelling(address=tron_address, hash_prefix="")
API_KEY_HEADER: Final = "TRON-PRO-API-KEY"
_BLOCK_RANGE: Final = 20
_RANGES_A_CALL: Final = 10
_HASH: Final = re.compile("[0-9a-f]{64}")
_ADDRESS: Final = re.compile("41[0-9a-f]{40}")  # 0x41 stands before the 20 bytes that EVM chains use
_TRANSFER_CALL: Final = re.compile("a9059cbb0{24}([0-9a-f]{40})([0-9a-f]{64})")  # transfer(address,uint256)
_SUCCESS: Final = "SUCCESS"


@dataclass(frozen=True, slots=True)
class _Body:
    """A block with its TRX transfers, and the token transfers that its calls must have made."""

    block: Block
    moves: tuple[Move, ...]
    expected: frozenset[tuple[str, str]]  # transaction, recipient


class TronReader:
    """Implements ``chains.base.ChainReader`` for TRON."""

    def __init__(self, network: Network) -> None:
        options = network.options
        jsonrpc = options.get("jsonrpc_urls", "").split(",") if options.get("jsonrpc_urls") else []
        limits = Limits(requests_per_second=network.requests_per_second)
        self._api = node_api(network, network.rpc_urls, limits)
        self._rpc = JsonRpc(
            jsonrpc or [url.rstrip("/") + "/jsonrpc" for url in network.rpc_urls],
            chain_id=network.chain_id,
            headers=_headers(network),
            batch_size=int(options.get("batch_size", 10)),
            limits=limits,
        )
        self._lag = network.tolerable_lag
        self._chunk = int(options.get("block_range", _BLOCK_RANGE))
        self.max_range = self._chunk * _RANGES_A_CALL
        self._coin = next(asset for asset in network.assets if not asset.contract)
        self._contracts = {
            parse_tron_address(asset.contract) or "": asset for asset in network.assets if asset.contract
        }
        self._logs = TransferLogs(self._rpc, self._contracts)

    def _tip(self, endpoint: Endpoint) -> Block:
        reply = self._api.post_to(endpoint, "/wallet/getblock", {})
        if not reply:
            raise ChainUnavailable("the node has no block at its tip")
        return read_block(reply)

    @property
    def source(self) -> str:
        """The endpoint that answered last."""
        return self._api.nodes.source

    def health(self) -> list[EndpointHealth]:
        """Return how each endpoint is doing."""
        return self._api.nodes.health()

    def block_at(self, height: int | None = None) -> Block:
        """Return the block at ``height``, or the tip."""
        if height is None:
            return self._api.nodes.newest(self._tip, lag=self._lag)
        with self._api.nodes.doubted():
            reply = self._api.post("/wallet/getblock", {"id_or_num": str(height)})
            if not reply:
                raise ChainUnavailable(f"the node has no block {height}")
            block = read_block(reply)
            check_linked(None, [block], height)
            return block

    def finalized_height(self) -> int | None:
        """Return the height of the last solidified block: more than two thirds of the witnesses built on it."""
        with self._api.nodes.doubted():
            return read_block(self._api.post("/walletsolidity/getblock", {})).height

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        """Yield the transfers to watched addresses in blocks ``first..last``, in chain order."""
        previous: Block | None = None
        for start in range(first, last + 1, self._chunk):
            end = min(start + self._chunk - 1, last)
            blocks, transfers = self._api.nodes.by_any(partial(self._between, start, end, previous, watchlist))
            previous = blocks[-1]
            ends.check(first=blocks[0] if start == first else None, last=previous if end == last else None)
            yield from transfers

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        """Yield nothing: what waits is in a block within three seconds."""
        del watchlist
        return iter(())

    def has_failed(self, txid: str) -> bool:
        """Return whether the transaction is in a block and failed."""
        found = self._api.post("/wallet/gettransactioninfobyid", {"value": txid})
        return found.get("result") == "FAILED" and found.get("id") == txid

    def height_of(self, txid: str) -> int | None:
        """Return the height of the block that holds the transaction."""
        found = self._api.post("/wallet/gettransactioninfobyid", {"value": txid})
        return whole(found.get("blockNumber"), "block number") if found.get("id") == txid else None

    def _between(
        self, first: int, last: int, previous: Block | None, watchlist: Watchlist
    ) -> tuple[list[Block], list[Transfer]]:
        with self._api.nodes.doubted(), self._rpc.nodes.doubted():
            bodies = [self._body(height) for height in range(first, last + 1)]
            blocks = [body.block for body in bodies]
            check_linked(previous, blocks, first)
            return blocks, list(self._transfers(bodies, watchlist))

    def _body(self, height: int) -> _Body:
        reply = self._api.post("/wallet/getblockbynum", {"num": height})
        if not reply:
            raise ChainUnavailable(f"the node has no block {height}")
        block = read_block(reply)
        moves, expected = [], set()
        for index, item in enumerate(items_of(reply.get("transactions", []), "list of transactions")):
            action = _action(fields_of(item, "transaction"))
            if action is None:
                continue
            if action.kind == "TransferContract":
                moves.append(_trx_move(action, index, block, self._coin))
            elif action.kind == "TriggerSmartContract":
                expected |= self._expected(action)
        return _Body(block, tuple(moves), frozenset(expected))

    def _expected(self, action: "_Action") -> set[tuple[str, str]]:
        """Return what a successful call of a tracked token's ``transfer`` must have logged."""
        contract, call = action.value.get("contract_address"), action.value.get("data")
        if not isinstance(contract, str) or not isinstance(call, str) or contract.lower()[2:] not in self._contracts:
            return set()
        match = _TRANSFER_CALL.match(call.lower())
        return {(action.txid, match[1])} if match and int(match[2], 16) else set()

    def _transfers(self, bodies: Sequence[_Body], watchlist: Watchlist) -> Iterator[Transfer]:
        blocks = {body.block.height: body.block for body in bodies}
        logs = self._logs.between(min(blocks), max(blocks))
        coins = [move for body in bodies for move in body.moves]
        expected = {name for body in bodies for name in body.expected}
        recipients = {
            *logs.recipients,
            *(move.recipient for move in coins),
            *(recipient for _, recipient in expected),
        }
        ours = watched(recipients, watchlist, SPELLING)
        tokens = self._logs.moves_to(ours, logs)
        moves = tokens + [move for move in coins if move.recipient in ours]
        check_in_blocks(moves, blocks)
        told = {(move.txid, move.recipient) for move in tokens}
        # TRON's blocks have no filter over their logs, and a node that lags or lacks the log index says nothing at
        # all. But most payments are plain calls: a watched one without a log is looked up in the receipt.
        for txid, recipient in sorted({name for name in expected if name[1] in ours} - told):
            self._check_silence(txid, recipient, blocks)
        yield from as_transfers(received(moves), blocks, SPELLING)

    def _check_silence(self, txid: str, recipient: str, blocks: Mapping[int, Block]) -> None:
        """
        Make sure that a call of a token's ``transfer`` that succeeded has moved nothing to ``recipient``.

        A token may decline by returning false instead of failing; then there is no log, and no payment. Receipts are
        kept beside the index that logs are looked up in: what that lacks, they have.

        :raises ChainUnavailable: when the node does not tell the receipt, or it has such a log
        """
        receipt = self._api.post("/wallet/gettransactioninfobyid", {"value": txid})
        is_told = receipt.get("id") == txid and receipt.get("blockNumber") in blocks
        logs = [fields_of(log, "log") for log in items_of(receipt.get("log", []), "list of logs")]
        if not is_told or any(self._is_transfer_to(recipient, log) for log in logs):
            raise ChainUnavailable("the node has no log of a token transfer that is in its own block")

    def _is_transfer_to(self, recipient: str, log: dict[str, Any]) -> bool:
        """Return whether a log of a receipt, where nothing has a prefix, is of a tracked token's transfer."""
        topics = [str(topic).lower() for topic in items_of(log.get("topics", []), "list of topics")]
        is_tracked = str(log.get("address")).lower()[-40:] in self._contracts
        return is_tracked and len(topics) > 2 and topics[0] == TRANSFER_TOPIC and topics[2][-40:] == recipient


@dataclass(frozen=True, slots=True)
class _Action:
    """What a successful transaction does: TRON allows one contract call in each."""

    txid: str
    kind: str
    value: dict[str, Any]


def node_api(network: Network, urls: Sequence[str], limits: Limits) -> HttpApi:
    """Return the HTTP interface of TRON's nodes at ``urls``, each of which must be on the chain of ``network``."""

    def verify(api: HttpApi, endpoint: Endpoint) -> None:
        # A chain's id is the end of its first block's hash.
        genesis = read_block(api.post_to(endpoint, "/wallet/getblock", {"id_or_num": "0"}))
        if genesis.height != 0 or int(genesis.hash[-8:], 16) != network.chain_id:
            raise endpoint.failure(f"is on another chain than {network.chain_id}")

    return HttpApi(urls, verify=verify, headers=_headers(network), limits=limits)


def _headers(network: Network) -> dict[str, str]:
    key = network.options.get("api_key")
    return {API_KEY_HEADER: key} if key else {}


def read_block(fields: dict[str, Any]) -> Block:
    """
    Return the block of which a node has told the header.

    :raises ChainUnavailable: when it has not
    """
    header = fields_of(fields_of(fields.get("block_header"), "block header").get("raw_data"), "block header")
    # Protobuf leaves out what is zero: the first block has neither a number nor a time.
    height, milliseconds = header.get("number", 0), header.get("timestamp", 0)
    if type(height) is not int or type(milliseconds) is not int or height < 0:
        raise ChainUnavailable("the node's block header has no number or time")
    return Block(
        height=height,
        hash=_hash(fields.get("blockID"), "block id"),
        parent_hash=_hash(header.get("parentHash"), "parent hash"),
        timestamp=moment(milliseconds // 1000, "timestamp"),
    )


def _action(transaction: dict[str, Any]) -> _Action | None:
    """Return what the transaction did, or None when it failed or is of no interest."""
    results = items_of(transaction.get("ret") or [{}], "transaction result")
    raw = fields_of(transaction.get("raw_data"), "transaction")
    contracts = items_of(raw.get("contract"), "transaction")
    if fields_of(results[0], "transaction result").get("contractRet") != _SUCCESS or len(contracts) != 1:
        return None
    contract = fields_of(contracts[0], "transaction")
    kind = contract.get("type")
    if not isinstance(kind, str):
        raise ChainUnavailable("the node's transaction has no type")
    if kind not in {"TransferContract", "TriggerSmartContract"}:
        return None
    value = fields_of(fields_of(contract.get("parameter"), "transaction").get("value"), "transaction")
    return _Action(_hash(transaction.get("txID"), "transaction id"), kind, value)


def _trx_move(action: _Action, index: int, block: Block, coin: Asset) -> Move:
    units = action.value.get("amount")
    if type(units) is not int or units < 0:
        raise ChainUnavailable("the node's TRX transfer has no amount")
    return Move(
        asset=coin,
        txid=action.txid,
        sender=_address(action.value.get("owner_address")),
        recipient=_address(action.value.get("to_address")),
        units=units,
        height=block.height,
        block_hash=block.hash,
        position=(index, -1),
    )


def _hash(value: object, what: str) -> str:
    text = value.lower() if isinstance(value, str) else ""
    if not _HASH.fullmatch(text):
        raise ChainUnavailable(f"the node's {what} is not 32 bytes in hex")
    return text


def _address(value: object) -> str:
    text = value.lower() if isinstance(value, str) else ""
    if not _ADDRESS.fullmatch(text):
        raise ChainUnavailable("the node's TRX transfer has no address")
    return text[2:]
