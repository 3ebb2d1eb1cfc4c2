"""
The web server of production: granian, with one listening socket for all its processes.

On Linux granian gives each process a socket of its own on the same port. When such a process is
replaced, the kernel resets whatever waits in its queue: somebody is refused at each restart. Here the
parent holds the one socket, from first to last; its processes come and go (SIGHUP replaces all of
them, one after the other), and what comes in between waits to be accepted.
"""

import os
import socket
import sys
from dataclasses import dataclass
from typing import Any, Final

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.mp import MPServer

from config import env

_BACKLOG: Final = 1024
_FINISH_SECONDS: Final = 20  # what a request may take that was begun before a restart
_HEADER_SECONDS: Final = 10  # for whoever sends a request line and headers slowly; nginx keeps slow bodies to itself


class OneSocketServer(MPServer):
    """Granian whose parent holds the listening socket; its own way on systems without ``SO_REUSEPORT``."""

    def _init_shared_socket(self) -> None:
        family = socket.AF_INET6 if ":" in self.bind_addr else socket.AF_INET
        self._sso: Any = socket.create_server((self.bind_addr, self.bind_port), family=family, backlog=_BACKLOG)
        self._sso.set_inheritable(True)
        self._ssp: Any = None
        self._sfd: Any = self._sso.fileno()
        self._shd: Any = SocketHolder(self._sfd, False, _BACKLOG)  # type: ignore[call-arg]  # no Unix socket


@dataclass(frozen=True, slots=True)
class Options:
    """What the environment says about this server."""

    host: str
    port: int
    workers: int
    threads: int
    start_seconds: int

    @classmethod
    def from_environment(cls) -> "Options":
        """
        Read them.

        :raises ImproperlyConfigured: naming the variable that is wrong
        """
        return cls(
            host=env.address("WEB_HOST", default="127.0.0.1"),
            port=env.integer("WEB_PORT", default=8000, minimum=1, maximum=65535),
            workers=env.integer("WEB_WORKERS", default=2, minimum=1, maximum=64),
            threads=env.integer("WEB_THREADS", default=4, minimum=1, maximum=100),
            start_seconds=env.integer("WEB_START_SECONDS", default=10, minimum=1, maximum=300),
        )


def main() -> int:
    """Serve until SIGTERM; SIGHUP replaces the processes, which then run the code as it is by that time."""
    os.chdir(env.ROOT)
    options = Options.from_environment()
    server = OneSocketServer(
        "config.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads,
        backlog=_BACKLOG,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=options.start_seconds,  # a process has so long to start before the one it replaces ends
        workers_kill_timeout=_FINISH_SECONDS,
    )
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
