"""The secrets a merchant is given, and the form they are kept in."""

import base64
import re
import secrets as randomness
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core import secrets
from merchants.scopes import key_kind


class KeyFormat(TextChoices):
    """Which programs a key is for: those that speak our own API, or one of the others that are spoken here."""

    NATIVE = "native", _("This gateway's own API")
    CRYPTIC = "cryptic", _("Cryptic's merchant invoices")
    SELFHOSTED = "selfhosted", _("The self-hosted checkout with ck_ keys")


STARTS: Final[Mapping[KeyFormat, str]] = {
    KeyFormat.NATIVE: "sk_",
    KeyFormat.CRYPTIC: "cw_",
    KeyFormat.SELFHOSTED: "ck_",
}
_TAIL: Final = "[0-9A-Za-z]{32}"
# A key's text says what it is for: a key of another form is refused without a look into the database.
KEY_FORMS: Final[Mapping[KeyFormat, re.Pattern[str]]] = {
    KeyFormat.NATIVE: re.compile(rf"sk_(live|test)_(invoices_|analytics_)?{_TAIL}"),
    KeyFormat.CRYPTIC: re.compile(rf"cw_(live|test)_{_TAIL}"),
    KeyFormat.SELFHOSTED: re.compile(rf"ck_(live|test)_{_TAIL}"),
}
ANY_KEY_FORM: Final = re.compile("|".join(form.pattern for form in KEY_FORMS.values()))
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


def new_key(*, livemode: bool, permissions: Iterable[str], key_format: KeyFormat | str = KeyFormat.NATIVE) -> NewKey:
    """Return a fresh API key: format, mode, a native one's kind, and 32 random base-62 characters."""
    kind = key_kind(permissions) if key_format == KeyFormat.NATIVE else ""
    start = f"{STARTS[KeyFormat(key_format)]}{'live' if livemode else 'test'}_{kind}"
    text = start + secrets.random_base62(_RANDOM_CHARACTERS)
    return NewKey(text=text, prefix=text[: len(start) + _SHOWN_CHARACTERS])


def new_webhook_secret() -> str:
    """Return a fresh signing secret: ``whsec_`` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()
