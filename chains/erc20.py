"""Token transfers from event logs: one ``eth_getLogs`` for all tracked contracts of a range (ERC-20, TRC-20).

A busy range holds a hundred thousand logs and a handful for us. So they are sifted first, by
contract and recipient; only those for us are decoded, and these must be exactly what was asked for,
else the node cannot be relied on. Decoding is slicing; web3's decoder is two orders of magnitude slower.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from chains.base import Asset, ChainUnavailable
from chains.codecs import keccak256
from chains.endpoint import Endpoint, Refused, TooMuch
from chains.hexadecimal import HASH_BYTES, data, fields_of, items_of, quantity
from chains.moves import Move
from chains.rpc import JsonRpc

TRANSFER_TOPIC: Final = keccak256(b"Transfer(address,address,uint256)").hex()
_ADDRESS_BYTES: Final = 20
_PLACE: Final = itemgetter("address", "blockNumber", "blockHash")
_PADDING: Final = "0" * 24  # an address fills the last 20 of a topic's 32 bytes
_TOPIC_CHARACTERS: Final = len("0x") + 2 * HASH_BYTES
_HEX_DIGITS: Final = b"0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Logs:
    """Logs of tracked contracts as the node wrote them, the recipient (40 hex digits) of each, and their places."""

    entries: Sequence[Any]
    recipients: Sequence[str]
    places: frozenset[tuple[str, int, str]]  # contract, height, block hash

    @classmethod
    def together(cls, several: Sequence["Logs"]) -> "Logs":
        """Return all of them as one."""
        return cls(
            [entry for logs in several for entry in logs.entries],
            [recipient for logs in several for recipient in logs.recipients],
            frozenset().union(*(logs.places for logs in several)),
        )

    @property
    def newest(self) -> int:
        """The height of the newest block with one of them; -1 without any."""
        return max((height for _, height, _ in self.places), default=-1)


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
        if not all(first <= height <= last for _, height, _ in logs.places):
            raise ChainUnavailable("the node answered with logs outside the range that was asked for")
        return logs

    def _in_spans(self, endpoint: Endpoint, first: int, last: int) -> Logs:
        """Ask one endpoint, for as many blocks at once as it gives."""
        several: list[Logs] = []
        while first <= last:
            count = endpoint.span.within(last - first + 1)
            blocks = self._filter(self._contracts, fromBlock=hex(first), toBlock=hex(first + count - 1))
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

    def in_blocks(self, wanted: Mapping[str, Collection[str]]) -> Logs:
        """
        Return the logs of some tokens in single blocks (block hash → contracts).

        A node that does not have a block refuses (EIP-234).

        :raises ChainUnavailable: as above
        """
        if not wanted:
            return Logs.together([])
        questions = [self._filter(contracts, blockHash=block_hash) for block_hash, contracts in wanted.items()]
        replies = self._rpc.batch([("eth_getLogs", [question]) for question in questions])
        logs = Logs.together([self.sift(reply) for reply in replies])
        asked = {(contract, block_hash[2:]) for block_hash, contracts in wanted.items() for contract in contracts}
        if not {(contract, block_hash) for contract, _, block_hash in logs.places} <= asked:
            raise ChainUnavailable("the node answered with logs of blocks that were not asked for")
        return logs

    def check_silence(self, silent: Mapping[str, Collection[str]]) -> None:
        """
        Make sure that blocks (hash → contracts) have no log of these tokens, by the receipts of all transactions.

        Receipts do not come from the index that logs are looked up in. Nodes that do not give them for a whole
        block are taken at their word.

        :raises ChainUnavailable: when the node has a receipt with such a log
        """
        for block_hash, contracts in silent.items():
            try:
                receipts = self._rpc.call("eth_getBlockReceipts", block_hash)
            except Refused:
                continue
            for receipt in items_of(receipts or [], "list of receipts"):
                logs = items_of(fields_of(receipt, "receipt").get("logs"), "list of logs")
                if any(_is_transfer(fields_of(log, "log"), contracts) for log in logs):
                    raise ChainUnavailable("the node has a receipt with a log that it does not tell")

    def sift(self, reply: object) -> Logs:
        """
        Return the logs of a reply, each of a tracked contract.

        :raises ChainUnavailable: when one is not, or is no log
        """
        entries = items_of(reply, "list of logs")
        try:
            # All of them in few steps: nothing is made that has to be kept for a log that is not for us.
            recipients = _addresses_in([log["topics"][2] for log in entries])
            places = set(map(_PLACE, entries))
        except (KeyError, TypeError, IndexError, AttributeError):
            raise ChainUnavailable("the node answered with a log that is no token transfer") from None
        return Logs(
            entries,
            recipients,
            frozenset(
                (
                    tracked_contract(address, self._contracts),
                    quantity(height, "block number"),
                    data(block_hash, HASH_BYTES, "block hash"),
                )
                for address, height, block_hash in places
            ),
        )

    def moves_to(self, recipients: Collection[str], logs: Logs) -> list[Move]:
        """
        Return what the logs move to ``recipients``.

        :raises ChainUnavailable: when one of these logs is not exactly as it must be, or is there twice
        """
        wanted = set(recipients)
        both = zip(logs.entries, logs.recipients, strict=True)
        moves = [self._move(fields_of(log, "log")) for log, recipient in both if recipient in wanted]
        if len({(move.block_hash, move.txid, move.position) for move in moves}) != len(moves):
            raise ChainUnavailable("the node answered with one log twice")
        return moves

    def _filter(self, contracts: Collection[str], **blocks: str) -> dict[str, Any]:
        return {**blocks, "address": ["0x" + body for body in contracts], "topics": ["0x" + TRANSFER_TOPIC]}

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


def _is_transfer(log: dict[str, Any], contracts: Collection[str]) -> bool:
    topics = items_of(log.get("topics"), "list of topics")
    is_first = bool(topics) and data(topics[0], HASH_BYTES, "topic") == TRANSFER_TOPIC
    return is_first and data(log.get("address"), _ADDRESS_BYTES, "log address") in contracts


def _address(topic: object) -> str:
    word = data(topic, HASH_BYTES, "topic")
    if not word.startswith(_PADDING):
        raise ChainUnavailable("the node answered with a topic that holds no address")
    return word[len(_PADDING) :]


def _addresses_in(topics: list[str]) -> list[str]:
    """
    Return the digits that an address fills in each of ``topics``; whether there is more is looked at in those for us.

    They are checked and cut as one text: one by one would take longer.

    :raises ChainUnavailable: when one of them is not 32 bytes in hex
    """
    text = "".join(topics).lower()
    count, size = len(topics), _TOPIC_CHARACTERS
    if (
        set(map(len, topics)) - {size}
        or text[::size] + text[1::size] != "0" * count + "x" * count
        or text.encode(errors="replace").translate(None, _HEX_DIGITS) != b"x" * count
    ):
        raise ChainUnavailable("the node answered with a log whose recipient is no address")
    skipped = len("0x") + len(_PADDING)
    return [text[start + skipped : start + size] for start in range(0, len(text), size)]
