"""Secrets: encrypted where they must be read again, hashed where they need not, masked where people look.

The keys live in the environment, never in the database. The first one encrypts, all of them
decrypt: to rotate, put a new key in front and keep the old ones until everything is rewritten.
"""

import base64
import hashlib
import hmac
import re
import secrets
import string
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase

_STORED_PURPOSE: Final = b"checkout stored secrets"
_VAULT_PURPOSE: Final = b"checkout vault seeds"
_SIGNING_PURPOSE: Final = b"checkout signatures"
_MASK: Final = "***"
_TAIL: Final = 3  # characters that tell two secrets apart
_SHORTEST_WITH_TAIL: Final = 12
# Only prefixes that we make: a secret of somebody else's may say something in front of an underscore.
_PREFIX: Final = re.compile(r"whsec_|sk_(?:live|test)_(?:[a-z]+_)?")


class SecretUnreadable(Exception):
    """A stored secret cannot be decrypted: SECRET_ENCRYPTION_KEYS lacks the key it was written with."""


def encrypt(text: str) -> str:
    """Return ``text`` encrypted and authenticated (Fernet), safe to store as text."""
    return _fernet(tuple(settings.SECRET_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """
    Return what ``encrypt`` was given.

    :raises SecretUnreadable: when no configured key fits, or the text was altered
    """
    try:
        return _fernet(tuple(settings.SECRET_ENCRYPTION_KEYS)).decrypt(stored.encode()).decode()
    except InvalidToken:
        raise SecretUnreadable("no key in SECRET_ENCRYPTION_KEYS decrypts a stored secret") from None


def renewed(stored: str) -> str:
    """
    Return ``stored`` as the first key writes it, which is ``stored`` itself when that key wrote it.

    :raises SecretUnreadable: when no configured key fits, or the text was altered
    """
    return _renewed(stored, tuple(settings.SECRET_ENCRYPTION_KEYS))


def resealed(stored: str) -> str:
    """
    Return ``stored`` as the first of VAULT_KEYS seals it, which is ``stored`` itself when that key did.

    :raises SecretUnreadable: when there are no such keys, none fits, or the text was altered
    """
    return _renewed(stored, tuple(settings.VAULT_KEYS), _VAULT_PURPOSE)


def seal(text: str) -> str:
    """
    Return ``text`` encrypted like ``encrypt``, with VAULT_KEYS: for what can spend money, and nothing else.

    :raises SecretUnreadable: when there are no such keys
    """
    return _vault().encrypt(text.encode()).decode()


def unseal(stored: str) -> str:
    """
    Return what ``seal`` was given.

    :raises SecretUnreadable: when no configured key fits, or the text was altered
    """
    try:
        return _vault().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise SecretUnreadable("no key in VAULT_KEYS decrypts a stored seed") from None


def digest(text: str) -> str:
    """
    Return the SHA-256 of ``text`` in hex: how a secret is stored that is only ever compared.

    Enough for random keys; a password that a person chose needs a slow hash instead.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def signature(text: str) -> str:
    """Return an HMAC-SHA256 of ``text`` in hex that nobody can make who has the database only."""
    return _signatures(text)[0]


def signature_renewed(text: str, given: str) -> str:
    """
    Return the signature of ``text`` with the first key, for one that any of the keys made.

    :raises SecretUnreadable: when none of them made it
    """
    if not is_signed(text, given):
        raise SecretUnreadable("no configured key made a stored signature")
    return signature(text)


def is_signed(text: str, given: str) -> bool:
    """Return whether ``given`` is the signature of ``text`` with one of the keys."""
    return any(hmac.compare_digest(each, given) for each in _signatures(text))


def random_base62(length: int) -> str:
    """Return ``length`` random digits and letters, 5.95 bits each."""
    return "".join(secrets.choice(BASE62) for _ in range(length))


def mask(text: str) -> str:
    """Return ``text`` as people may see it: ``sk_live_***123``; of a short secret not even its end."""
    found = _PREFIX.match(text)
    prefix = found.group() if found else ""
    tail = text[-_TAIL:] if len(text) - len(prefix) >= _SHORTEST_WITH_TAIL else ""
    return f"{prefix}{_MASK}{tail}"


def _vault() -> MultiFernet:
    if not settings.VAULT_KEYS:
        raise SecretUnreadable("VAULT_KEYS holds no key")
    return _fernet(tuple(settings.VAULT_KEYS), _VAULT_PURPOSE)


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...], purpose: bytes = _STORED_PURPOSE) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _renewed(stored: str, keys: tuple[str, ...], purpose: bytes = _STORED_PURPOSE) -> str:
    token = stored.encode()
    try:
        _fernet(keys[:1], purpose).decrypt(token)
    except (InvalidToken, ValueError):  # MultiFernet's word for no keys at all is ValueError
        pass
    else:
        return stored
    try:
        return _fernet(keys, purpose).rotate(token).decode()
    except (InvalidToken, ValueError):
        raise SecretUnreadable("no configured key decrypts a stored secret") from None


def _signatures(text: str) -> list[str]:
    keys = [_derived(key, _SIGNING_PURPOSE) for key in settings.SECRET_ENCRYPTION_KEYS]
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in keys]


def _derived(key: str, purpose: bytes) -> bytes:
    """Return 32 bytes in base64 for any configured text (HKDF-SHA256, RFC 5869), others for each purpose."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
