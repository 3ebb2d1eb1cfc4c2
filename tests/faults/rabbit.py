"""RabbitMQ as an operator runs it, with everything it writes in one directory."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from config.env import ROOT
from config.processes import LOOPBACK, free_port, spawn, stop

_SERVER = Path("usr/lib/rabbitmq/bin/rabbitmq-server")  # past the wrapper of Debian, which changes the user
_ERLANG = Path("usr/lib/erlang")
# Where Debian's packages put it, and where CI unpacks them without installing: a service must not start by itself.
_PLACES = (Path("/"), ROOT / "var" / "programs")
_START_SECONDS = 120


def require_rabbit() -> Path:
    """Return the directory below which RabbitMQ and Erlang lie; skip the test where they are nowhere, or fail it."""
    for place in _PLACES:
        if (place / _SERVER).exists() and (place / _ERLANG / "bin" / "epmd").exists():
            return place
    message = "INSTALL rabbitmq-server (Debian's package) to have tasks carried by it"
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(message)
    pytest.skip(message)


class Rabbit:
    """One node on ports of its own; ``url`` is where it takes messages."""

    def __init__(self, directory: Path) -> None:
        place = require_rabbit()
        directory.mkdir(parents=True)
        self.port, epmd, between = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@{LOOPBACK}:{self.port}//"
        (directory / "plugins").write_text("[].")
        self._environment = {
            "PATH": f"{place / _ERLANG / 'bin'}:{os.environ['PATH']}",
            "HOME": str(directory),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(epmd),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(between),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "logs"),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(directory / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(directory / "none"),
        }
        self._log = (directory / "start.log").open("wb")
        self._process = spawn([place / _SERVER], environment=self._environment, log=self._log)
        deadline = time.monotonic() + _START_SECONDS
        while b"Starting broker... completed" not in (directory / "start.log").read_bytes():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((directory / "start.log").read_text()[-3000:])
            time.sleep(0.2)

    def close(self) -> None:
        """Stop the node, and the little server of names that it started."""
        stop(self._process, [(signal.SIGTERM, 30)])
        subprocess.run(["epmd", "-kill"], env=self._environment, capture_output=True, check=False)
        self._log.close()
