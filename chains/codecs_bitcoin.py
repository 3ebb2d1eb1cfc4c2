"""How Bitcoin and its relatives write addresses: Base58Check, Bech32 (BIP-173), Bech32m (BIP-350) and CashAddr.

An address stands for an output script. Here the script in hex is what is inside, so that all spellings of
one destination (legacy and CashAddr, upper and lower case, old and new prefix) have one normal form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from chains.codecs import base58check_decode, base58check_encode

KEY_HASH_SCRIPT: Final = ("76a914", "88ac")  # DUP HASH160 <20 bytes> EQUALVERIFY CHECKSIG
SCRIPT_HASH_SCRIPT: Final = ("a914", "87")  # HASH160 <20 bytes> EQUAL
LONG_SCRIPT_HASH_SCRIPT: Final = ("aa20", "87")  # HASH256 <32 bytes> EQUAL, on Bitcoin Cash only
WITNESS_KEY_HASH_SCRIPT: Final = ("0014", "")
WITNESS_SCRIPT_HASH_SCRIPT: Final = ("0020", "")
TAPROOT_SCRIPT: Final = ("5120", "")

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"  # of Bech32 and of CashAddr
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_BECH32: Final = 1
_BECH32M: Final = 0x2BC830A3
_BECH32_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CASH_GENERATOR: Final = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
_LONGEST_BECH32: Final = 90
_LONGEST_CASH: Final = 120
# The version byte of CashAddr: type in the upper bits, length in the lower. Types 2 and 3 add only the wish to be
# sent tokens (CashTokens); the script is the same.
_CASH_WRITTEN: Final = {KEY_HASH_SCRIPT: 0x00, SCRIPT_HASH_SCRIPT: 0x08, LONG_SCRIPT_HASH_SCRIPT: 0x0B}
_CASH_READ: Final = {
    0x00: KEY_HASH_SCRIPT,
    0x10: KEY_HASH_SCRIPT,
    0x08: SCRIPT_HASH_SCRIPT,
    0x18: SCRIPT_HASH_SCRIPT,
    0x0B: LONG_SCRIPT_HASH_SCRIPT,
    0x1B: LONG_SCRIPT_HASH_SCRIPT,
}


@dataclass(frozen=True, slots=True)
class AddressRules:
    """How one chain writes addresses. The first version byte is the one written, the others are only read."""

    key_hash: int
    script_hash: tuple[int, ...]
    witness_prefix: str = ""  # empty where there is no segregated witness
    has_taproot: bool = False
    cash_prefix: str = ""  # empty where CashAddr is not used


ADDRESS_RULES: Final[Mapping[tuple[str, str], AddressRules]] = {
    ("bitcoin", "mainnet"): AddressRules(0x00, (0x05,), "bc", has_taproot=True),
    ("bitcoin", "testnet"): AddressRules(0x6F, (0xC4,), "tb", has_taproot=True),
    ("bitcoin", "testnet3"): AddressRules(0x6F, (0xC4,), "tb", has_taproot=True),
    ("bitcoin", "signet"): AddressRules(0x6F, (0xC4,), "tb", has_taproot=True),
    ("bitcoin", "regtest"): AddressRules(0x6F, (0xC4,), "bcrt", has_taproot=True),
    # Litecoin's nested addresses once began with a 3, as Bitcoin's do; now with an M.
    ("litecoin", "mainnet"): AddressRules(0x30, (0x32, 0x05), "ltc", has_taproot=True),
    ("litecoin", "testnet"): AddressRules(0x6F, (0x3A, 0xC4), "tltc", has_taproot=True),
    ("litecoin", "regtest"): AddressRules(0x6F, (0x3A, 0xC4), "rltc", has_taproot=True),
    ("dogecoin", "mainnet"): AddressRules(0x1E, (0x16,)),
    ("dogecoin", "testnet"): AddressRules(0x71, (0xC4,)),
    ("dogecoin", "regtest"): AddressRules(0x6F, (0xC4,)),
    ("bitcoincash", "mainnet"): AddressRules(0x00, (0x05,), cash_prefix="bitcoincash"),
    ("bitcoincash", "testnet"): AddressRules(0x6F, (0xC4,), cash_prefix="bchtest"),
    ("bitcoincash", "regtest"): AddressRules(0x6F, (0xC4,), cash_prefix="bchreg"),
}


def address_of(script: str, rules: AddressRules) -> str | None:
    """Return the address that pays to an output script (in hex), or None for a script that has none."""
    kind, body = _taken_apart(script)
    if kind is None:
        return None
    return _written(kind, body, rules)


def script_of(text: str, rules: AddressRules) -> str | None:
    """Return the output script (in hex) that an address stands for on this chain, or None."""
    found = _from_base58(text, rules)
    if found is None and rules.witness_prefix:
        found = _from_witness(text, rules)
    if found is None and rules.cash_prefix:
        found = _from_cash(text, rules.cash_prefix)
    if found is None or not int(found[1], 16):  # nobody has the key to zero
        return None
    (before, after), body = found
    return before + body + after


_Found = tuple[tuple[str, str], str]  # the kind of script, and the hash or key in it, in hex


def _taken_apart(script: str) -> tuple[tuple[str, str] | None, str]:
    length = len(script)
    if length == 50 and script.startswith("76a914") and script.endswith("88ac"):
        return KEY_HASH_SCRIPT, script[6:46]
    if length == 46 and script.startswith("a914") and script.endswith("87"):
        return SCRIPT_HASH_SCRIPT, script[4:44]
    if length == 44 and script.startswith("0014"):
        return WITNESS_KEY_HASH_SCRIPT, script[4:]
    if length == 68 and script.startswith(("0020", "5120")):
        return (WITNESS_SCRIPT_HASH_SCRIPT if script.startswith("00") else TAPROOT_SCRIPT), script[4:]
    if length == 70 and script.startswith("aa20") and script.endswith("87"):
        return LONG_SCRIPT_HASH_SCRIPT, script[4:68]
    return None, ""


@lru_cache(maxsize=65536)
def _written(kind: tuple[str, str], body: str, rules: AddressRules) -> str | None:
    if rules.cash_prefix:
        version = _CASH_WRITTEN.get(kind)
        return None if version is None else _cash_text(version, body, rules.cash_prefix)
    if kind == KEY_HASH_SCRIPT:
        return base58check_encode(bytes([rules.key_hash]) + bytes.fromhex(body))
    if kind == SCRIPT_HASH_SCRIPT:
        return base58check_encode(bytes([rules.script_hash[0]]) + bytes.fromhex(body))
    if kind in {WITNESS_KEY_HASH_SCRIPT, WITNESS_SCRIPT_HASH_SCRIPT} and rules.witness_prefix:
        return _witness_text(0, body, rules.witness_prefix, _BECH32)
    if kind == TAPROOT_SCRIPT and rules.has_taproot:
        return _witness_text(1, body, rules.witness_prefix, _BECH32M)
    return None


def _from_base58(text: str, rules: AddressRules) -> _Found | None:
    payload = base58check_decode(text)
    if payload is None or len(payload) != 21:
        return None
    if payload[0] == rules.key_hash:
        return KEY_HASH_SCRIPT, payload[1:].hex()
    if payload[0] in rules.script_hash:
        return SCRIPT_HASH_SCRIPT, payload[1:].hex()
    return None


def _from_witness(text: str, rules: AddressRules) -> _Found | None:
    prefix, separator, rest = _lowered(text, _LONGEST_BECH32).rpartition("1")
    values = [_VALUES.get(character, -1) for character in rest]
    if not separator or prefix != rules.witness_prefix or len(values) < 7 or -1 in values:
        return None
    expected = _BECH32 if values[0] == 0 else _BECH32M
    if _bech32_checksum([*_expanded(prefix), *values]) != expected:
        return None
    body = _bytes_of(values[1:-6])
    if body is None:
        return None
    # A program of a later version would be anyone's to spend until that version has a meaning.
    kinds = {(0, 20): WITNESS_KEY_HASH_SCRIPT, (0, 32): WITNESS_SCRIPT_HASH_SCRIPT}
    if rules.has_taproot:
        kinds[1, 32] = TAPROOT_SCRIPT
    kind = kinds.get((values[0], len(body)))
    return None if kind is None else (kind, body.hex())


def _from_cash(text: str, expected: str) -> _Found | None:
    prefix, separator, rest = _lowered(text, _LONGEST_CASH).rpartition(":")
    if not separator:
        prefix = expected
    values = [_VALUES.get(character, -1) for character in rest]
    if prefix != expected or len(values) < 9 or -1 in values:
        return None
    if _cash_checksum([*(ord(letter) & 31 for letter in prefix), 0, *values]) != 0:
        return None
    body = _bytes_of(values[:-8])
    if not body:
        return None
    kind = _CASH_READ.get(body[0])
    length = 32 if kind == LONG_SCRIPT_HASH_SCRIPT else 20
    return None if kind is None or len(body) != 1 + length else (kind, body[1:].hex())


def _lowered(text: str, longest: int) -> str:
    """Return ``text`` in lower case, or nothing when it is too long, not ASCII or mixes both cases."""
    if len(text) > longest or not text.isascii() or text not in {text.lower(), text.upper()}:
        return ""
    return text.lower()


def _witness_text(version: int, body: str, prefix: str, constant: int) -> str:
    values = [version, *_groups_of(bytes.fromhex(body))]
    checksum = _bech32_checksum([*_expanded(prefix), *values, 0, 0, 0, 0, 0, 0]) ^ constant
    values += [checksum >> shift & 31 for shift in (25, 20, 15, 10, 5, 0)]
    return prefix + "1" + "".join(_ALPHABET[value] for value in values)


def _cash_text(version: int, body: str, prefix: str) -> str:
    values = _groups_of(bytes([version]) + bytes.fromhex(body))
    checksum = _cash_checksum([*(ord(letter) & 31 for letter in prefix), 0, *values, *[0] * 8])
    values += [checksum >> shift & 31 for shift in range(35, -1, -5)]
    return prefix + ":" + "".join(_ALPHABET[value] for value in values)


@lru_cache(maxsize=16)
def _expanded(prefix: str) -> tuple[int, ...]:
    return (*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix))


def _groups_of(body: bytes) -> list[int]:
    """Return the bits of ``body`` in groups of five, the last filled up with zeros."""
    missing = -len(body) * 8 % 5
    number, groups = int.from_bytes(body, "big") << missing, (len(body) * 8 + missing) // 5
    return [number >> 5 * place & 31 for place in range(groups - 1, -1, -1)]


def _bytes_of(groups: Sequence[int]) -> bytes | None:
    """Return the bytes in groups of five bits; None when what fills up the last one is not zero, or a whole group."""
    spare = len(groups) * 5 % 8
    number = 0
    for group in groups:
        number = number << 5 | group
    if spare > 4 or number & ((1 << spare) - 1):
        return None
    return (number >> spare).to_bytes(len(groups) * 5 // 8, "big")


def _steps(generator: Sequence[int]) -> tuple[int, ...]:
    """Return what each value of the five highest bits adds in one step of the checksum."""
    steps = []
    for top in range(32):
        added = 0
        for bit, term in enumerate(generator):
            added ^= term if top >> bit & 1 else 0
        steps.append(added)
    return tuple(steps)


_BECH32_STEPS: Final = _steps(_BECH32_GENERATOR)
_CASH_STEPS: Final = _steps(_CASH_GENERATOR)


def _bech32_checksum(values: Sequence[int]) -> int:
    state = 1
    for value in values:
        state = (state & 0x1FFFFFF) << 5 ^ value ^ _BECH32_STEPS[state >> 25]
    return state


def _cash_checksum(values: Sequence[int]) -> int:
    state = 1
    for value in values:
        state = (state & 0x07FFFFFFFF) << 5 ^ value ^ _CASH_STEPS[state >> 35]
    return state ^ 1
