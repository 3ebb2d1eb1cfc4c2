"""
What can be wrong with a request before any use case sees it.

The kinds of ``core.errors`` say what a use case refuses; the kinds here are HTTP's own: a body that
cannot be read, a caller who is not known, a method or a URL that does not exist.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from core.errors import CheckoutError, Denied, Invalid, NotFound, Unavailable


class RequestError(CheckoutError):
    """A failure of HTTP's own kind. ``headers`` go out with the answer."""

    status: ClassVar[int] = 400
    kind: ClassVar[str] = "invalid_request_error"
    headers: Mapping[str, str] = {}


class BadRequest(RequestError):
    code = "BAD_REQUEST"
    message = "This request could not be understood."


class InvalidJSON(BadRequest):
    """The body is no JSON, has a key twice, nests too deeply, or holds NaN."""

    code = "INVALID_JSON"
    message = "The body is not valid JSON."


class CredentialInURL(BadRequest):
    """An API key or an access token stands in the path or the query, where others have read it by now."""

    code = "CREDENTIAL_IN_URL"
    message = "A key or token does not belong in a URL, where proxies and logs keep it. Replace it now."
    suggestions = ("Send the header Authorization: Bearer <your API key>", "Rotate the key: others may have read it")


class BodyTooLarge(RequestError):
    status = 413
    code = "BODY_TOO_LARGE"
    message = "The body is too large."


class UnsupportedMediaType(RequestError):
    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "Send the body as JSON, with Content-Type: application/json."


class MethodNotAllowed(RequestError):
    """The URL exists, but not with this method; ``Allow`` lists those that do."""

    status = 405
    code = "METHOD_NOT_ALLOWED"
    message = "This method is not allowed here."

    def __init__(self, allowed: str) -> None:
        super().__init__(suggestions=(f"Allowed here: {allowed}",))
        self.headers = {"Allow": allowed}


class UnknownURL(NotFound):
    code = "URL_NOT_FOUND"
    message = "There is nothing at this URL."


class Unauthenticated(RequestError):
    """The caller is not known. ``challenge`` is the error word of RFC 6750, section 3.1."""

    status = 401
    kind = "authentication_error"
    code = "AUTHENTICATION_REQUIRED"
    message = "Authenticate with an API key or an access token."
    suggestions: ClassVar[Sequence[str]] = ("Send the header Authorization: Bearer <your API key>",)
    challenge: ClassVar[str] = ""

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message, **details)
        error = f', error="{self.challenge}"' if self.challenge else ""
        self.headers = {"WWW-Authenticate": f'Bearer realm="api"{error}'}


class InvalidAPIKey(Unauthenticated):
    code = "INVALID_API_KEY"
    message = "This API key does not exist."
    suggestions = ()
    challenge = "invalid_token"


class APIKeyRevoked(InvalidAPIKey):
    code = "API_KEY_REVOKED"
    message = "This API key has been revoked."


class APIKeyExpired(InvalidAPIKey):
    code = "API_KEY_EXPIRED"
    message = "This API key has expired."


class InvalidToken(Unauthenticated):
    code = "INVALID_TOKEN"
    message = "This access token is not valid."
    suggestions = ("Get a new one from POST /api/v1/auth/token",)
    challenge = "invalid_token"


class TokenExpired(InvalidToken):
    code = "TOKEN_EXPIRED"
    message = "This access token has expired."


class InsufficientScope(Denied):
    code = "INSUFFICIENT_SCOPE"
    message = "This API key lacks a permission."


class RateLimited(RequestError):
    """Too many requests in the window, free again at ``reset_at`` (Unix seconds); ``Retry-After`` says how soon."""

    reset_at: int = 0
    status = 429
    kind = "rate_limit_error"
    code = "RATE_LIMIT_EXCEEDED"
    message = "Too many requests. Slow down."


class ChainFailure(RequestError):
    """A blockchain node that the request needs does not answer."""

    status = 502
    kind = "blockchain_error"
    code = "BLOCKCHAIN_UNAVAILABLE"
    message = "The blockchain cannot be reached at the moment."


class InvalidIdempotencyKey(Invalid):
    code = "INVALID_IDEMPOTENCY_KEY"
    message = "An Idempotency-Key has 1 to 255 visible ASCII characters."


class InvalidCursor(Invalid):
    code = "INVALID_CURSOR"
    message = "This cursor is not one that a list here has given out."
    suggestions = ("Start again without a cursor",)


class InternalError(RequestError):
    status = 500
    kind = "api_error"
    code = "INTERNAL_ERROR"
    message = "Something went wrong on our side. The request id helps to find out what."


class TemporarilyUnavailable(Unavailable):
    """The database cannot be reached, or gave up on a lock."""

    code = "SERVICE_UNAVAILABLE"


class RequestTimedOut(Unavailable):
    """The request used up its time in the database, or waited too long for somebody else's lock."""

    code = "REQUEST_TIMED_OUT"
    message = "This took longer than a request may take, and was given up."
    suggestions = ("Send it again shortly", "Ask for less at once: a shorter period, a smaller page")


class MissingField(Invalid):
    code = "MISSING_FIELD"
    message = "This field is required."


class UnknownField(Invalid):
    code = "UNKNOWN_FIELD"
    message = "There is no field of this name here."


class WrongType(Invalid):
    code = "INVALID_TYPE"
    message = "This value has the wrong type."


class OutOfRange(Invalid):
    code = "OUT_OF_RANGE"
    message = "This value is out of range."


class InvalidText(Invalid):
    """Text with characters that cannot be stored: NUL, or half of a surrogate pair."""

    code = "INVALID_TEXT"
    message = "This text holds a character that cannot be stored."


class UnknownChoice(Invalid):
    code = "UNKNOWN_CHOICE"
    message = "This is not one of the possible values."


class InvalidURL(Invalid):
    code = "INVALID_URL"
    message = "This is not a URL that can be used here."


class InvalidTime(Invalid):
    code = "INVALID_TIME"
    message = "Write times as in RFC 3339, with an offset: 2025-01-15T10:00:00Z."
