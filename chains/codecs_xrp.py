"""How the XRP Ledger writes addresses: Base58Check with an alphabet of its own, and X-addresses (XLS-5).

An X-address holds a classic address and perhaps a destination tag. The classic one is the normal form.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

ACCOUNT_BYTES: Final = 20

_ALPHABET: Final = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_LONGEST: Final = 60  # an X-address has 47 characters
_CHECKSUM_BYTES: Final = 4
_ACCOUNT: Final = b"\0"
_X_PREFIX: Final = {b"\x05\x44": False, b"\x04\x93": True}  # whether it is of a test network
_X_LENGTH: Final = 2 + ACCOUNT_BYTES + 9
_SEEDS: Final = {b"\x21": 17, b"\x01\xe1\x4b": 19}  # secp256k1 and ed25519: prefix, length with it
# Accounts that nobody has the key to: 0 and 1 (XRP Ledger documentation, "Special Addresses").
_NOBODY: Final = frozenset({"0" * 40, "0" * 39 + "1"})


@dataclass(frozen=True, slots=True)
class Account:
    """What an address says: 20 bytes in hex, and the destination tag that an X-address may hold."""

    body: str
    tag: int | None = None
    is_test: bool | None = None  # classic addresses do not tell


def parse_account(text: str) -> Account | None:
    """Return what an address in either form says, or None when it is none or nobody's."""
    payload = _decode(text)
    account = None if payload is None else _classic(payload) or _extended(payload)
    return None if account is None or account.body in _NOBODY else account


def parse_classic(text: str) -> str | None:
    """Return the 20 bytes (in hex) of a classic address, whoever has the key; None for anything else."""
    payload = _decode(text)
    account = None if payload is None else _classic(payload)
    return account.body if account else None


def write_account(body: str) -> str:
    """Return 20 bytes in hex as a classic address."""
    payload = _ACCOUNT + bytes.fromhex(body)
    data = payload + _checksum(payload)
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    zeros = len(data) - len(data.lstrip(b"\0"))
    return _ALPHABET[0] * zeros + text


def is_family_seed(text: str) -> bool:
    """Return whether ``text`` is the secret of an account: it begins with an s."""
    payload = _decode(text)
    return payload is not None and any(
        payload.startswith(prefix) and len(payload) == length for prefix, length in _SEEDS.items()
    )


def _classic(payload: bytes) -> Account | None:
    if len(payload) != len(_ACCOUNT) + ACCOUNT_BYTES or payload[:1] != _ACCOUNT:
        return None
    return Account(payload[1:].hex())


def _extended(payload: bytes) -> Account | None:
    is_test = _X_PREFIX.get(payload[:2])
    if is_test is None or len(payload) != _X_LENGTH:
        return None
    body, flag, tag = payload[2:22].hex(), payload[22], payload[23:]
    if flag == 0 and not any(tag):
        return Account(body, None, is_test)
    if flag == 1 and not any(tag[4:]):
        return Account(body, int.from_bytes(tag[:4], "little"), is_test)
    return None


def _decode(text: str) -> bytes | None:
    if not 0 < len(text) <= _LONGEST:
        return None
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip(_ALPHABET[0]))
    data = b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
    payload, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    return payload if checksum == _checksum(payload) else None


def _checksum(payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:_CHECKSUM_BYTES]
