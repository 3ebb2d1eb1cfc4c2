"""
A credential in a URL: on its way here it was written into histories, logs and proxies, and others have it by now.

It is refused whatever it opens, so that nobody comes to rely on it, and whoever owns a key that works is told by mail.
"""

import re
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from api.authentication import identify_any_key, identify_token
from api.errors import CredentialInURL
from core.errors import CheckoutError
from core.logs import mask
from merchants import services
from merchants.secrets import ANY_KEY_FORM, STARTS

_MARKS: Final = (*(f"{start}{mode}_" for start in STARTS.values() for mode in ("live", "test")), "eyJ")
_LONGEST: Final = 65_536  # more than any server in front of us takes
_TOKEN: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}", re.ASCII)


def refuse_in_url(path: str, query: str, *, now: datetime) -> None:
    """
    Make sure that no credential of ours stands in a URL; report one that works to its owner.

    :raises CredentialInURL: when something stands there that looks like one, whether it is or not
    """
    url = f"{path}?{query}"[:_LONGEST]
    if "%" in url:
        url = unquote(url)
    if not any(mark in url for mark in _MARKS):
        return
    key, token = ANY_KEY_FORM.search(url), _TOKEN.search(url)
    if key is None and token is None:
        return
    try:
        found = identify_any_key(key[0], now=now) if key else identify_token(token[0] if token else "", now=now)
    except CheckoutError:  # nobody's, or it opens nothing any more
        raise CredentialInURL from None
    services.report_exposure(key=found.api_key, where=mask(path), now=now)
    raise CredentialInURL
