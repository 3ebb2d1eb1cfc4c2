"""Addresses: derived from an account's extended public key, checked, and brought into the one stored form.

Normal form: EIP-55 text on EVM chains, Base58 on TRON and Solana, classic addresses on the XRP Ledger, lower-case
Bech32 on Cardano, the same or Base58 on the Bitcoin family, CashAddr with its prefix on Bitcoin Cash.
Only public keys are handled here: whatever can spend money is refused as soon as it is recognised.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final
from unicodedata import normalize

from chains import codecs_cardano, codecs_solana, codecs_xrp
from chains.base import Network
from chains.codecs import (
    base58check_decode,
    evm_address,
    hash160,
    keccak256,
    parse_evm_address,
    parse_tron_address,
    tron_address,
)
from chains.codecs_bitcoin import ADDRESS_RULES, address_of, script_of
from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from chains.extended_keys import HARDENED, KEY_BYTES, account_rules, read_account_key, stored_account_key

SANDBOX: Final = "sandbox"
CARDANO: Final = "cardano"
XRP: Final = "xrp"

_LONGEST_PHRASE: Final = 2000
_RAW_PRIVATE_KEY: Final = re.compile("(0[xX])?[0-9a-fA-F]{64}")
_EXTENDED_PRIVATE_KEY: Final = re.compile(
    "(?<![0-9a-z])(?:[a-z]prv|[lmt]tpv|[dt]gpv)[1-9A-HJ-NP-Za-km-z]{20,}", re.IGNORECASE
)
_BASE58_WORD: Final = re.compile("[1-9A-HJ-NP-Za-km-z]{50,120}")
_SINGLE_KEY_BYTES: Final = frozenset({33, 34, 39})  # "wallet import format": prefix, key, perhaps a flag; BIP-38
_PHRASE_LENGTHS: Final = range(11, 26)  # BIP-39 has 12 to 24 words; one may be lost or added while copying
_SHARE_OF_KNOWN_WORDS: Final = 4  # in five

_NOBODY: Final = "0" * 40  # the address nobody has: money sent there is burnt


@dataclass(frozen=True, slots=True)
class _Form:
    """How a network writes addresses: text to what is inside (hex digits) and back."""

    parse: Callable[[str], str | None]
    write: Callable[[str], str | None]


_FORMS: Final = {
    "evm": _Form(parse_evm_address, evm_address),
    "tron": _Form(parse_tron_address, tron_address),
    "solana": _Form(codecs_solana.parse_wallet, codecs_solana.write_key),
}
_CONTRACT_FORMS: Final = _FORMS | {"solana": _Form(codecs_solana.parse_key, codecs_solana.write_key)}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an address is valid. The family alone decides, but where test chains write addresses in another way."""

    family: str
    network: str = ""
    side: str = ""

    @property
    def form(self) -> _Form | None:
        rules = ADDRESS_RULES.get((self.network, self.side))
        if rules is not None:
            return _Form(partial(script_of, rules=rules), partial(address_of, rules=rules))
        if self.family == CARDANO:
            parse = partial(codecs_cardano.parse_address, is_test=self.is_test)
            return _Form(parse, codecs_cardano.write_address)
        if self.family == XRP:
            return _Form(partial(_untagged, is_test=self.is_test), codecs_xrp.write_account)
        return _FORMS.get(self.family)

    @property
    def is_test(self) -> bool:
        return self.side != "mainnet"


def derive(network: Network | str, xpub: str, index: int) -> str:
    """
    Return the address with ``index`` on the receiving chain of an account: ``0/index`` below its key.

    That is what BIP-44 and, for Cardano, CIP-1852 call it. ``network`` is a network, its code or its family;
    ``xpub`` is what ``check_xpub`` returned.

    :raises InvalidExtendedKey: when ``xpub`` is none, or one of a billion indexes gives no address (BIP-32)
    :raises LookupError: for a network whose addresses do not come from keys
    """
    place = _place(network)
    if not 0 <= index < HARDENED:
        raise ValueError(f"no public key has a child {index}")
    if place.family == CARDANO:
        return codecs_cardano.derive_address(xpub, index, is_test=place.is_test)
    rules = account_rules(place.family, place.network, place.side)
    if rules is None or place.form is None:
        raise LookupError(f"addresses on {place.family} are not derived")
    from bip_utils import Bip32KeyError

    account = stored_account_key(xpub, rules)
    try:
        public_key = _receiving_chain(account.xpub).ChildKey(index).PublicKey()
    except Bip32KeyError:
        raise InvalidExtendedKey(f"This key has no address with the index {index}.", field="xpub") from None
    address = place.form.write(_INSIDE[account.kind](public_key))
    if address is None:
        raise InvalidExtendedKey(field="xpub")
    return address


def check_xpub(network: Network | str, text: str) -> str:
    """
    Return the key of an account in the form that is stored: ``xpub…``, a descriptor on the Bitcoin family.

    Taken are the forms in which wallets export it; see ``chains.extended_keys`` and, for Cardano, where the stored
    form is ``acct_xvk1…``, ``chains.codecs_cardano``. What is returned is taken again.

    :raises PrivateKeyGiven: for a private key or a seed phrase; the error never repeats it
    :raises InvalidExtendedKey: for anything else that is no key at account level
    """
    place = _place(network)
    rules = account_rules(place.family, place.network, place.side)
    key = text.strip()
    if can_spend(key):
        raise PrivateKeyGiven(field="xpub")
    if place.family == CARDANO:
        return codecs_cardano.read_account_key(key)
    if rules is None:
        raise InvalidExtendedKey("Addresses on this network do not come from a key.", field="xpub")
    account = read_account_key(key, rules)
    _receiving_chain(account.xpub)  # refuses a point that is not on the curve
    return account.text


