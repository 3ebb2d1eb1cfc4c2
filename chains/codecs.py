"""How the chain families write addresses: EIP-55 text for EVM, Base58Check for TRON.

Both are 20 bytes inside. The text made here is the one normal form that is stored and matched.
"""

import hashlib
import re
from functools import lru_cache
from typing import Final

from Crypto.Hash import RIPEMD160, keccak

ADDRESS_BYTES: Final = 20
TRON_PREFIX: Final = b"\x41"

_SMALL: Final = 0x20  # the bit by which small letters differ from capitals in ASCII
_HIGH_NIBBLES: Final = bytes(_SMALL if chr(code) in "89abcdef" else 0 for code in range(256))
_EVM_FORM: Final = re.compile("0x[0-9a-fA-F]{40}")
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_CHECKSUM_BYTES: Final = 4
_LONGEST: Final = 120  # characters of Base58Check text that are looked at: an extended key has 111


def keccak256(data: bytes) -> bytes:
    """Return the hash Ethereum and TRON use (the original Keccak, not SHA-3)."""
    return keccak.new(digest_bits=256, data=data).digest()


def hash160(data: bytes) -> str:
    """Return the 20 bytes (in hex) by which Bitcoin names keys and scripts: RIPEMD-160 of SHA-256."""
    return RIPEMD160.new(hashlib.sha256(data).digest()).hexdigest()


@lru_cache(maxsize=8192)
def evm_address(body: str) -> str:
    """Return 40 lower-case hex digits as an address with its checksum (EIP-55)."""
    text = body.encode()
    letters = int.from_bytes(text)
    high = keccak256(text).hex()[: 2 * ADDRESS_BYTES].encode().translate(_HIGH_NIBBLES)
    # All 40 at once: letters (bit 6) under a nibble of 8 or more lose the bit that makes them small.
    return "0x" + (letters ^ (letters >> 1 & int.from_bytes(high))).to_bytes(len(text)).decode()


def parse_evm_address(text: str) -> str | None:
    """Return the 40 lower-case hex digits of an address, or None. A mixed-case one must have the right checksum."""
    if not _EVM_FORM.fullmatch(text):
        return None
    digits = text[2:]
    body = digits.lower()
    if digits not in {body, digits.upper()} and evm_address(body) != text:
        return None
    return body


@lru_cache(maxsize=8192)
def tron_address(body: str) -> str:
    """Return 40 hex digits as a TRON address: 0x41, the 20 bytes and a checksum in Base58."""
    return base58check_encode(TRON_PREFIX + bytes.fromhex(body))


def parse_tron_address(text: str) -> str | None:
    """Return the 40 lower-case hex digits of a TRON address, or None."""
    payload = base58check_decode(text)
    if payload is None or len(payload) != 1 + ADDRESS_BYTES or payload[:1] != TRON_PREFIX:
        return None
    return payload[1:].hex()


def base58check_encode(payload: bytes) -> str:
    """Return ``payload`` and four bytes of its double SHA-256 in Base58, as Bitcoin writes it."""
    return base58_encode(payload + _checksum(payload))


def base58_encode(data: bytes) -> str:
    """Return ``data`` in Base58 without a checksum, as Solana writes it."""
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + text


def base58check_decode(text: str) -> bytes | None:
    """Return what ``text`` holds, or None when it is not Base58 or its checksum is wrong."""
    data = base58_decode(text)
    if data is None:
        return None
    payload, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    return payload if checksum == _checksum(payload) else None


def base58_decode(text: str) -> bytes | None:
    """Return what ``text`` without a checksum holds, or None when it is not Base58."""
    if not 0 < len(text) <= _LONGEST:
        return None
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _checksum(payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:_CHECKSUM_BYTES]
