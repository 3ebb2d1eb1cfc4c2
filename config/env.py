"""The only reader of the environment.

Each function reads one variable as one type. A variable that is missing or wrong stops the start
with an error that names it and says what it must look like; values of secrets are never shown.
"""

import functools
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ENVIRON: Final[Mapping[str, str]] = os.environ
ROOT: Final = Path(__file__).resolve().parent.parent

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_KAFKA_SERVERS: Final = re.compile(r"[\w.\-\[\]:]+:\d+(,[\w.\-\[\]:]+:\d+)*")
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")  # what Kafka takes for the name of a topic
_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII
)
_POSTGRES_FORM: Final = "postgres://user:password@host:5432/database"
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Variable:
    """How a variable was read last: by which function of this module, and with what further arguments."""

    reader: str
    arguments: Mapping[str, Any]


# Every variable that this process has read, for the reference that config/reference.py writes.
READ: Final[dict[str, Variable]] = {}


def _noted(reader: Callable[Concatenate[str, _P], _T]) -> Callable[Concatenate[str, _P], _T]:
    @functools.wraps(reader)
    def read(name: str, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        value = reader(name, *args, **kwargs)
        READ[name] = Variable(reader.__name__, kwargs)  # after the readers that this one asked
        return value

    return read


@_noted
def text(
    name: str, *, default: str | None = None, allow_empty: bool = False, form: str = "a text that is not empty"
) -> str:
    """
    Return a variable as it is, without blanks around it; ``form`` says what it must be.

    :raises ImproperlyConfigured: when it is not set (or empty) and has no default
    """
    value = ENVIRON.get(name, "").strip()
    if value:
        return value
    if default is not None:
        return default
    if allow_empty:
        return ""
    raise ImproperlyConfigured(f"{name} is not set. It must be {form}.")


@_noted
def secret(name: str, *, minimum: int, default: str | None = None) -> str:
    """
    Return a secret of at least ``minimum`` characters.

    :raises ImproperlyConfigured: when it is missing or too short; its value is not shown
    """
    value = ENVIRON.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. It must be a secret of at least {minimum} random characters.")
    if len(value) < minimum:
        raise ImproperlyConfigured(
            f"{name} is too short: {len(value)} characters. It must be at least {minimum} random characters."
        )
    return value


@_noted
def integer(name: str, *, default: int | None = None, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    """
    Return a whole number between ``minimum`` and ``maximum``.

    :raises ImproperlyConfigured: when it is missing, no whole number or out of range
    """
    raw = ENVIRON.get(name, "").strip()
    form = f"a whole number from {minimum} to {maximum}"
    if not raw:
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set. It must be {form}.")
        return default
    if not raw.removeprefix("-").isdecimal() or not raw.isascii() or not minimum <= int(raw) <= maximum:
        raise _wrong(name, raw, form)
    return int(raw)


@_noted
def decimal(name: str, *, default: Decimal, minimum: Decimal = Decimal(0)) -> Decimal:
    """
    Return an exact decimal number of at least ``minimum``.

    :raises ImproperlyConfigured: when it is no such number
    """
    raw = ENVIRON.get(name, "").strip()
    if not raw:
        return default
    try:
        value = Decimal(raw)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < minimum:
        raise _wrong(name, raw, f"a decimal number of at least {minimum}, such as 1.5")
    return value


@_noted
def flag(name: str, *, default: bool) -> bool:
    """
    Return a switch: 1/true/yes/on or 0/false/no/off.

    :raises ImproperlyConfigured: when it is neither
    """
    raw = ENVIRON.get(name, "").strip()
    if not raw:
        return default
    if raw.lower() in _TRUE:
        return True
    if raw.lower() in _FALSE:
        return False
    raise _wrong(name, raw, "1 or 0 (also true/false, yes/no, on/off)")


@_noted
def choice(name: str, *, options: Sequence[str], default: str) -> str:
    """
    Return one of ``options``.

    :raises ImproperlyConfigured: when it is another word
    """
    value = ENVIRON.get(name, "").strip() or default
    if value not in options:
        raise _wrong(name, value, "one of " + ", ".join(options))
    return value


@_noted
def names(name: str, *, default: Sequence[str] | None = None) -> list[str]:
    """
    Return the comma-separated words of a variable.

    :raises ImproperlyConfigured: when it is missing and has no default
    """
    words = [word.strip() for word in ENVIRON.get(name, "").split(",") if word.strip()]
    if words:
        return words
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. It must be a list separated by commas, such as a,b.")
    return list(default)


@_noted
def chosen(name: str, *, options: Sequence[str], default: Sequence[str]) -> list[str]:
    """
    Return the comma-separated words of a variable, each one of ``options``.

    :raises ImproperlyConfigured: when one of them is another word
    """
    words = names(name, default=default)
    if not set(words) <= set(options):
        raise _wrong(name, ",".join(words), "a list separated by commas of " + ", ".join(options))
    return words


@_noted
def networks(name: str, *, default: Sequence[str] = ()) -> list[str]:
    """
    Return addresses or networks in CIDR form, normalised (``10.0.0.1`` reads ``10.0.0.1/32``).

    :raises ImproperlyConfigured: when one of them is no network
    """
    words = names(name, default=default)
    try:
        return [str(ip_network(word)) for word in words]
    except ValueError:
        raise _wrong(name, ",".join(words), "a list separated by commas of networks, such as 10.0.0.0/8,::1") from None


@_noted
def address(name: str, *, default: str) -> str:
    """
    Return an IP address.

    :raises ImproperlyConfigured: when it is none
    """
    raw = ENVIRON.get(name, "").strip() or default
    try:
        return str(ip_address(raw))
    except ValueError:
        raise _wrong(name, raw, "an IP address of this machine, such as 127.0.0.1 or 0.0.0.0") from None


def port() -> int:
    """
    Return PORT, where the web process listens.

    :raises ImproperlyConfigured: when it is no port
    """
    return integer("PORT", default=8000, minimum=1, maximum=65535)


@_noted
def base_url(name: str, *, default: str | None = None) -> str:
    """
    Return an http(s) URL of a host without a path, without its trailing slash.

    :raises ImproperlyConfigured: when it is missing or no such URL
    """
    raw = ENVIRON.get(name, "").strip()
    form = "a URL without a path, such as https://pay.example.com"
    if not raw:
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set. It must be {form}.")
        return default
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise _wrong(name, raw, form)
    return raw.rstrip("/")


@_noted
def host(name: str) -> str:
    """
    Return the name of a host in small letters, "" when there is none.

    :raises ImproperlyConfigured: when it is no such name, such as a URL
    """
    raw = ENVIRON.get(name, "").strip().lower()
    if raw and not _HOST_NAME.fullmatch(raw):
        raise _wrong(name, raw, "the name of a host, such as cryptic.example.com")
    return raw


@_noted
def rates(name: str, *, default: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """
    Return exchange rates written as ``USDT/USD=1.0001,BTC/USD=50000``.

    :raises ImproperlyConfigured: when a pair or a number cannot be read
    """
    pairs: dict[str, Decimal] = {}
    raw = ENVIRON.get(name, "").strip()
    for word in filter(None, (part.strip() for part in raw.split(","))):
        pair, _, number = word.partition("=")
        try:
            rate = Decimal(number)
        except InvalidOperation:
            rate = Decimal("NaN")
        if pair.count("/") != 1 or not rate.is_finite() or rate <= 0:
            raise _wrong(name, raw, "pairs separated by commas, such as USDT/USD=1.0001,BTC/USD=50000")
        pairs[pair.strip().upper()] = rate
    return pairs or dict(default)


@_noted
def amounts(name: str) -> dict[str, int]:
    """
    Return whole numbers by name, written as ``invoice_create=5000,list=2000``.

    :raises ImproperlyConfigured: when one is no number above 0
    """
    found: dict[str, int] = {}
    raw = ENVIRON.get(name, "").strip()
    for word in filter(None, (part.strip() for part in raw.split(","))):
        key, _, number = (part.strip() for part in word.partition("="))
        if not key or not number.isdecimal() or not 0 < int(number) < 2**31:
            raise _wrong(name, raw, "names and numbers separated by commas, such as invoice_create=5000,list=2000")
        found[key] = int(number)
    return found


@_noted
def folder(name: str, *, default: Path) -> Path:
    """Return an absolute directory; a relative one is seen from the root of the checkout."""
    raw = ENVIRON.get(name, "").strip()
    return (ROOT / Path(raw).expanduser()).absolute() if raw else default


@_noted
def broker(name: str, *, default: str) -> str:
    """
    Return the URL of what carries tasks: a Valkey or Redis server, or RabbitMQ.

    :raises ImproperlyConfigured: when it is neither; its password is not shown
    """
    raw = ENVIRON.get(name, "").strip()
    if urlsplit(raw).scheme in {"amqp", "amqps"}:
        return raw
    if raw and urlsplit(raw).scheme not in {"redis", "rediss", "unix", "valkey", "valkeys"}:
        raise ImproperlyConfigured(
            f"{name} cannot be read. It must look like redis://:password@host:6379/0 or amqp://user:password@host:5672/vhost."
        )
    return redis(name, default=default)


@_noted
def event_sink(name: str) -> dict[str, str]:
    """
    Return where events are fed to, in librdkafka's words and with the ``topic``; nothing when it is not set.

    ``kafka://broker:9092,broker2:9092/topic``, or ``kafka+ssl://user:password@broker:9093/topic`` with TLS and
    SCRAM-SHA-512; ``?sasl=PLAIN`` behind it for that mechanism.

    :raises ImproperlyConfigured: when it is no such URL; its password is not shown
    """
    raw = ENVIRON.get(name, "").strip()
    if not raw:
        return {}
    scheme, _, rest = raw.partition("://")
    place, _, path = rest.partition("/")
    topic, _, wish = path.partition("?")
    login, _, servers = place.rpartition("@")
    user, _, password = login.partition(":")
    if (
        scheme not in {"kafka", "kafka+ssl"}
        or not _KAFKA_SERVERS.fullmatch(servers)
        or not _TOPIC.fullmatch(topic)
        or wish not in {"", "sasl=PLAIN"}
    ):
        raise ImproperlyConfigured(
            f"{name} cannot be read. It must look like kafka://broker:9092,broker2:9092/topic"
            " or kafka+ssl://user:password@broker:9093/topic."
        )
    protocol = {"kafka": "plaintext", "kafka+ssl": "ssl"}[scheme]
    if not user:
        return {"bootstrap.servers": servers, "security.protocol": protocol, "topic": topic}
    return {
        "bootstrap.servers": servers,
        "security.protocol": f"sasl_{protocol}",
        "sasl.mechanism": "PLAIN" if wish == "sasl=PLAIN" else "SCRAM-SHA-512",
        "sasl.username": unquote(user),
        "sasl.password": unquote(password),
        "topic": topic,
    }


@_noted
def database(name: str, *, default: str | None = None) -> dict[str, Any]:
    """
    Return Django's connection settings for a PostgreSQL URL.

    :raises ImproperlyConfigured: when it is missing or no PostgreSQL URL; its password is not shown
    """
    from environ import Env

    raw = ENVIRON.get(name, "").strip() or default
    if not raw:
        raise ImproperlyConfigured(f"{name} is not set. It must look like {_POSTGRES_FORM}; or start `make run` first.")
    try:
        parts = urlsplit(raw)
        is_postgres = parts.scheme in {"postgres", "postgresql"} and parts.path.strip("/") != ""
        parsed = dict(Env.db_url_config(raw)) if is_postgres else {}
    except ValueError:
        parsed = {}
    if not parsed:
        raise ImproperlyConfigured(f"{name} cannot be read. It must look like {_POSTGRES_FORM}.")
    return parsed | {"ENGINE": "core.postgresql"}


@_noted
def redis(name: str, *, default: str | None = None) -> str:
    """
    Return the URL of a Valkey or Redis server.

    :raises ImproperlyConfigured: when it is missing or no such URL; its password is not shown
    """
    raw = ENVIRON.get(name, "").strip() or default
    form = "redis://:password@host:6379/0"
    if not raw:
        raise ImproperlyConfigured(f"{name} is not set. It must look like {form}; or start `make run` first.")
    if urlsplit(raw).scheme not in {"redis", "rediss", "unix", "valkey", "valkeys"}:
        raise ImproperlyConfigured(f"{name} cannot be read. It must look like {form}.")
    return raw.replace("valkeys://", "rediss://", 1).replace("valkey://", "redis://", 1)


def _wrong(name: str, value: str, form: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {value!r}. It must be {form}.")
