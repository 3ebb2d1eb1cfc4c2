"""What an installation on one machine remembers in VAR_DIR: its generated secrets and its running engines."""

import json
import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secrets:
    """Secrets generated at the first start and kept, so that sessions and stored ciphertexts stay readable."""

    django_key: str
    encryption_key: str
    database_password: str
    valkey_password: str


@dataclass(frozen=True, slots=True)
class Engines:
    """Where PostgreSQL and Valkey answer; None where none was started here."""

    database_url: str | None = None
    redis_url: str | None = None


def secrets_of(var_dir: Path) -> Secrets:
    """Return the secrets kept in ``var_dir``, generating them the first time."""
    path = var_dir / "secrets.json"
    if not path.exists():
        fresh = Secrets(
            django_key=secrets.token_urlsafe(48),
            encryption_key=urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            database_password=secrets.token_hex(24),
            valkey_password=secrets.token_hex(24),
        )
        write_private(path, json.dumps(asdict(fresh), indent=2), keep_existing=True)
    return Secrets(**json.loads(path.read_text()))


def running_engines(var_dir: Path) -> Engines:
    """Return the addresses of the engines that `make run` has running, if it does."""
    path = var_dir / "engines.json"
    return Engines(**json.loads(path.read_text())) if path.exists() else Engines()


def remember_engines(var_dir: Path, engines: Engines) -> None:
    """Write down where the engines answer, for other commands on this machine."""
    write_private(var_dir / "engines.json", json.dumps(asdict(engines), indent=2))


def forget_engines(var_dir: Path) -> None:
    """Take back ``remember_engines``; the engines have stopped."""
    (var_dir / "engines.json").unlink(missing_ok=True)


def demo_of(var_dir: Path) -> dict[str, str]:
    """Return what ``manage.py demo`` made, by the names of its fields; nothing when there is no demo."""
    path = var_dir / "demo.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def write_private(path: Path, content: str, *, keep_existing: bool = False) -> None:
    """
    Write a file that only its owner can read, whole or not at all.

    With ``keep_existing`` the first of several writers wins, so that all of them read the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    try:
        if keep_existing:
            os.link(draft, path)
        else:
            draft.replace(path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
