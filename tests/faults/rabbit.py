"""RabbitMQ as an operator runs it, with everything it writes in one directory."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from config.processes import LOOPBACK, free_port, spawn, stop

_PROGRAMS = Path("/usr/lib/rabbitmq/bin")  # past the wrapper of Debian, which changes the user
_START_SECONDS = 120


def is_there() -> bool:
    """Return whether Debian's package ``rabbitmq-server`` is installed."""
    return (_PROGRAMS / "rabbitmq-server").exists() and shutil.which("epmd") is not None


class Rabbit:
    """One node on ports of its own; ``url`` is where it takes messages."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.port, epmd, between = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@{LOOPBACK}:{self.port}//"
        (directory / "plugins").write_text("[].")
        self._environment = {
            "PATH": os.environ["PATH"],
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
        self._process = spawn([_PROGRAMS / "rabbitmq-server"], environment=self._environment, log=self._log)
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
