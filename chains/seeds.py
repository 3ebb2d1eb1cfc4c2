"""Seeds of vaults: made here from the system's randomness, and turned into the keys of one account (BIP-39, BIP-44)."""

import secrets
from typing import Any, Final

from chains.codecs import evm_address, keccak256, tron_address

ENTROPY_BYTES: Final = 32  # 24 words
# Coin types of SLIP-44; both families name a key by the same 20 bytes of its hash.
_ACCOUNTS: Final = {"evm": "44'/60'/0'", "tron": "44'/195'/0'"}
_WRITE: Final = {"evm": evm_address, "tron": tron_address}

INVOICES: Final = 0  # the chain of an account below which invoices have their addresses
GAS: Final = 1  # the one below which the coin for fees waits; its first child is used


def new_phrase() -> str:
    """Return a new seed phrase of 24 English words."""
    from bip_utils import Bip39MnemonicGenerator

    return str(Bip39MnemonicGenerator().FromEntropy(secrets.token_bytes(ENTROPY_BYTES)).ToStr())


def account_key(family: str, phrase: str) -> str:
    """Return the extended public key of the account that a vault uses."""
    return str(_account(family, phrase).PublicKey().ToExtended())


def private_key(family: str, phrase: str, path: str) -> bytes:
    """Return the private key at ``path`` below the account, such as ``0/7``."""
    branch, _, index = path.partition("/")
    return bytes(_account(family, phrase).ChildKey(int(branch)).ChildKey(int(index)).PrivateKey().Raw().ToBytes())


def address_of(family: str, phrase: str, path: str) -> str:
    """Return the address at ``path`` below the account."""
    branch, _, index = path.partition("/")
    key = _account(family, phrase).ChildKey(int(branch)).ChildKey(int(index)).PublicKey()
    return _WRITE[family](keccak256(key.RawUncompressed().ToBytes()[1:])[-20:].hex())


def _account(family: str, phrase: str) -> Any:
    from bip_utils import Bip32Slip10Secp256k1, Bip39SeedGenerator

    return Bip32Slip10Secp256k1.FromSeed(Bip39SeedGenerator(phrase).Generate()).DerivePath(_ACCOUNTS[family])
