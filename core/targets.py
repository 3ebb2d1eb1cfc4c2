"""Where a URL leads, and whether this server may go there.

A URL is parsed once, into a ``Target``; what is checked is what is connected to. Every address a
name resolves to must be public, or lie in OUTBOUND_ALLOWED_NETWORKS.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Thread
from typing import Any, Final
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_LENGTH: Final = 2048
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_UNWANTED: Final = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff]")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# A host whose last label looks like a number is one (WHATWG URL, "ends in a number"): 127.1, 0x7f000001, 017700000001.
_NUMERIC_LABEL: Final = re.compile(r"\d+|0x[0-9a-f]*")
_MAX_HOST: Final = 253
_SAFE: Final = "/%:@!$&'()*+,;=~-._?"

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052
_UNICAST: Final = IPv6Network("2000::/3")  # all that IANA has given out as global unicast
# What the standard library does not know as special, in every release that we support.
_SPECIAL: Final = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("3fff::/20"),  # documentation
)


class UnsafeURL(ValueError):
    """A URL that this server will not call; the text says why."""


class Refused(Exception):
    """An address that this server will not connect to; the text says why."""


class Unresolvable(Exception):
    """A name that leads nowhere, or a name server that did not answer in time."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: ``host`` in lower-case ASCII without brackets, ``path`` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def literal(self) -> Address | None:
        """The address, when the URL names one instead of a host."""
        return _literal(self.host)


@lru_cache(maxsize=4096)
def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def check_url(url: str) -> None:
    """
    Check a URL as far as that goes without asking a name server.

    :raises UnsafeURL: with a reason for people
    """
    target = parse(url)
    address = target.literal
    if target.host == "localhost" or target.host.endswith(".localhost"):
        address = ip_address("127.0.0.1")
    if address is not None and not is_allowed(address):
        raise UnsafeURL("The URL leads to a private or special address.")


@lru_cache(maxsize=4096)
def parse(url: str) -> Target:
    """
    Take a URL apart.

    :raises UnsafeURL: when it is no plain http(s) URL of a host
    """
    if len(url) > MAX_LENGTH:
        raise UnsafeURL(f"The URL is longer than {MAX_LENGTH} characters.")
    if _UNWANTED.search(url):
        raise UnsafeURL("The URL contains blanks, control characters or backslashes.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise UnsafeURL("The URL cannot be read: its host or port is not valid.") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise UnsafeURL("The URL must start with http:// or https://.")
    if "@" in parts.netloc:
        raise UnsafeURL("The URL must not contain a user name or password.")
    if port == 0:
        raise UnsafeURL("The port must be between 1 and 65535.")
    return Target(
        scheme=parts.scheme,
        host=_plain_host(host, is_bracketed="[" in parts.netloc),
        port=port or DEFAULT_PORTS[parts.scheme],
        path=_plain_path(parts),
    )


async def resolve(target: Target, *, seconds: float) -> list[Address]:
    """
    Return every address of the target, each once, in the resolver's order.

    :raises Unresolvable: when there is none, or no answer within ``seconds``
    """
    if target.literal is not None:
        return [target.literal]
    # The resolver has no time limit of its own. A thread that it holds up ends by itself, later, and holds up nobody
    # else: each name has its own.
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Address]] = loop.create_future()
    Thread(target=_ask_resolver, args=(target, loop, answer), daemon=True, name="resolver").start()
    try:
        async with asyncio.timeout(seconds):
            found = await answer
    except TimeoutError:
        raise Unresolvable("The name server did not answer in time.") from None
    if not found:
        raise Unresolvable("The host name does not exist.")
    return found


def permitted(addresses: Sequence[Address], *, allowed_ips: Sequence[str] = ()) -> list[Address]:
    """
    Return the addresses that may be connected to; one private address spoils them all.

    :raises Refused: when one is private or special, or none lies in ``allowed_ips`` (if there are any)
    """
    for address in addresses:
        if not is_allowed(address):
            raise Refused("The host leads to a private or special address.")
    if not allowed_ips:
        return list(addresses)
    networks = _networks(tuple(allowed_ips))
    listed = [address for address in addresses if _is_within(address, networks)]
    if not listed:
        raise Refused("The host's address is not in the list of allowed addresses.")
    return listed


def is_allowed(address: Address) -> bool:
    """Return whether ``address`` is public, or in OUTBOUND_ALLOWED_NETWORKS."""
    return _is_allowed(address, tuple(settings.OUTBOUND_ALLOWED_NETWORKS))


@lru_cache(maxsize=4096)
def _is_allowed(address: Address, allowed: tuple[str, ...]) -> bool:
    return _is_within(address, _networks(allowed)) or is_public(address)


def is_public(address: Address) -> bool:
    """
    Return whether ``address`` is one of the public internet, also where it carries another inside.

    Sources: IANA's special-purpose registries; RFC 4291 (mapped), RFC 3056 (6to4), RFC 6052 (NAT64).
    """
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved) and not _is_within(address, _SPECIAL)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    # A mapped address is connected to over IPv4: it is that address.
    plain = (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
    return any(plain.version == network.version and plain in network for network in networks)


@lru_cache(maxsize=256)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    found = []
    for text in texts:
        try:
            found.append(ip_network(text, strict=False))
        except ValueError:
            continue  # what is no network allows nothing
    return tuple(found)


def _plain_host(host: str, *, is_bracketed: bool) -> str:
    if is_bracketed:
        return _plain_ipv6(host)
    try:
        # Also turns digits of other scripts and full-width dots into plain ones, before anything is compared.
        host = host.removesuffix(".").encode("idna").decode().lower()
    except UnicodeError:
        raise UnsafeURL("The host name is not valid.") from None
    labels = host.split(".")
    if len(host) > _MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise UnsafeURL("The host name is not valid.")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        return _plain_ipv4(host)
    return host


def _plain_ipv4(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except ValueError:
        raise UnsafeURL("Write an IPv4 address as four decimal numbers.") from None


def _plain_ipv6(host: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError:
        raise UnsafeURL("The IPv6 address is not valid.") from None
    if address.scope_id is not None:
        raise UnsafeURL("An IPv6 address with a zone leads to the local network.")
    return str(address)


def _plain_path(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_SAFE)
    return f"{path}?{quote(parts.query, safe=_SAFE)}" if parts.query else path


def _ask_resolver(target: Target, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[list[Address]]") -> None:
    try:
        found: list[Any] = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
    except (OSError, ValueError):  # or an address with a zone, or a name the resolver cannot write
        addresses = []
    with contextlib.suppress(RuntimeError):  # the loop may be closed by now
        loop.call_soon_threadsafe(lambda: None if answer.done() else answer.set_result(addresses))
