"""Token transfers from event logs: one ``eth_getLogs`` for all tracked contracts of a range (ERC-20, TRC-20).

A busy range holds a hundred thousand logs and a handful for us. So they are sifted first, by
contract and recipient; only those for us are decoded, and these must be exactly what was asked for,
else the node cannot be relied on. Decoding is slicing; web3's decoder is two orders of magnitude slower.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chains.base import Asset, ChainUnavailable
from chains.codecs import keccak256
from chains.endpoint import Endpoint, TooMuch
from chains.hexadecimal import HASH_BYTES, data, fields_of, items_of, quantity
from chains.moves import Move
from chains.rpc import JsonRpc

TRANSFER_TOPIC: Final = keccak256(b"Transfer(address,address,uint256)").hex()
_ADDRESS_BYTES: Final = 20
_ADDRESS: Final = re.compile("[0-9a-f]{40}")
_ADDRESS_DIGITS: Final = 40
_PADDING: Final = "0" * 24  # an address fills the last 20 of a topic's 32 bytes


@dataclass(frozen=True, slots=True)
class Logs:
    """Logs of tracked contracts as the node wrote them, and the recipients (40 hex digits) and blocks they name."""

    entries: Sequence[Any]
    recipients: frozenset[str]
    heights: frozenset[int]
    block_hashes: frozenset[str]

    @classmethod
    def together(cls, several: Sequence["Logs"]) -> "Logs":
        """Return all of them as one."""
        return cls(
            [entry for logs in several for entry in logs.entries],
            frozenset().union(*(logs.recipients for logs in several)),
            frozenset().union(*(logs.heights for logs in several)),
            frozenset().union(*(logs.block_hashes for logs in several)),
        )


def _recipient(log: Any) -> Any:
    """Return the digits of the last topic that an address fills; anything, if it is no log."""
    return log["topics"][2][-_ADDRESS_DIGITS:].lower()


class TransferLogs:
    """Reads the Transfer events of the tracked tokens; ``contracts`` maps 40 hex digits to the asset."""

    def __init__(self, rpc: JsonRpc, contracts: Mapping[str, Asset]) -> None:
        self._rpc = rpc
        self._contracts = contracts

    def between(self, first: int, last: int) -> Logs:
        """
        Return the token logs in blocks ``first..last``; a range that is too much for a node is halved for it.

        :raises TooMuch: when a single block is too much
        :raises ChainUnavailable: when the node does not answer, or with something else than these logs
        """
        if not self._contracts:
            return Logs.together([])  # an empty list of addresses would mean all of them
        logs = self._rpc.nodes.ask(lambda endpoint: self._in_spans(endpoint, first, last))
        if not all(first <= height <= last for height in logs.heights):
            raise ChainUnavailable("the node answered with logs outside the range that was asked for")
        return logs

    def _in_spans(self, endpoint: Endpoint, first: int, last: int) -> Logs:
        """Ask one endpoint, for as many blocks at once as it gives."""
        several: list[Logs] = []
        while first <= last:
            count = endpoint.span.within(last - first + 1)
            blocks = self._filter(fromBlock=hex(first), toBlock=hex(first + count - 1))
            try:
                reply = self._rpc.call_at(endpoint, "eth_getLogs", blocks)
            except TooMuch:
                endpoint.span.refused(count)
                if count == 1:
                    raise
                continue
            endpoint.span.answered(count)
            several.append(self.sift(reply))
            first += count
        return Logs.together(several)

    def in_blocks(self, block_hashes: Sequence[str]) -> Logs:
        """
        Return the token logs of single blocks; a node that does not have a block refuses (EIP-234).

        :raises ChainUnavailable: as above
        """
        if not self._contracts or not block_hashes:
            return Logs.together([])
        replies = self._rpc.batch([("eth_getLogs", [self._filter(blockHash=value)]) for value in block_hashes])
        logs = Logs.together([self.sift(reply) for reply in replies])
        if not logs.block_hashes <= {value.removeprefix("0x") for value in block_hashes}:
            raise ChainUnavailable("the node answered with logs of blocks that were not asked for")
        return logs

    def sift(self, reply: object) -> Logs:
        """
        Return the logs of a reply, each of a tracked contract.

        :raises ChainUnavailable: when one is not, or is no log
        """
        entries = items_of(reply, "list of logs")
        try:
            # One thing at a time over all of them: nothing is made that has to be kept for a log that is not for us.
            addresses = {log["address"] for log in entries}
            recipients = {_recipient(log) for log in entries}
            heights = {log["blockNumber"] for log in entries}
            hashes = {log["blockHash"] for log in entries}
        except (KeyError, TypeError, IndexError, AttributeError):
            raise ChainUnavailable("the node answered with a log that is no token transfer") from None
        if not all(map(_ADDRESS.fullmatch, recipients)):
            raise ChainUnavailable("the node answered with a log whose recipient is no address")
        for address in addresses:
            tracked_contract(address, self._contracts)
        return Logs(
            entries,
            frozenset(recipients),
            frozenset(quantity(text, "block number") for text in heights),
            frozenset(data(text, HASH_BYTES, "block hash") for text in hashes),
        )

    def moves_to(self, recipients: Collection[str], logs: Logs) -> list[Move]:
        """
        Return what the logs move to ``recipients``.

        :raises ChainUnavailable: when one of these logs is not exactly as it must be, or is there twice
        """
        wanted = set(recipients)
        moves = [self._move(fields_of(log, "log")) for log in logs.entries if _recipient(log) in wanted]
        if len({(move.block_hash, move.txid, move.position) for move in moves}) != len(moves):
            raise ChainUnavailable("the node answered with one log twice")
        return moves

    def _filter(self, **blocks: str) -> dict[str, Any]:
        return {**blocks, "address": ["0x" + body for body in self._contracts], "topics": ["0x" + TRANSFER_TOPIC]}

    def _move(self, log: dict[str, Any]) -> Move:
        if log.get("removed"):
            raise ChainUnavailable("the node answered with a log that a reorg removed")
        asset = self._contracts[tracked_contract(log.get("address"), self._contracts)]
        topics = items_of(log.get("topics"), "list of topics")
        if len(topics) != 3 or data(topics[0], HASH_BYTES, "topic") != TRANSFER_TOPIC:
            raise ChainUnavailable(f"the node answered with a log of {asset.code} that is no token transfer")
        return Move(
            asset=asset,
            txid=data(log.get("transactionHash"), HASH_BYTES, "transaction hash"),
            sender=_address(topics[1]),
            recipient=_address(topics[2]),
            units=int(data(log.get("data"), HASH_BYTES, "log data"), 16),
            height=quantity(log.get("blockNumber"), "block number"),
            block_hash=data(log.get("blockHash"), HASH_BYTES, "block hash"),
            position=(
                quantity(log.get("transactionIndex"), "transaction index"),
                quantity(log.get("logIndex"), "log index"),
            ),
        )


def tracked_contract(address: object, contracts: Mapping[str, Asset]) -> str:
    """
    Return the hex digits of a log's address.

    :raises ChainUnavailable: when it is not one of ``contracts``
    """
    body = data(address, _ADDRESS_BYTES, "log address")
    if body not in contracts:
        raise ChainUnavailable("the node answered with a log of a contract that was not asked for")
    return body


def _address(topic: object) -> str:
    word = data(topic, HASH_BYTES, "topic")
    if not word.startswith(_PADDING):
        raise ChainUnavailable("the node answered with a topic that holds no address")
    return word[len(_PADDING) :]
