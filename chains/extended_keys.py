"""Extended public keys (BIP-32) as wallets export them, brought into one form per network.

EVM and TRON store ``xpub…``. The Bitcoin family also has to remember the kind of address, which wallets tell
by the key's version bytes (SLIP-132) or by a descriptor; it stores a descriptor: ``wpkh(xpub…/0/*)``.
The version bytes inside are always those of ``xpub``, so that one key has one text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chains.codecs import base58check_decode, base58check_encode
from chains.descriptors import WRAPPERS, Descriptor, is_descriptor, read_descriptor, write_descriptor
from chains.errors import InvalidExtendedKey

HARDENED: Final = 2**31
ACCOUNT_DEPTH: Final = 3  # m / purpose' / coin' / account' (BIP-44)
KEY_BYTES: Final = 78
PLAIN: Final = ""  # the kind of keys whose addresses have one form only

_LONGEST_KEY_TEXT: Final = 120
_XPUB: Final = bytes.fromhex("0488b21e")


@dataclass(frozen=True, slots=True)
class Version:
    """What the first four bytes of a key say (SLIP-132): the kind of address, "*" where they leave it open."""

    kind: str
    is_test: bool = False
    network: str = ""  # the only one they are used on
    is_shared: bool = False  # the key is one of several that sign together


VERSIONS: Final[Mapping[bytes, Version]] = {
    _XPUB: Version("*"),
    bytes.fromhex("049d7cb2"): Version("nested"),  # ypub
    bytes.fromhex("04b24746"): Version("wpkh"),  # zpub
    bytes.fromhex("043587cf"): Version("*", is_test=True),  # tpub
    bytes.fromhex("044a5262"): Version("nested", is_test=True),  # upub
    bytes.fromhex("045f1cf6"): Version("wpkh", is_test=True),  # vpub
    bytes.fromhex("019da462"): Version("pkh", network="litecoin"),  # Ltub
    bytes.fromhex("01b26ef6"): Version("nested", network="litecoin"),  # Mtub
    bytes.fromhex("02facafd"): Version("pkh", network="dogecoin"),  # dgub
    bytes.fromhex("0295b43f"): Version("*", is_shared=True),  # Ypub
    bytes.fromhex("02aa7ed3"): Version("*", is_shared=True),  # Zpub
    bytes.fromhex("024289ef"): Version("*", is_test=True, is_shared=True),  # Upub
    bytes.fromhex("02575483"): Version("*", is_test=True, is_shared=True),  # Vpub
}


@dataclass(frozen=True, slots=True)
class AccountRules:
    """Which accounts a network's addresses come from. The first kind is that of a key that does not tell its own."""

    path: str  # of the first account, as wallets show it
    kinds: tuple[str, ...] = (PLAIN,)
    network: str = ""  # code; empty where version bytes and coin types are of no account
    is_test: bool = False
    coins: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account's key, which has been checked, and the kind of its addresses."""

    kind: str
    xpub: str

    @property
    def text(self) -> str:
        """The form that is stored."""
        return write_descriptor(self.kind, self.xpub) if self.kind else self.xpub


_SEGWIT_KINDS: Final = ("wpkh", "nested", "pkh", "tr")
_COINS: Final = {"bitcoin": (0,), "litecoin": (2,), "dogecoin": (3,), "bitcoincash": (145, 0)}  # SLIP-44


def account_rules(family: str, network: str, side: str) -> AccountRules | None:
    """Return the rules for keys on a network, or None where addresses do not come from keys."""
    if family == "evm":
        return AccountRules("m/44'/60'/0'")
    if family == "tron":
        return AccountRules("m/44'/195'/0'")
    if family != "bitcoin":
        return None
    is_test = side != "mainnet"
    kinds = _SEGWIT_KINDS if network in {"bitcoin", "litecoin"} else ("pkh",)
    coins = _COINS[network]
    purpose = 84 if kinds is _SEGWIT_KINDS else 44
    return AccountRules(
        path=f"m/{purpose}'/{1 if is_test else coins[0]}'/0'",
        kinds=kinds,
        network=network,
        is_test=is_test,
        coins=frozenset({*coins, 1} if is_test else coins),
    )


