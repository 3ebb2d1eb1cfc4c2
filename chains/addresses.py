"""Addresses: derived from an account's extended public key, checked, and brought into the one stored form.

Normal form: EIP-55 text on EVM chains, Base58 on TRON. Only public keys are handled here: whatever
can spend money is refused as soon as it is recognised.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from unicodedata import normalize

from chains.base import Network
from chains.catalogue import NETWORKS
from chains.codecs import (
    base58check_decode,
    base58check_encode,
    evm_address,
    keccak256,
    parse_evm_address,
    parse_tron_address,
    tron_address,
)
from chains.errors import InvalidExtendedKey, PrivateKeyGiven

SANDBOX: Final = "sandbox"
HARDENED: Final = 2**31
ACCOUNT_DEPTH: Final = 3  # m / purpose' / coin' / account' (BIP-44)
ACCOUNT_PATHS: Final = {"evm": "m/44'/60'/0'", "tron": "m/44'/195'/0'"}

_XPUB: Final = bytes.fromhex("0488b21e")
_TPUB: Final = bytes.fromhex("043587cf")
_KEY_BYTES: Final = 78  # a serialised extended key (BIP-32)
_LONGEST_KEY_TEXT: Final = 120
_LONGEST_PHRASE: Final = 2000
_RAW_PRIVATE_KEY: Final = re.compile("(0[xX])?[0-9a-fA-F]{64}")
_EXTENDED_PRIVATE_KEY: Final = re.compile("[a-zA-Z]prv[1-9A-HJ-NP-Za-km-z]{20,}", re.IGNORECASE)
_SINGLE_KEY_BYTES: Final = frozenset({33, 34})  # "wallet import format": prefix, key, perhaps a flag
_PHRASE_LENGTHS: Final = range(11, 26)  # BIP-39 has 12 to 24 words; one may be lost or added while copying
_SHARE_OF_KNOWN_WORDS: Final = 4  # in five

_ENCODE: Final[dict[str, Callable[[str], str]]] = {"evm": evm_address, "tron": tron_address}
_PARSE: Final[dict[str, Callable[[str], str | None]]] = {"evm": parse_evm_address, "tron": parse_tron_address}
_NOBODY: Final = "0" * 40  # the address nobody has: money sent there is burnt


def derive(network: Network | str, xpub: str, index: int) -> str:
    """
    Return the address with ``index`` on the receiving chain of an account: ``0/index`` below ``xpub`` (BIP-44).

    ``network`` is a network, its code or its family; ``xpub`` has passed ``check_xpub``.

    :raises InvalidExtendedKey: when ``xpub`` is none, or one of a billion indexes gives no address (BIP-32)
    :raises LookupError: for a network whose addresses do not come from keys
    """
    family = _family(network)
    if family not in _ENCODE:
        raise LookupError(f"addresses on {family} are not derived")
    if not 0 <= index < HARDENED:
        raise ValueError(f"no public key has a child {index}")
    from bip_utils import Bip32KeyError

    try:
        public_key = _receiving_chain(xpub).ChildKey(index).PublicKey()
    except Bip32KeyError:
        raise InvalidExtendedKey(f"This key has no address with the index {index}.", field="xpub") from None
    return _ENCODE[family](_account_bytes(public_key.RawUncompressed().ToBytes()))


def check_xpub(network: Network | str, text: str) -> str:
    """
    Return the extended public key of an account in one form (``xpub…``, whichever version bytes it came with).

    :raises PrivateKeyGiven: for a private key or a seed phrase; the error never repeats it
    :raises InvalidExtendedKey: for anything else that is no key at account level
    """
    path = ACCOUNT_PATHS.get(_family(network))
    if path is None:
        raise InvalidExtendedKey("Addresses on this network do not come from a key.", field="xpub")
    key = text.strip()
    if can_spend(key):
        raise PrivateKeyGiven(field="xpub")
    payload = base58check_decode(key) if len(key) <= _LONGEST_KEY_TEXT else None
    if payload is None or len(payload) != _KEY_BYTES:
        raise InvalidExtendedKey(field="xpub")
    _check_version(payload[:4], path)
    _check_level(payload, path)
    return _normal_form(payload)


def can_spend(text: str) -> bool:
    """Return whether ``text`` looks like a private key or a seed phrase of any common kind."""
    if _RAW_PRIVATE_KEY.fullmatch(text) or _EXTENDED_PRIVATE_KEY.match(text) or _is_phrase(text):
        return True
    payload = base58check_decode(text)
    if payload is None:
        return False
    # An extended key holds a zero byte before a private key, whatever its version bytes say.
    return len(payload) in _SINGLE_KEY_BYTES or (len(payload) == _KEY_BYTES and payload[45] == 0)


def is_valid_address(network: Network | str, text: str) -> bool:
    """Return whether money can be sent to ``text``; a wrong checksum and the zero address are refused."""
    family = _family(network)
    if family == SANDBOX:
        from chains.sandbox.services import is_sandbox_address

        return is_sandbox_address(text)
    body = _PARSE[family](text)
    return body is not None and body != _NOBODY


def normalise_address(network: Network | str, text: str) -> str:
    """
    Return the form in which the address is stored and matched.

    :raises ValueError: when ``text`` is no address there
    """
    if not is_valid_address(network, text):
        raise ValueError("not an address on this network")
    family = _family(network)
    if family == SANDBOX:
        return text
    return _ENCODE[family](_PARSE[family](text) or _NOBODY)


def _family(network: Network | str) -> str:
    if isinstance(network, Network):
        return network.family
    if network in _ENCODE or network == SANDBOX:
        return network
    if network in NETWORKS:
        return NETWORKS[network].family
    raise LookupError(f"there is no network called {network!r}")


@lru_cache(maxsize=1024)
def _receiving_chain(xpub: str) -> Any:
    """Return the node ``0`` below an account's key; parsing and this step are shared by all its addresses."""
    from bip_utils import Base58ChecksumError, Bip32KeyError, Bip32Slip10Secp256k1

    try:
        return Bip32Slip10Secp256k1.FromExtendedKey(xpub).ChildKey(0)
    except (Bip32KeyError, Base58ChecksumError, ValueError):
        raise InvalidExtendedKey(field="xpub") from None


