"""What may be said about a merchant's looks: each function is the check of one setting."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.colours import HEX
from merchants.errors import InvalidSetting

NAME_LENGTH: Final = 100
EMAIL_LENGTH: Final = 254
ORIGINS: Final = 10
ORIGIN_LENGTH: Final = 255
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Nothing but this ever stands in a header: no path, no wildcard, no blank; other scripts in their ASCII form (xn--).
_ORIGIN: Final = re.compile(rf"https://{_LABEL}(?:\.{_LABEL})*(?::[1-9][0-9]{{0,4}})?")
_LOCAL: Final = re.compile(r"http://(?:localhost|127\.0\.0\.1)(?::[1-9][0-9]{0,4})?")


def display_name(value: Any, path: str) -> str:
    """Return a name that fits a line."""
    if not isinstance(value, str) or len(value.strip()) > NAME_LENGTH or not value.strip().isprintable():
        raise InvalidSetting(
            f"This must be a text of at most {NAME_LENGTH} characters.",
            field=path,
            constraints={"max_length": NAME_LENGTH},
        )
    return value.strip()


def accent_color(value: Any, path: str) -> str:
    """Return a colour as #rrggbb in small letters, or an empty text."""
    if not isinstance(value, str) or (value and not HEX.fullmatch(value.lower())):
        raise InvalidSetting("This must be a colour such as #2c49c9.", field=path)
    return value.lower()


def support_email(value: Any, path: str) -> str:
    """Return an e-mail address, or an empty text."""
    if not isinstance(value, str) or len(value) > EMAIL_LENGTH or (value and not _is_address(value)):
        raise InvalidSetting("This must be an e-mail address.", field=path)
    return value


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def origins(value: Any, path: str) -> list[str]:
    """Return the sites that may show our pages within theirs, each once."""
    if not isinstance(value, list) or len(value) > ORIGINS:
        raise InvalidSetting(
            f"This must be a list of at most {ORIGINS} origins.", field=path, constraints={"max_items": ORIGINS}
        )
    return list(dict.fromkeys(_origin(each, f"{path}[{place}]") for place, each in enumerate(value)))


def _origin(value: Any, path: str) -> str:
    """Return an origin as browsers write it: no slash at the end, no port that goes without saying."""
    text = value.strip().lower().removesuffix("/") if isinstance(value, str) else ""
    known = _ORIGIN.fullmatch(text) or is_local(text)
    if not known or len(text) > ORIGIN_LENGTH or not _has_port_below_65536(text):
        raise InvalidSetting(
            "This must be an origin such as https://shop.example.com: no path, and https except for "
            "http://localhost in test mode.",
            field=path,
        )
    return text.removesuffix(":443") if text.startswith("https") else text.removesuffix(":80")


def is_local(origin: str) -> bool:
    """Return whether ``origin`` is a developer's own machine, which only test mode may serve."""
    return _LOCAL.fullmatch(origin) is not None


def _has_port_below_65536(text: str) -> bool:
    try:
        urlsplit(text).port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return True