def read_account_key(text: str, rules: AccountRules) -> AccountKey:
    """
    Return the key of an account from whatever form a wallet exports.

    :raises InvalidExtendedKey: when the text is no key at account level, or none of this network
    """
    if is_descriptor(text) and rules.kinds != (PLAIN,):
        return _from_descriptor(read_descriptor(text), rules)
    payload = _payload(text)
    version = _version(payload, rules)
    kind = rules.kinds[0] if version.kind == "*" else version.kind
    if kind not in rules.kinds:
        raise _another_kind(rules)
    _check_level(payload, kind, rules)
    return AccountKey(kind, base58check_encode(_XPUB + payload[4:]))


def stored_account_key(text: str, rules: AccountRules) -> AccountKey:
    """Return the key in a text that ``AccountKey.text`` gave."""
    for kind, (before, after) in WRAPPERS.items():
        if text.startswith(before):
            return AccountKey(kind, text.removeprefix(before).removesuffix(f"/0/*{after}"))
    return AccountKey(rules.kinds[0], text)


def _from_descriptor(found: Descriptor, rules: AccountRules) -> AccountKey:
    payload = _payload(found.key)
    if _version(payload, rules).kind != "*":
        raise _refusal("Inside a descriptor a key is written as xpub (or tpub): the descriptor says the rest.")
    if found.kind not in rules.kinds:
        raise _another_kind(rules)
    _check_origin(found.origin, payload, rules)
    _check_level(payload, found.kind, rules)
    return AccountKey(found.kind, base58check_encode(_XPUB + payload[4:]))


def _payload(text: str) -> bytes:
    payload = base58check_decode(text) if len(text) <= _LONGEST_KEY_TEXT else None
    if payload is None or len(payload) != KEY_BYTES:
        raise InvalidExtendedKey(field="xpub")
    return payload


def _version(payload: bytes, rules: AccountRules) -> Version:
    version = VERSIONS.get(payload[:4])
    if version is None or (version.network and version.network != rules.network):
        raise _another_kind(rules)
    if version.is_shared:
        raise _refusal("This key belongs to a wallet with several signers. Only accounts with one key can be used.")
    # Real money must not go where the merchant's wallet, set up for a test chain, does not look for it.
    if version.is_test and not rules.is_test and rules.network:
        raise _refusal(f"This key belongs to a test network. Export the account {rules.path} of the real one.")
    return version


def _check_origin(origin: tuple[int, ...] | None, payload: bytes, rules: AccountRules) -> None:
    if origin is None:
        return
    depth, child = payload[4], int.from_bytes(payload[9:13], "big")
    if len(origin) != depth or (origin and origin[-1] != child):
        raise _refusal("The path in this descriptor is not that of its key: part of it was changed or lost.")
    if len(origin) == ACCOUNT_DEPTH and origin[1] - HARDENED not in rules.coins:
        raise _refusal(f"This is an account of another coin. Export {rules.path}.")


def _check_level(payload: bytes, kind: str, rules: AccountRules) -> None:
    depth, child = payload[4], int.from_bytes(payload[9:13], "big")
    if kind == "wpkh" and depth == 1 and child == HARDENED:
        return  # where Electrum keeps the addresses of a seed of its own: m/0'
    if depth < ACCOUNT_DEPTH:
        level = "the master key" if depth == 0 else f"a key above the account (level {depth})"
        raise _refusal(f"This is {level}. Export the key of the account, {rules.path}.")
    if depth > ACCOUNT_DEPTH:
        raise _refusal(
            f"This is a key below the account (level {depth}). Export the key of the account itself, {rules.path}."
        )
    if child < HARDENED:
        raise _refusal(
            f"This key is at the level of an account but is not one (its path lacks the last '). Export {rules.path}."
        )


def _another_kind(rules: AccountRules) -> InvalidExtendedKey:
    return _refusal(f"This is an extended key of another kind. Export the account {rules.path} as xpub.")


def _refusal(reason: str) -> InvalidExtendedKey:
    return InvalidExtendedKey(reason, field="xpub")
