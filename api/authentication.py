"""
Who calls: an API key, or an access token made from one. One query finds key, merchant and plan.

Anything that is not a credential of ours (NUL, other alphabets, a megabyte of text) is refused
before it reaches the database.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken

from api import ratelimits
from api.errors import (
    APIKeyExpired,
    APIKeyRevoked,
    InvalidAPIKey,
    InvalidToken,
    RequestError,
    TokenExpired,
    Unauthenticated,
)
from core import context, metering
from merchants import scopes, selectors
from merchants.errors import MerchantSuspended
from merchants.models import APIKey, KeyStatus, Merchant
from merchants.secrets import ANY_KEY_FORM, KEY_FORMS, STARTS, KeyFormat
from merchants.services import Grant

MAX_CREDENTIAL_LENGTH: Final = 4096
_KEY_STARTS: Final = tuple(STARTS.values())
_KEY_CLAIM: Final = "key"
_SCOPE_CLAIM: Final = "scope"


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller who is known: the key, and what it, or the token made from it, may do."""

    api_key: APIKey
    scopes: Collection[str]

    @property
    def merchant(self) -> Merchant:
        return self.api_key.merchant

    @property
    def livemode(self) -> bool:
        return self.api_key.livemode

    @property
    def actor(self) -> str:
        """How logs and the audit trail name the caller."""
        return f"api_key:{self.api_key.masked}"

    @property
    def grant(self) -> Grant:
        """What the caller can pass on to a new key."""
        return Grant(livemode=self.livemode, permissions=tuple(self.scopes))

    def may(self, scope: str) -> bool:
        """Return whether the caller has ``scope``."""
        return scopes.covers(self.scopes, scope)


def identify(*, authorization: str, api_key: str, now: datetime, key_format: KeyFormat = KeyFormat.NATIVE) -> Identity:
    """
    Return who calls, by the headers Authorization (``Bearer …``) and X-API-Key; the first one counts.

    Only keys of the format that is spoken count; access tokens are native.

    :raises Unauthenticated: without credentials, or with ones that are not, or no longer, valid
    :raises RateLimited: when too many that nobody has came from the caller's address
    :raises MerchantSuspended: when the staff has suspended the merchant
    """
    scheme, _, credential = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return _identify(credential.strip(), now=now, key_format=key_format)
    if api_key:
        return identify_key(api_key.strip(), now=now, key_format=key_format)
    raise Unauthenticated


def identify_key(raw: str, *, now: datetime, key_format: KeyFormat = KeyFormat.NATIVE) -> Identity:
    """
    Return who holds the API key ``raw`` of a format.

    :raises InvalidAPIKey: when there is none like it, it is of another format, revoked or expired
    :raises RateLimited: when too many that nobody has came from the caller's address
    :raises MerchantSuspended: when the staff has suspended the merchant
    """
    return _holder(raw, KEY_FORMS[key_format], now=now)


def identify_any_key(raw: str, *, now: datetime) -> Identity:
    """
    Return who holds the API key ``raw``, whatever its format.

    :raises InvalidAPIKey: when there is none like it, or it is revoked or expired
    :raises RateLimited: when too many that nobody has came from the caller's address
    :raises MerchantSuspended: when the staff has suspended the merchant
    """
    return _holder(raw, ANY_KEY_FORM, now=now)


def _holder(raw: str, form: re.Pattern[str], *, now: datetime) -> Identity:
    found = selectors.authenticate_key(raw) if len(raw) < MAX_CREDENTIAL_LENGTH and form.fullmatch(raw) else None
    if found is None:
        raise _guessed(InvalidAPIKey())
    key = _usable(found, now=now)
    return Identity(key, key.permissions)


def issue_token(identity: Identity, *, granted: Sequence[str], lifetime: timedelta, now: datetime) -> str:
    """Return an access token for ``granted``, which the caller has been found to hold."""
    token: Any = AccessToken()
    token.set_iat(at_time=now)
    token.set_exp(from_time=now, lifetime=lifetime)
    token[_KEY_CLAIM] = identity.api_key.public_id
    token[_SCOPE_CLAIM] = list(granted)
    return str(token)


def _identify(credential: str, *, now: datetime, key_format: KeyFormat) -> Identity:
    if not credential:
        raise Unauthenticated
    if key_format is not KeyFormat.NATIVE or credential.startswith(_KEY_STARTS):
        return identify_key(credential, now=now, key_format=key_format)
    return identify_token(credential, now=now)


def identify_token(raw: str, *, now: datetime) -> Identity:
    """
    Return who holds the access token ``raw``.

    :raises InvalidToken: when it is not ours, is too old, or its key is no longer valid
    :raises RateLimited: when too many that are not ours came from the caller's address
    :raises MerchantSuspended: when the staff has suspended the merchant
    """
    if len(raw) > MAX_CREDENTIAL_LENGTH or not raw.isascii() or "\0" in raw:
        raise _guessed(InvalidToken())
    try:
        claims = AccessToken(raw).payload  # type: ignore[arg-type]
    except ExpiredTokenError:
        raise TokenExpired from None
    except TokenError:
        raise _guessed(InvalidToken()) from None
    granted = claims.get(_SCOPE_CLAIM)
    if not isinstance(granted, list):
        raise InvalidToken
    try:
        key = _usable(selectors.key_of_token(claims.get(_KEY_CLAIM)), now=now)
    except InvalidAPIKey as ended:
        raise InvalidToken("The API key behind this access token is no longer valid.") from ended
    # What has been taken from the key since is taken from its tokens too.
    return Identity(key, [scope for scope in granted if scopes.covers(key.permissions, scope)])


def _guessed(failure: Unauthenticated) -> RequestError:
    """
    Count a key or token that nobody has by the caller's address, and return what the caller is told.

    Only failures are counted, so that a good key costs nothing more and goes on working beside others' mistakes:
    many share an address.
    """
    verdict = ratelimits.check("unknown_key", ratelimits.caller(context.current().ip_address))
    metering.note_unknown_key(is_refused=not verdict.allowed)
    if verdict.allowed:
        return failure
    return ratelimits.refusal(verdict, "Too many keys or tokens that do not exist came from your address.")


def _usable(key: APIKey | None, *, now: datetime) -> APIKey:
    if key is None:
        raise InvalidAPIKey
    status = key.status_at(now)
    if status is KeyStatus.REVOKED:
        raise APIKeyRevoked
    if status is KeyStatus.EXPIRED:
        raise APIKeyExpired
    if key.merchant.is_suspended:
        raise MerchantSuspended
    return key