def can_spend(text: str) -> bool:
    """Return whether ``text`` is or holds what looks like a private key or a seed phrase of any common kind."""
    start = text[:_LONGEST_PHRASE]
    if _RAW_PRIVATE_KEY.fullmatch(text) or _EXTENDED_PRIVATE_KEY.search(start) or _is_phrase(text):
        return True
    if codecs_solana.is_secret(text) or any(map(_is_secret_elsewhere, start.split())):
        return True
    return any(map(_is_private, _BASE58_WORD.findall(start)))


def is_valid_address(network: Network | str, text: str) -> bool:
    """Return whether money can be sent to ``text``; a wrong checksum and the zero address are refused."""
    place = _place(network)
    if place.family == SANDBOX:
        from chains.sandbox.services import is_sandbox_address

        return is_sandbox_address(text)
    body = place.form.parse(text) if place.form else None
    return body is not None and body != _NOBODY


def normalise_address(network: Network | str, text: str) -> str:
    """
    Return the form in which the address is stored and matched.

    :raises ValueError: when ``text`` is no address there
    """
    if not is_valid_address(network, text):
        raise ValueError("not an address on this network")
    form = _place(network).form
    return text if form is None else form.write(form.parse(text) or _NOBODY) or text


def is_valid_contract(family: str, text: str) -> bool:
    """Return whether ``text`` can be the contract of a token; on Solana its mint, which may lie off the curve."""
    form = _CONTRACT_FORMS.get(family)
    return form is not None and form.parse(text) not in {None, _NOBODY}


def normalise_contract(family: str, text: str) -> str:
    """
    Return the one form of a token's contract.

    :raises ValueError: when ``text`` is none
    """
    form = _CONTRACT_FORMS.get(family)
    body = form.parse(text) if form else None
    written = form.write(body) if form and body else None
    if written is None:
        raise ValueError("not a contract on this network")
    return written


def split_destination(network: Network | str, text: str) -> tuple[str, str]:
    """
    Return address and tag of a destination in the forms people give it: an X-address on the XRP Ledger holds both.

    :raises ValueError: when ``text`` is no destination there
    """
    place = _place(network)
    account = codecs_xrp.parse_account(text) if place.family == XRP else None
    if account is None or account.is_test not in {None, place.is_test}:
        return normalise_address(network, text), ""
    return codecs_xrp.write_account(account.body), "" if account.tag is None else str(account.tag)


def _untagged(text: str, *, is_test: bool) -> str | None:
    """Return what is in an address of the XRP Ledger. One that holds a tag already is not the whole destination."""
    account = codecs_xrp.parse_account(text)
    if account is None or account.tag is not None or account.is_test not in {None, is_test}:
        return None
    return account.body


def _is_secret_elsewhere(word: str) -> bool:
    return any(check(word) for check in (codecs_xrp.is_family_seed, codecs_solana.is_secret, codecs_cardano.is_secret))


def _place(network: Network | str) -> _Place:
    if isinstance(network, str):
        if network in _FORMS or network == SANDBOX:
            return _Place(network)
        from chains import registry  # knows which side of the network this installation is on

        network = registry.network(network)
    return _Place(network.family, network.code, network.side)


@lru_cache(maxsize=1024)
def _receiving_chain(xpub: str) -> Any:
    """Return the node ``0`` below an account's key; parsing and this step are shared by all its addresses."""
    from bip_utils import Base58ChecksumError, Bip32KeyError, Bip32Slip10Secp256k1

    try:
        return Bip32Slip10Secp256k1.FromExtendedKey(xpub).ChildKey(0)
    except (Bip32KeyError, Base58ChecksumError, ValueError):
        raise InvalidExtendedKey(field="xpub") from None


def _account_bytes(public_key: Any) -> str:
    """Return the 20 bytes that name the owner of a public key on EVM chains and TRON."""
    return keccak256(public_key.RawUncompressed().ToBytes()[1:])[-20:].hex()


def _key_hash(public_key: Any) -> str:
    return f"76a914{hash160(public_key.RawCompressed().ToBytes())}88ac"


def _witness_key_hash(public_key: Any) -> str:
    return f"0014{hash160(public_key.RawCompressed().ToBytes())}"


def _nested_key_hash(public_key: Any) -> str:
    """A witness key hash inside a script hash, which wallets without segregated witness can pay to (BIP-49)."""
    return f"a914{hash160(bytes.fromhex(_witness_key_hash(public_key)))}87"


def _taproot(public_key: Any) -> str:
    """The key, tweaked by itself, without further scripts (BIP-86)."""
    from bip_utils import P2TRAddrEncoder

    address = P2TRAddrEncoder.EncodeKey(public_key.KeyObject(), hrp="bc")
    return script_of(address, ADDRESS_RULES["bitcoin", "mainnet"]) or ""


# What is inside the address of a public key, by the kind of its account.
_INSIDE: Final[dict[str, Callable[[Any], str]]] = {
    "": _account_bytes,
    "pkh": _key_hash,
    "wpkh": _witness_key_hash,
    "nested": _nested_key_hash,
    "tr": _taproot,
}


def _is_private(word: str) -> bool:
    payload = base58check_decode(word)
    if payload is None:
        return False
    # An extended key holds a zero byte before a private key, whatever its version bytes say.
    return len(payload) in _SINGLE_KEY_BYTES or (len(payload) == KEY_BYTES and payload[45] == 0)


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
