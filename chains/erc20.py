"""Token transfers from event logs: one ``eth_getLogs`` for all tracked contracts of a range (ERC-20, TRC-20).

Logs are decoded by slicing; web3's decoder is two orders of magnitude slower. Each must be exactly
what was asked for, else the node cannot be relied on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chains.base import Asset, ChainUnavailable
from chains.codecs import keccak256
from chains.hexadecimal import HASH_BYTES, data, fields_of, items_of, quantity
from chains.moves import Move
from chains.rpc import JsonRpc, TooMuch

TRANSFER_TOPIC: Final = keccak256(b"Transfer(address,address,uint256)").hex()
_ADDRESS_BYTES: Final = 20
_PADDING: Final = "0" * 24  # an address fills the last 20 of a topic's 32 bytes
_WORD: Final = 2 * HASH_BYTES  # digits


class TransferLogs:
    """Reads the Transfer events of the tracked tokens; ``contracts`` maps 40 hex digits to the asset."""

    def __init__(self, rpc: JsonRpc, contracts: Mapping[str, Asset]) -> None:
        self._rpc = rpc
        self._contracts = contracts
        self._by_text = {"0x" + body: asset for body, asset in contracts.items()}

    def between(self, first: int, last: int) -> list[Move]:
        """
        Return the token moves in blocks ``first..last``; a range that is too much for the node is halved.

        :raises TooMuch: when a single block is too much
        :raises ChainUnavailable: when the node does not answer, or with something else than these logs
        """
        if not self._contracts:
            return []  # an empty list of addresses would mean all of them
        try:
            reply = self._rpc.call("eth_getLogs", self._filter(fromBlock=hex(first), toBlock=hex(last)))
        except TooMuch:
            if first == last:
                raise
            middle = (first + last) // 2
            return self.between(first, middle) + self.between(middle + 1, last)
        moves = self._decode(reply)
        if not all(first <= move.height <= last for move in moves):
            raise ChainUnavailable("the node answered with logs outside the range that was asked for")
        return moves

    def in_blocks(self, block_hashes: Sequence[str]) -> list[Move]:
        """
        Return the token moves of single blocks; a node that does not have a block refuses (EIP-234).

        :raises ChainUnavailable: as above
        """
        if not self._contracts or not block_hashes:
            return []
        replies = self._rpc.batch([("eth_getLogs", [self._filter(blockHash=value)]) for value in block_hashes])
        moves = [move for reply in replies for move in self._decode(reply)]
        if not {move.block_hash for move in moves} <= {value.removeprefix("0x") for value in block_hashes}:
            raise ChainUnavailable("the node answered with logs of blocks that were not asked for")
        return moves

    def _filter(self, **blocks: str) -> dict[str, Any]:
        return {**blocks, "address": ["0x" + body for body in self._contracts], "topics": ["0x" + TRANSFER_TOPIC]}

    def _decode(self, reply: object) -> list[Move]:
        numbers: dict[object, int] = {}  # texts of numbers that were read before: logs share most of them
        moves = [self._quick_move(log, numbers) or self._move(log) for log in items_of(reply, "list of logs")]
        if len({(move.block_hash, move.txid, move.position) for move in moves}) != len(moves):
            raise ChainUnavailable("the node answered with one log twice")
        return moves

    def _quick_move(self, log: Any, numbers: dict[object, int]) -> Move | None:
        """
        Return the move of a log in the form that nearly all have, checked at once; else None.

        One call each in C: ``split`` finds the prefixes, ``fromhex`` the digits.
        """
        try:
            topic, sender, recipient = log["topics"]
            text = f"{log['transactionHash']}{log['blockHash']}{topic}{sender}{recipient}{log['data']}"
            _, txid, block_hash, topic, sender, recipient, units = text.split("0x")
            digits = txid + block_hash + sender + recipient + units
            if (
                topic != TRANSFER_TOPIC
                or not len(txid) == len(block_hash) == len(sender) == len(recipient) == len(units) == _WORD
                or bytes.fromhex(digits).hex() != digits
                or not sender[:24] == recipient[:24] == _PADDING
                or log.get("removed")
            ):
                return None
            place = (numbers[log["transactionIndex"]], numbers[log["logIndex"]])
            asset, height = self._by_text[log["address"]], numbers[log["blockNumber"]]
            fields = asset, txid, sender[24:], recipient[24:], int(units, 16), height, block_hash, place, None
            return Move._make(fields)
        except (KeyError, TypeError, ValueError):
            return self._with_new_numbers(log, numbers)

    def _with_new_numbers(self, log: Any, numbers: dict[object, int]) -> Move | None:
        """Read the numbers of a log that were not seen before, then try again; None when that is not what is wrong."""
        if not isinstance(log, dict):
            return None
        names = ("blockNumber", "transactionIndex", "logIndex")
        fresh = [log.get(name) for name in names if isinstance(log.get(name), str) and log.get(name) not in numbers]
        for text in fresh:
            numbers[text] = quantity(text, "number in a log")
        return self._quick_move(log, numbers) if fresh else None

    def _move(self, value: object) -> Move:
        log = fields_of(value, "log")
        if log.get("removed"):
            raise ChainUnavailable("the node answered with a log that a reorg removed")
        asset = self._contracts.get(data(log.get("address"), _ADDRESS_BYTES, "log address"))
        if asset is None:
            raise ChainUnavailable("the node answered with a log of a contract that was not asked for")
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


def _address(topic: object) -> str:
    word = data(topic, HASH_BYTES, "topic")
    if not word.startswith(_PADDING):
        raise ChainUnavailable("the node answered with a topic that holds no address")
    return word[len(_PADDING) :]
