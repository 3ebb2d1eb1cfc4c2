"""The secrets a merchant is given, and the form they are kept in."""

import base64
import re
import secrets as randomness
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core import secrets
from merchants.scopes import key_kind

KEY_FORM: Final = re.compile(r"sk_(live|test)_(invoices_|analytics_)?[0-9A-Za-z]{32}")
_RANDOM_CHARACTERS: Final = 32  # base 62: 190 bits
_SHOWN_CHARACTERS: Final = 6
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key in clear text, which exists only until its answer is sent, and what is stored of it."""

    text: str
    prefix: str

    @property
    def hash(self) -> str:
        """SHA-256 of the key, in hex."""
        return secrets.digest(self.text)


def new_key(*, livemode: bool, permissions: Iterable[str]) -> NewKey:
    """Return a fresh API key: mode, kind, and 32 random base-62 characters."""
    start = f"sk_{'live' if livemode else 'test'}_{key_kind(permissions)}"
    text = start + secrets.random_base62(_RANDOM_CHARACTERS)
    return NewKey(text=text, prefix=text[: len(start) + _SHOWN_CHARACTERS])


def new_webhook_secret() -> str:
    """Return a fresh signing secret: ``whsec_`` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()
