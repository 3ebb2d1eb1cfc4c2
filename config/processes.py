"""Child processes that never outlive their parent, and ports for them to listen on."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

LOOPBACK: Final = "127.0.0.1"
_PR_SET_PDEATHSIG: Final = 1
_libc: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    environment: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    log: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """
    Start ``command`` in a session of its own, so that a Ctrl-C reaches only its parent.

    On Linux the kernel sends ``death_signal`` when the parent dies, however it dies. Call it from
    the main thread: what counts as the parent is the thread.
    """
    parent = os.getpid()

    def follow_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
            if os.getppid() != parent:  # it died before we could ask to be told
                os._exit(1)

    return subprocess.Popen(
        [str(part) for part in command],
        env=None if environment is None else dict(environment),
        stdin=stdin,
        stdout=log,
        stderr=subprocess.STDOUT if log else None,
        start_new_session=True,
        preexec_fn=follow_parent,  # noqa: PLW1509 - the parent has one thread here
    )


def follow_parent(sign: signal.Signals) -> None:
    """Ask the kernel to send this process ``sign`` when its parent dies. Does nothing outside Linux."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(sign))


def stop(process: subprocess.Popen[bytes], signals: Sequence[tuple[signal.Signals, int]]) -> None:
    """
    Send each signal in turn, waiting its number of seconds, until the process has ended; then end what it left.

    A server that is killed leaves its workers behind; they are in the session that ``spawn`` gave it.
    """
    for sign, seconds in (*signals, (signal.SIGKILL, 5)):
        if process.poll() is not None:
            break
        process.send_signal(sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen at this address now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError:
            return False
        return True