def _account_bytes(public_key: bytes) -> str:
    """Return the 20 bytes that name the owner of an uncompressed public key, in hex."""
    return keccak256(public_key[1:])[-20:].hex()


def _check_version(version: bytes, path: str) -> None:
    if version not in {_XPUB, _TPUB}:
        raise InvalidExtendedKey(
            f"This is an extended key of another kind. Export the account {path} as xpub.", field="xpub"
        )


def _check_level(payload: bytes, path: str) -> None:
    depth, child = payload[4], int.from_bytes(payload[9:13], "big")
    if depth < ACCOUNT_DEPTH:
        level = "the master key" if depth == 0 else f"a key above the account (level {depth})"
        raise InvalidExtendedKey(f"This is {level}. Export the key of the account, {path}.", field="xpub")
    if depth > ACCOUNT_DEPTH:
        raise InvalidExtendedKey(
            f"This is a key below the account (level {depth}). Export the key of the account itself, {path}.",
            field="xpub",
        )
    if child < HARDENED:
        raise InvalidExtendedKey(
            f"This key is at the level of an account but is not one (its path lacks the last '). Export {path}.",
            field="xpub",
        )


def _normal_form(payload: bytes) -> str:
    normal = base58check_encode(_XPUB + payload[4:])
    _receiving_chain(normal)  # refuses a point that is not on the curve
    return normal


def _is_phrase(text: str) -> bool:
    words = normalize("NFKD", text[:_LONGEST_PHRASE]).lower().split()  # as BIP-39 writes its lists
    if len(words) not in _PHRASE_LENGTHS:
        return False
    from bip_utils import Bip39Languages
    from bip_utils.bip.bip39.bip39_mnemonic_utils import Bip39WordsListGetter

    enough = len(words) * _SHARE_OF_KNOWN_WORDS
    for language in Bip39Languages:
        known = Bip39WordsListGetter.Instance().GetByLanguage(language)
        if 5 * sum(_has_word(known, word) for word in words) >= enough:
            return True
    return False


def _has_word(known: Any, word: str) -> bool:
    try:
        known.GetWordIdx(word)
    except ValueError:
        return False
    return True
