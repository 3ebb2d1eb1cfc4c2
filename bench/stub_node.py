"""A node of an EVM chain that costs little: ``python -m bench.stub_node`` prints its port and follows stdin.

Each line on stdin, ``empty 20000``, ``busy 1000`` or ``ours 10``, adds so many blocks. The others than
empty ones hold 200 token transfers, each in a transaction of its own; every thousandth of the busy
ones, and all of ``ours``, go to an address of ``address_of``, each to the next one.
"""

import json
import socket
import sys
import threading
from functools import lru_cache
from typing import Any, Final

from chains.codecs import evm_address, keccak256

CHAIN_ID: Final = 31_337
CONTRACT: Final = "dac17f958d2ee523a2206206994597c13d831ec7"
IN_A_BLOCK: Final = 200
OURS_EVERY: Final = 1_000
UNITS: Final = 16_490_000
_BEGINNING: Final = 1_750_000_000
_TRANSFER: Final = keccak256(b"Transfer(address,address,uint256)").hex()
_NO_LOGS: Final = "0x" + "00" * 256
_ANY_LOGS: Final = "0x" + "ff" * 256
_HEIGHT_BEFORE: Final = 100


def address_of(number: int) -> str:
    """Return the ``number``-th of our addresses."""
    return evm_address(f"{number + 1:040x}")


class Chain:
    """Blocks made when they are asked for; which ones are busy is all that is kept."""

    def __init__(self) -> None:
        self.height = _HEIGHT_BEFORE
        self.busy: range = range(0)
        self.every = OURS_EVERY
        self.paid = 0  # how many of our addresses got something, before the blocks in ``busy``

    def grow(self, kind: str, count: int) -> None:
        """Add blocks on top."""
        first = self.height + 1
        if kind != "empty":
            self.paid += len(self.busy) * IN_A_BLOCK // self.every
            self.busy = range(first, first + count)
            self.every = OURS_EVERY if kind == "busy" else 1
        self.height += count

    def logs(self, height: int) -> str:
        """Return the logs of a busy block as JSON, without brackets."""
        return _logs(height, (height - self.busy.start) * IN_A_BLOCK, self.every, self.paid)

    def answer(self, call: dict[str, Any]) -> str:
        """Return the reply to one call as JSON."""
        result = getattr(self, call["method"].removeprefix("eth_"))(*call["params"])
        return f'{{"jsonrpc":"2.0","id":{call["id"]},"result":{result}}}'

    def chainId(self) -> str:  # noqa: N802 - the name of the call
        return f'"{CHAIN_ID:#x}"'

    def getBlockByNumber(self, height: str, _is_full: bool) -> str:  # noqa: N802 - the same
        number = self.height if height == "latest" else self.height - 10 if height == "finalized" else int(height, 16)
        return _block(number, number in self.busy) if number <= self.height else "null"

    def getLogs(self, wanted: dict[str, Any]) -> str:  # noqa: N802 - the same
        if "blockHash" in wanted:
            heights = range(int(wanted["blockHash"], 16), int(wanted["blockHash"], 16) + 1)
        else:
            heights = range(int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16) + 1)
        return f"[{','.join(self.logs(height) for height in heights if height in self.busy)}]"


def _word(number: int) -> str:
    return f"0x{number:064x}"


def _txid(height: int, place: int) -> str:
    return _word(height << 128 | place)


@lru_cache(maxsize=2000)
def _block(height: int, is_busy: bool) -> str:
    transactions = [_transaction(height, place) for place in range(IN_A_BLOCK if is_busy else 0)]
    return json.dumps(
        {
            "number": hex(height),
            "hash": _word(height),
            "parentHash": _word(height - 1),
            "timestamp": hex(_BEGINNING + height),
            "logsBloom": _ANY_LOGS if is_busy else _NO_LOGS,
            "gasLimit": "0x1c9c380",
            "gasUsed": "0x0",
            "miner": "0x" + "11" * 20,
            "transactions": transactions,
        }
    )


def _transaction(height: int, place: int) -> dict[str, Any]:
    return {
        "blockHash": _word(height),
        "blockNumber": hex(height),
        "from": "0x" + "22" * 20,
        "gas": "0x15f90",
        "gasPrice": "0x3b9aca00",
        "hash": _txid(height, place),
        "input": "0xa9059cbb" + _word(height)[2:] + _word(UNITS)[2:],
        "nonce": hex(place),
        "to": "0x" + CONTRACT,
        "transactionIndex": hex(place),
        "value": "0x0",
        "type": "0x2",
        "v": "0x1",
        "r": _word(height * 7),
        "s": _word(place * 7 + 1),
    }


@lru_cache(maxsize=1000)
def _logs(height: int, first: int, every: int, paid: int) -> str:
    ours = ((first + place) % every == 0 for place in range(IN_A_BLOCK))
    # Others' addresses are all different: no cache helps.
    recipients = (
        paid + (first + place) // every + 1 if is_ours else (first + place + 1) << 96
        for place, is_ours in enumerate(ours)
    )
    return ",".join(_log(height, place, recipient) for place, recipient in enumerate(recipients))


def _log(height: int, place: int, recipient: int) -> str:
    return json.dumps(
        {
            "address": "0x" + CONTRACT,
            "topics": ["0x" + _TRANSFER, _word(int("22" * 20, 16)), _word(recipient)],
            "data": _word(UNITS),
            "blockNumber": hex(height),
            "blockHash": _word(height),
            "transactionHash": _txid(height, place),
            "transactionIndex": hex(place),
            "logIndex": hex(place),
            "removed": False,
        }
    )


def _serve(connection: socket.socket, chain: Chain) -> None:
    stream = connection.makefile("rb")
    while stream.readline():
        length = 0
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        asked = json.loads(stream.read(length))
        if isinstance(asked, list):
            reply = f"[{','.join(map(chain.answer, asked))}]".encode()
        else:
            reply = chain.answer(asked).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(reply) + reply)


def main() -> None:
    """Serve until stdin ends."""
    chain = Chain()
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_serve, args=(connection, chain), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print(server.getsockname()[1], flush=True)
    for line in sys.stdin:
        kind, count = line.split()
        chain.grow(kind, int(count))
        for height in chain.busy:  # made beforehand: what is measured is the scanner
            _block(height, True)
            chain.logs(height)
        print(chain.height, flush=True)


if __name__ == "__main__":
    main()
