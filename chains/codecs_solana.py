"""How Solana writes addresses: 32 bytes in Base58, without a checksum.

A wallet's address is a public key, so a point of the curve ed25519. Programs own addresses too, which are
made so that they lie off the curve: no key exists for them. Token accounts are of that kind.
"""

import hashlib
import re
from functools import lru_cache
from typing import Final

from chains.codecs import base58_decode, base58_encode

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
SYSTEM_PROGRAM: Final = "1" * 32
TOKEN_PROGRAM: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105 - an address everybody knows
TOKEN_2022_PROGRAM: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"  # noqa: S105 - as above
TOKEN_PROGRAMS: Final = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
_ASSOCIATED_TOKEN_PROGRAM: Final = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"  # noqa: S105 - as above

_BYTE_LIST: Final = re.compile(r"\[\s*(?:[0-9]{1,3}\s*,\s*){63}[0-9]{1,3}\s*\]")  # how Solana's tools write key files
_PRIME: Final = 2**255 - 19
_CURVE: Final = -121665 * pow(121666, -1, _PRIME) % _PRIME  # d in -x² + y² = 1 + dx²y² (RFC 8032, 5.1)


def parse_key(text: str) -> str | None:
    """Return the 32 bytes (in hex) that an account's name stands for, or None. Programs' accounts have names too."""
    return _parse(text, KEY_BYTES)


def parse_wallet(text: str) -> str | None:
    """Return the 32 bytes (in hex) of an address that a key can spend from, or None."""
    body = parse_key(text)
    if body is None or text == SYSTEM_PROGRAM or not is_on_curve(bytes.fromhex(body)):
        return None
    return body


def is_signature(text: str) -> bool:
    """Return whether ``text`` can name a transaction: 64 bytes in Base58."""
    return _parse(text, SIGNATURE_BYTES) is not None


def is_secret(text: str) -> bool:
    """Return whether ``text`` is a private key with its public key behind it, as wallets and tools export it."""
    if _BYTE_LIST.fullmatch(text):
        return True
    body = _parse(text, SIGNATURE_BYTES)
    if body is None:
        return False
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed, public = bytes.fromhex(body[:64]), bytes.fromhex(body[64:])
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw() == public


def write_key(body: str) -> str:
    """Return 32 bytes in hex as Solana writes them."""
    return base58_encode(bytes.fromhex(body))


def is_on_curve(key: bytes) -> bool:
    """Return whether 32 bytes are a point of ed25519: whether (y² - 1) / (dy² + 1) is a square (RFC 8032, 5.1.3)."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(_CURVE * y * y + 1, -1, _PRIME) % _PRIME
    return square == 0 or pow(square, (_PRIME - 1) // 2, _PRIME) == 1


@lru_cache(maxsize=65536)
def token_account(owner: str, mint: str, program: str) -> str:
    """
    Return the associated token account: where wallets send tokens of ``mint`` that are meant for ``owner``.

    The first hash that is no point of the curve, counting down (Solana's find_program_address).
    """
    seeds = b"".join(map(_bytes, (owner, program, mint)))
    home = _bytes(_ASSOCIATED_TOKEN_PROGRAM) + b"ProgramDerivedAddress"
    hashes = (hashlib.sha256(seeds + bytes([bump]) + home).digest() for bump in range(255, -1, -1))
    return base58_encode(next(found for found in hashes if not is_on_curve(found)))


def _bytes(key: str) -> bytes:
    return base58_decode(key) or b""


def _parse(text: str, length: int) -> str | None:
    data = base58_decode(text)
    return data.hex() if data is not None and len(data) == length else None
