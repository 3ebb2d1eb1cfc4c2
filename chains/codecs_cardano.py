"""How Cardano writes addresses (CIP-19) and account keys (CIP-5), and how one comes from the other (CIP-1852).

An invoice's address has the payment key 0/index of the account and its staking key 2/0, as the addresses that
wallets show have. Taken are addresses that a key spends from; money sent to a script without what the script asks
for may be lost for good.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from chains.errors import InvalidExtendedKey

ACCOUNT_PATH: Final = "m/1852'/1815'/0'"
HARDENED: Final = 2**31

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH: Final = 6
_LONGEST: Final = 250  # BIP-173 stops at 90; Cardano's addresses and keys are longer

_MAINNET_ID, _TEST_ID = 1, 0
_PREFIXES: Final = {_MAINNET_ID: "addr", _TEST_ID: "addr_test"}
_HASH_BYTES: Final = 28
# The type is in the upper four bits of the first byte: 0 and 2 are paid to a key and staked by a key or a script,
# 6 is paid to a key and not staked. Pointer addresses (4) cannot be made any more.
_LENGTHS: Final = {0: 1 + 2 * _HASH_BYTES, 2: 1 + 2 * _HASH_BYTES, 6: 1 + _HASH_BYTES}

_STORED_PREFIX: Final = "acct_xvk"
# The second is how Cardano's serialization library, and with it Eternl and others, writes the same 64 bytes.
_ACCOUNT_PREFIXES: Final = frozenset({_STORED_PREFIX, "xpub"})
_KEY_BYTES: Final = 64  # public key and chain code
_HEX_KEY: Final = re.compile("[0-9a-fA-F]{128}")
_SECRET_PREFIX: Final = re.compile("(?:[a-z0-9]+_)+x?sk|xprv")
_SECRET_HEX: Final = re.compile("(?:[0-9a-fA-F]{192}|[0-9a-fA-F]{256})")  # key and chain code, perhaps the public key


def parse_address(text: str, *, is_test: bool) -> str | None:
    """Return the bytes (in hex) of an address that a key spends from, on this side of the network, or None."""
    prefix, data = bech32_decode(text)
    network = _TEST_ID if is_test else _MAINNET_ID
    if not data or prefix != _PREFIXES[network] or data[0] & 0x0F != network:
        return None
    return data.hex() if len(data) == _LENGTHS.get(data[0] >> 4) else None


def write_address(body: str) -> str | None:
    """Return the bytes of an address (in hex) as text."""
    data = bytes.fromhex(body)
    return bech32_encode(_PREFIXES[data[0] & 0x0F], data)


def is_secret(text: str) -> bool:
    """Return whether ``text`` is a key that can spend, in Cardano's own forms."""
    if _SECRET_HEX.fullmatch(text):
        return True
    prefix, data = bech32_decode(text)
    return bool(data) and _SECRET_PREFIX.fullmatch(prefix) is not None


def read_account_key(text: str) -> str:
    """
    Return an account's public key as ``acct_xvk1…`` from any form in which wallets export it.

    Those are ``acct_xvk1…`` (CIP-5), ``xpub1…`` and 128 hex digits: public key and chain code.

    :raises InvalidExtendedKey: for anything else
    """
    if _HEX_KEY.fullmatch(text):
        data = bytes.fromhex(text)
    else:
        prefix, data = bech32_decode(text)
        if data and prefix.endswith("_xvk") and prefix not in _ACCOUNT_PREFIXES:
            raise _refusal(f"This is not the key of an account but of another kind ({prefix}).")
        if prefix not in _ACCOUNT_PREFIXES:
            data = b""
    if len(data) != _KEY_BYTES:
        raise _refusal("This is not the public key of a Cardano account (acct_xvk1…, xpub1… or 128 hex digits).")
    stored = bech32_encode(_STORED_PREFIX, data)
    _chains(stored)  # refuses what is no point of the curve
    return stored


