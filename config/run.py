"""`make run`: the whole installation on one machine, as one group of processes.

PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL name others), the migrations, the demo,
then web, worker and beat. Nothing outside the checkout and VAR_DIR is touched.
"""

import contextlib
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from config import env, local
from config.engines import Engine, EngineError, start_postgres, start_valkey
from config.processes import LOOPBACK, follow_parent, is_free
from config.supervise import Failed, Group, Program, Stopped

_SETTINGS: Final = "config.settings.development"
_PORT_SECONDS: Final = 3.0  # a server that is just stopping still holds its port
_READY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the environment says about this run."""

    var_dir: Path
    host: str
    port: int
    has_demo: bool

    @property
    def reachable_at(self) -> str:
        """The address to reach the server at from this machine."""
        address = ip_address(self.host)
        if address.is_unspecified:
            return LOOPBACK
        return f"[{address}]" if address.version == 6 else str(address)

    @classmethod
    def from_environment(cls) -> "Options":
        """
        Read them.

        :raises ImproperlyConfigured: naming the variable that is wrong
        """
        return cls(
            var_dir=env.folder("VAR_DIR", default=env.ROOT / "var"),
            host=env.address("HOST", default=LOOPBACK),
            port=env.port(),
            has_demo=env.flag("DEMO", default=True),
        )


def main() -> int:
    """Run until Ctrl-C or SIGTERM; return the exit status."""
    if "--with-parent" in sys.argv:
        follow_parent(signal.SIGTERM)
    os.chdir(env.ROOT)
    try:
        options = Options.from_environment()
        with _var_dir_to_ourselves(options.var_dir):
            _run(options)
    except Stopped:
        return 0
    except (ImproperlyConfigured, EngineError, Failed) as failure:
        sys.stderr.write(f"\n{failure}\n")
        return 1
    return 0


def _run(options: Options) -> None:
    group = Group(environment={})
    group.listen_for_signals()
    _wait_for_port(options)
    with contextlib.ExitStack() as cleanup:
        engines = _start_engines(options.var_dir, cleanup)
        group.foundations = [(engine.name, engine.process) for engine in engines.values()]
        group.environment = _environment(options, engines)
        _remember(options.var_dir, engines, cleanup)
        cleanup.callback(group.stop)
        group.run_to_end(Program("The preparation", _python("-m", "config.prepare")))
        for program in _programs():
            group.start(program)
        deadline = time.monotonic() + _READY_SECONDS
        group.wait(lambda: _answers(options) or time.monotonic() > deadline)
        if not _answers(options):
            raise Failed(f"The web server does not answer on port {options.port} after {_READY_SECONDS:g} s.")
        _announce(options)
        group.wait(lambda: False, until_ready=False)


@contextlib.contextmanager
def _var_dir_to_ourselves(var_dir: Path) -> Iterator[None]:
    """Lock VAR_DIR for one run at a time; the lock ends with this process, however it ends."""
    os.umask(0o077)
    try:
        if not var_dir.exists():
            var_dir.mkdir(parents=True)
            var_dir.chmod(0o711)  # PostgreSQL may run as another user inside
        with (var_dir / "run.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failed(f"Another `make run` works in {var_dir}. Stop it, or set VAR_DIR and PORT.") from None
            yield
    except PermissionError as failure:
        raise Failed(f"VAR_DIR ({var_dir}) must be a directory that you can write to: {failure}") from None


def _wait_for_port(options: Options) -> None:
    deadline = time.monotonic() + _PORT_SECONDS
    while not is_free(options.host, options.port):
        if time.monotonic() > deadline:
            raise Failed(
                f"Port {options.port} is in use. Stop what listens there, or choose another: make run PORT=8001"
            )
        time.sleep(0.1)


def _start_engines(var_dir: Path, cleanup: contextlib.ExitStack) -> dict[str, Engine]:
    secrets = local.secrets_of(var_dir)
    engines = {}
    if not env.text("DATABASE_URL", allow_empty=True):
        engines["DATABASE_URL"] = start_postgres(var_dir / "postgres", password=secrets.database_password)
        cleanup.callback(engines["DATABASE_URL"].stop)
    if not env.text("REDIS_URL", allow_empty=True):
        engines["REDIS_URL"] = start_valkey(var_dir / "valkey", password=secrets.valkey_password)
        cleanup.callback(engines["REDIS_URL"].stop)
    return engines


def _environment(options: Options, engines: dict[str, Engine]) -> dict[str, str]:
    ours = {
        "DJANGO_SETTINGS_MODULE": _SETTINGS,
        "VAR_DIR": str(options.var_dir),
        "PORT": str(options.port),
        "DEMO": str(int(options.has_demo)),
        "PYTHONUNBUFFERED": "1",
    }
    kept = {name: value for name, value in env.ENVIRON.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **ours, **{name: engine.url for name, engine in engines.items()}}


def _remember(var_dir: Path, engines: dict[str, Engine], cleanup: contextlib.ExitStack) -> None:
    urls = {name: engine.url for name, engine in engines.items()}
    local.remember_engines(
        var_dir, local.Engines(database_url=urls.get("DATABASE_URL"), redis_url=urls.get("REDIS_URL"))
    )
    cleanup.callback(local.forget_engines, var_dir)


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _programs() -> list[Program]:
    celery = _python("-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "config.celery")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return [
        Program("web", _python("-m", "config.web")),
        Program("worker", [*celery, "worker", "--pool", "threads", "--concurrency", "8", *quiet]),
        Program("beat", [*celery, "beat", "--scheduler", "celery.beat:Scheduler", "--pidfile", ""]),
    ]


def _answers(options: Options) -> bool:
    try:
        with socket.create_connection((options.reachable_at.strip("[]"), options.port), timeout=2) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def _announce(options: Options) -> None:
    base = f"http://{options.reachable_at}:{options.port}"
    # Browsers keep passkeys for names, not for addresses.
    desk = (
        f"http://{'localhost' if options.reachable_at == LOOPBACK else options.reachable_at}:{options.port}/dashboard/"
    )
    demo = local.demo_of(options.var_dir) if options.has_demo else {}
    lines = [f"ready {base}"]
    if demo:
        lines += [
            f"  Pay an invoice   {base}/invoice/{demo['invoice']}",
            f"  Dashboard        {desk}   {demo['owner']} / {demo['owner_password']}",
            f"  Staff            {base}/admin/   {demo['admin_user']} / {demo['admin_password']}",
            f"  Test API key     {demo['test_api_key']}",
            f"                   curl -H 'Authorization: Bearer {demo['test_api_key']}' {base}/api/v1/invoices",
        ]
    else:
        lines.append(f"  Dashboard        {desk}   open an account there")
    if not env.text("EMAIL_HOST", allow_empty=True):
        lines.append(
            "  E-mail           no mail server (EMAIL_HOST): every mail is shown below and kept in VAR_DIR/mail"
        )
    lines += [f"  Documentation    {base}/docs/", f"  Ctrl-C stops everything; the data stays in {options.var_dir}"]
    sys.stdout.write("\n".join(["", *lines, "", ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
