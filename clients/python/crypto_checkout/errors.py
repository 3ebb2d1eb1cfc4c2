"""What can go wrong: one exception for each kind of failure, with what is needed to find the request again."""

from collections.abc import Mapping, Sequence
from typing import Any, Final


class CheckoutError(Exception):
    """Everything that this client raises on purpose."""


class ConnectionFailed(CheckoutError):
    """No answer came: the gateway could not be reached, or broke off, after all attempts."""


class TimedOut(ConnectionFailed):
    """The gateway did not answer in time. What was asked may have been done; ask again with the same key."""


class SignatureInvalid(CheckoutError):
    """A webhook is not from the gateway, was changed on the way, or is too old."""


class APIError(CheckoutError):
    """
    The gateway said no. ``code`` is stable and described at ``documentation_url``; the text is for people.

    ``request_id`` names the request in the operator's logs. ``field`` is the path into the request, and
    ``errors`` holds all failures when several fields are wrong.
    """

    def __init__(
        self, status: int, answer: Mapping[str, Any], *, request_id: str = "", retry_after: int | None
    ) -> None:
        told = answer.get("error")
        error: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
        self.status = status
        self.code: str = error.get("code", "")
        self.type: str = error.get("type", "")
        self.message: str = error.get("message", "") or f"The gateway answered with status {status}."
        self.field: str | None = error.get("field")
        self.constraints: Mapping[str, Any] = error.get("constraints") or {}
        self.suggestions: Sequence[str] = error.get("suggestions") or []
        self.errors: Sequence[Mapping[str, Any]] = error.get("errors") or []
        self.documentation_url: str = error.get("documentation_url", "")
        self.request_id: str = answer.get("request_id") or request_id
        self.retry_after = retry_after
        where = f" ({self.field})" if self.field else ""
        code = f"{self.code}: " if self.code else ""
        request = f" [{self.request_id}]" if self.request_id else ""
        super().__init__(f"{code}{self.message}{where}{request}")


class InvalidRequest(APIError):
    """The request cannot be done like this: malformed, or not while things stand as they do."""


class ValidationFailed(InvalidRequest):
    """A value is wrong; ``field`` says which."""


class NotFound(InvalidRequest):
    """There is no such object, or none that this key may see."""


class Conflict(InvalidRequest):
    """The object's state does not allow it, or the idempotency key was used for something else."""


class AuthenticationFailed(APIError):
    """The key is missing, wrong, expired or revoked."""


class PermissionDenied(APIError):
    """The key lacks a permission; the message names it."""


class RateLimited(APIError):
    """Too many requests; ``retry_after`` says how many seconds to wait."""


class ServerFailed(APIError):
    """The gateway failed, or cannot answer at the moment."""


_BY_STATUS: Final[Mapping[int, type[APIError]]] = {
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    422: ValidationFailed,
    429: RateLimited,
}
_FIRST_SERVER_FAILURE: Final = 500


def error_for(status: int, answer: Any, headers: Mapping[str, str]) -> APIError:
    """Return the exception for an answer that says no."""
    kind = _BY_STATUS.get(status, ServerFailed if status >= _FIRST_SERVER_FAILURE else InvalidRequest)
    wait = headers.get("Retry-After", "")
    return kind(
        status,
        answer if isinstance(answer, Mapping) else {},
        request_id=headers.get("X-Request-ID", ""),
        retry_after=int(wait) if wait.isdigit() else None,
    )