def derive_address(key: str, index: int, *, is_test: bool) -> str:
    """
    Return the receiving address with ``index`` of an account whose key ``read_account_key`` returned.

    :raises InvalidExtendedKey: when the text is no such key
    """
    receiving, staking = _chains(key)
    head = bytes([_TEST_ID if is_test else _MAINNET_ID])  # type 0: payment and staking by key
    body = head + _key_hash(receiving.ChildKey(index)) + staking
    return bech32_encode(_PREFIXES[body[0] & 0x0F], body)


def bech32_encode(prefix: str, data: bytes) -> str:
    """Return bytes in Bech32 (BIP-173) without its limit on the length."""
    values = _regrouped(data, 8, 5)
    state = _checked([*_expanded(prefix), *values, *[0] * _CHECKSUM_LENGTH]) ^ 1
    check = [state >> 5 * place & 31 for place in range(_CHECKSUM_LENGTH - 1, -1, -1)]
    return prefix + "1" + "".join(_ALPHABET[value] for value in [*values, *check])


def bech32_decode(text: str) -> tuple[str, bytes]:
    """Return prefix and bytes of a text in Bech32; nothing and no bytes when it is none."""
    if len(text) > _LONGEST or text not in {text.lower(), text.upper()}:
        return "", b""
    prefix, _, rest = text.lower().rpartition("1")
    values = [_VALUES.get(character, -1) for character in rest]
    if not prefix.isascii() or not prefix or len(values) <= _CHECKSUM_LENGTH or -1 in values:
        return "", b""
    if _checked([*_expanded(prefix), *values]) != 1:
        return "", b""
    body = values[:-_CHECKSUM_LENGTH]
    data = bytes(_regrouped(body, 5, 8, is_padded=False))
    # Bits that are left over must be none of meaning: else one address would have several texts.
    return (prefix, data) if _regrouped(data, 8, 5) == body else ("", b"")


@lru_cache(maxsize=1024)
def _chains(key: str) -> tuple[Any, bytes]:
    """Return the node above an account's receiving keys, and the hash of its staking key."""
    from bip_utils import Bip32ChainCode, Bip32Depth, Bip32KeyData, Bip32KeyError, Bip32KholawEd25519

    _, data = bech32_decode(key)
    if len(data) != _KEY_BYTES:
        raise InvalidExtendedKey(field="xpub")
    try:
        facts = Bip32KeyData(depth=Bip32Depth(3), chain_code=Bip32ChainCode(data[32:]))
        account = Bip32KholawEd25519.FromPublicKey(data[:32], facts)
        return account.ChildKey(0), _key_hash(account.ChildKey(2).ChildKey(0))
    except (Bip32KeyError, ValueError):
        raise InvalidExtendedKey(field="xpub") from None


def _key_hash(node: Any) -> bytes:
    key = node.PublicKey().RawCompressed().ToBytes()[-32:]
    return hashlib.blake2b(key, digest_size=_HASH_BYTES).digest()


def _regrouped(values: Sequence[int], width: int, wanted: int, *, is_padded: bool = True) -> list[int]:
    """Return the same bits in groups of another width; what is left over is padded with zeros or dropped."""
    bits, count, groups = 0, 0, []
    for value in values:
        bits, count = bits << width | value, count + width
        while count >= wanted:
            count -= wanted
            groups.append(bits >> count & (1 << wanted) - 1)
        bits &= (1 << count) - 1
    if is_padded and count:
        groups.append(bits << wanted - count)
    return groups


def _expanded(prefix: str) -> list[int]:
    codes = prefix.encode()
    return [*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]


def _checked(values: Sequence[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for place, term in enumerate(_GENERATOR):
            if top >> place & 1:
                state ^= term
    return state


def _refusal(reason: str) -> InvalidExtendedKey:
    return InvalidExtendedKey(f"{reason} Export the public key of the account {ACCOUNT_PATH}.", field="xpub")
