"""Token transfers from logs to matches: against web3's decoder, and against a loop that only cuts and parses."""

import random
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from statistics import median
from time import process_time
from typing import Any, Final

from bench.figures import Figure, show
from bench.installation import Installation
from chains.base import Asset, Block, Transfer
from chains.codecs import evm_address
from chains.erc20 import TRANSFER_TOPIC, TransferLogs
from chains.evm import SPELLING
from chains.moves import as_transfers, check_in_blocks, received, watched

TRANSFERS: Final = 100_000
OURS: Final = 1_000  # of them
ROUNDS: Final = 5
_OF_WEB3: Final = 2_000  # it is too slow for all of them
_LEAST_TIMES, _LEAST_SHARE = 10, 0.5
_CONTRACT: Final = "dac17f958d2ee523a2206206994597c13d831ec7"


def run(_installation: Installation) -> None:
    """
    Decode the same logs in turns, in processor time: other programs do not change it.

    From the node's reply to transfers as the scanner is given them, with the checksums of their
    addresses. Which addresses are ours is known from a set: the database's answer is timed in ``catchup``.
    """
    logs = _logs()
    blocks = _blocks(logs)
    some, all_of_them = _recipients(logs[:OURS]), _recipients(logs)
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: _decode_and_match(logs, blocks, some),
        "all ours": lambda: _decode_and_match(logs, blocks, all_of_them),
        "bare": lambda: _cut(logs),
        "web3": lambda: _with_web3(logs[:_OF_WEB3]),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            evm_address.cache_clear()
            begun = process_time()
            way()
            times[name].append(process_time() - begun)
    own = median(times["ours"])
    bare = median(times["bare"])
    web3 = median(times["web3"]) * TRANSFERS / _OF_WEB3
    show(
        f"Decoding and matching {TRANSFERS:,} token transfers, {OURS:,} of them ours, {ROUNDS} rounds in turns",
        [
            Figure("decode and match", f"{TRANSFERS / own:,.0f} transfers/s"),
            Figure("if all of them were ours", f"{TRANSFERS / median(times['all ours']):,.0f} transfers/s"),
            Figure("cut and parse only", f"{TRANSFERS / bare:,.0f} transfers/s"),
            Figure("web3 process_log", f"{TRANSFERS / web3:,.0f} transfers/s"),
            Figure("times web3", f"{web3 / own:.0f}", f"at least {_LEAST_TIMES}", web3 / own >= _LEAST_TIMES),
            Figure("share of the bare loop", f"{bare / own:.0%}", "at least 50%", bare / own >= _LEAST_SHARE),
        ],
    )


def _logs() -> list[dict[str, Any]]:
    """Return logs as a node writes them, 200 in a block."""
    chance = random.Random(1)
    word = lambda: f"{chance.getrandbits(256):064x}"  # noqa: E731
    blocks = [word() for _ in range(TRANSFERS // 200)]
    return [
        {
            "address": "0x" + _CONTRACT,
            "topics": [
                "0x" + TRANSFER_TOPIC,
                "0x" + "0" * 24 + word()[24:],
                "0x" + "0" * 24 + word()[24:],
            ],
            "data": f"0x{chance.getrandbits(60) + 1:064x}",
            "blockNumber": hex(20_000_000 + place // 200),
            "blockHash": "0x" + blocks[place // 200],
            "transactionHash": "0x" + word(),
            "transactionIndex": hex(place % 200),
            "logIndex": hex(place % 200),
            "removed": False,
        }
        for place in range(TRANSFERS)
    ]


class _Ours:
    def __init__(self, ours: set[str]) -> None:
        self._ours = ours

    def among(self, addresses: Collection[str]) -> set[str]:  # noqa: ARG002
        return set()

    def among_folded(self, addresses: Collection[str]) -> set[str]:
        return self._ours.intersection(addresses)

    def references(self, candidates: Collection[str]) -> set[str]:  # noqa: ARG002
        return set()

    def live(self) -> Iterator[str]:
        return iter(self._ours)


def _recipients(logs: list[dict[str, Any]]) -> set[str]:
    return {"0x" + log["topics"][2][26:] for log in logs}


def _blocks(logs: list[dict[str, Any]]) -> dict[int, Block]:
    named = {int(log["blockNumber"], 16): log["blockHash"] for log in logs}
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    return {height: Block(height, hash_, f"0x{height:064x}", moment) for height, hash_ in named.items()}


def _decode_and_match(logs: list[dict[str, Any]], blocks: dict[int, Block], ours: set[str]) -> list[Transfer]:
    """Return the transfers to ``ours``, step by step as ``chains.evm`` does it."""
    asset = Asset("USDT", "ethereum", 6, 2, "0x" + _CONTRACT)
    reader = TransferLogs(None, {_CONTRACT: asset})  # type: ignore[arg-type]
    sifted = reader.sift(logs)
    moves = reader.moves_to(watched(sifted.recipients, _Ours(ours), SPELLING), sifted)
    check_in_blocks(moves, blocks)
    return list(as_transfers(received(moves), blocks, SPELLING))


def _cut(logs: list[dict[str, Any]]) -> int:
    units = 0
    for log in logs:
        topics = log["topics"]
        _ = (
            log["address"][2:],
            topics[1][26:],
            topics[2][26:],
            log["transactionHash"][2:],
            log["blockHash"][2:],
            int(log["blockNumber"], 16),
            int(log["transactionIndex"], 16),
            int(log["logIndex"], 16),
        )
        units += int(log["data"], 16)
    return units


def _with_web3(logs: list[dict[str, Any]]) -> list[Any]:
    from hexbytes import HexBytes
    from web3 import Web3
    from web3.datastructures import AttributeDict

    arguments = [
        {"indexed": place < 2, "name": name, "type": kind}
        for place, (name, kind) in enumerate((("from", "address"), ("to", "address"), ("value", "uint256")))
    ]
    event = {"anonymous": False, "inputs": arguments, "name": "Transfer", "type": "event"}
    contract = Web3().eth.contract(address=Web3.to_checksum_address("0x" + _CONTRACT), abi=[event])
    transfer = contract.events.Transfer()
    return [
        transfer.process_log(
            AttributeDict(
                {
                    **log,
                    "topics": [HexBytes(topic) for topic in log["topics"]],
                    "data": HexBytes(log["data"]),
                    "blockNumber": int(log["blockNumber"], 16),
                    "transactionIndex": int(log["transactionIndex"], 16),
                    "logIndex": int(log["logIndex"], 16),
                    "transactionHash": HexBytes(log["transactionHash"]),
                    "blockHash": HexBytes(log["blockHash"]),
                }
            )
        )
        for log in logs
    ]
