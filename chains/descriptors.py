"""Output descriptors (BIP-380 to 386, 389) of accounts with one key, as wallets export them for watching.

``wpkh([d34db33f/84'/0'/0']xpub…/0/*)#checksum``: which script, where the key comes from, the key, and the chain
of addresses below it. What is stored for a wallet is such a text without origin and checksum.
"""

import re
from dataclasses import dataclass
from typing import Final

from chains.errors import InvalidExtendedKey

LONGEST: Final = 300
WRAPPERS: Final = {"wpkh": ("wpkh(", ")"), "nested": ("sh(wpkh(", "))"), "pkh": ("pkh(", ")"), "tr": ("tr(", ")")}

# BIP-380: characters in the order of how likely they are confused, and the alphabet of the checksum.
_CHARACTERS: Final = "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
_CHECKSUM_CHARACTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)
_CHECKSUM_LENGTH: Final = 8

_KEY: Final = re.compile(
    r"(?:\[(?P<fingerprint>[0-9a-fA-F]{8})(?P<path>(?:/[0-9]{1,10}['hH]?)*)\])?"
    r"(?P<key>[1-9A-HJ-NP-Za-km-z]{100,120})(?P<chain>(?:/[^/\[\]()]+)*)"
)
_RECEIVING: Final = frozenset({"/0/*", "/<0;1>/*"})  # the second names the chain of change as well (BIP-389)
_HARDENED: Final = 2**31


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a descriptor says. ``origin`` is the path from the wallet's master key, None where it is not told."""

    kind: str  # a key of WRAPPERS
    key: str
    origin: tuple[int, ...] | None = None


def is_descriptor(text: str) -> bool:
    """Return whether the text is meant as a descriptor."""
    return "(" in text


def read_descriptor(text: str) -> Descriptor:
    """
    Return what the descriptor of a single-key account says.

    :raises InvalidExtendedKey: when it is of another form, or its checksum is wrong
    """
    if len(text) > LONGEST:
        raise _refusal("This descriptor is too long for an account with one key.")
    body, mark, given = text.partition("#")
    if mark and given != checksum(body):
        raise _refusal("The checksum of this descriptor is wrong: part of it was changed or lost while copying.")
    kind, inner = _unwrapped(body)
    match = _KEY.fullmatch(inner)
    if match is None:
        raise _refusal(
            "This descriptor holds something else than one extended public key. "
            "Accounts with several keys, scripts or private keys cannot be used."
        )
    _check_chain(match["chain"])
    origin = None if match["path"] is None else tuple(map(_step, match["path"].split("/")[1:]))
    return Descriptor(kind, match["key"], origin)


def write_descriptor(kind: str, key: str) -> str:
    """Return the descriptor of an account's receiving addresses, without origin and checksum."""
    before, after = WRAPPERS[kind]
    return f"{before}{key}/0/*{after}"


def checksum(body: str) -> str:
    """Return the eight characters that belong behind ``#`` (BIP-380); empty when the text cannot have any."""
    places = [_CHARACTERS.find(character) for character in body]
    if -1 in places:
        return ""
    # Five bits of each character come first; the two above are gathered from three characters.
    symbols: list[int] = []
    for start in range(0, len(places), 3):
        group = places[start : start + 3]
        symbols += [place & 31 for place in group]
        high = 0
        for place in group:
            high = high * 3 + (place >> 5)
        symbols.append(high)
    state = 1
    for symbol in [*symbols, *[0] * _CHECKSUM_LENGTH]:
        state = _step_of_checksum(state, symbol)
    state ^= 1
    return "".join(_CHECKSUM_CHARACTERS[state >> 5 * place & 31] for place in range(_CHECKSUM_LENGTH - 1, -1, -1))


def _step_of_checksum(state: int, symbol: int) -> int:
    top = state >> 35
    state = (state & 0x7FFFFFFFF) << 5 ^ symbol
    for bit, term in enumerate(_GENERATOR):
        if top >> bit & 1:
            state ^= term
    return state


def _unwrapped(body: str) -> tuple[str, str]:
    for kind, (before, after) in WRAPPERS.items():
        if body.startswith(before) and body.endswith(after):
            return kind, body[len(before) : -len(after)]
    raise _refusal(
        "Only accounts with one key can be used: wpkh(…), sh(wpkh(…)), pkh(…) or tr(…). "
        f"{body.partition('(')[0][:20]}(…) is of another kind."
    )


def _check_chain(chain: str) -> None:
    if chain in _RECEIVING:
        return
    if chain == "/1/*":
        raise _refusal("This descriptor names the change addresses (/1/*). Give the receiving ones, which end in /0/*.")
    raise _refusal("The key in a descriptor must be followed by /0/*, or by /<0;1>/*, the receiving addresses.")


def _step(text: str) -> int:
    is_hardened = text[-1] in "'hH"
    return int(text.rstrip("'hH")) + (_HARDENED if is_hardened else 0)


def _refusal(reason: str) -> InvalidExtendedKey:
    return InvalidExtendedKey(reason, field="xpub")
