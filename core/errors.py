"""The five ways a use case can fail.

An app's ``errors.py`` subclasses one of these kinds and gives it a stable code. A face (``api``,
``paypages``) maps the kind to its protocol; it never needs to know the single failure.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class CheckoutError(Exception):
    """
    A failure that the caller is told about.

    ``code`` is stable and documented in docs/errors.md; ``message`` is for people; ``field`` is the
    path into the request (``items[0].unit_price``); ``constraints`` are the limits that were
    broken, as JSON values; ``suggestions`` say what to do next.
    """

    code: ClassVar[str] = "ERROR"
    message: ClassVar[str] = "Something went wrong."
    suggestions: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        message: str = "",
        *,
        field: str | None = None,
        constraints: Mapping[str, Any] | None = None,
        suggestions: Sequence[str] | None = None,
    ) -> None:
        self.detail = message or self.message
        self.field = field
        self.constraints = dict(constraints or {})
        self.advice = tuple(self.suggestions if suggestions is None else suggestions)
        super().__init__(self.detail)


class Invalid(CheckoutError):
    """The request makes sense as a request, but what it asks for is not allowed or not possible."""

    code = "INVALID_VALUE"
    message = "This value is not valid."


class SeveralInvalid(Invalid):
    """Several fields are wrong at once; ``failures`` holds each, in the order of the request."""

    def __init__(self, failures: Sequence[Invalid]) -> None:
        self.failures = tuple(failures)
        super().__init__(failures[0].detail, field=failures[0].field)


class NotFound(CheckoutError):
    """No such object, or none that the caller may see: the two are told alike."""

    code = "NOT_FOUND"
    message = "No such object."


class Conflict(CheckoutError):
    """The object's present state does not allow it."""

    code = "CONFLICT"
    message = "The present state does not allow this."


class Denied(CheckoutError):
    """The caller is known, and may not do this."""

    code = "PERMISSION_DENIED"
    message = "You may not do this."


class Unavailable(CheckoutError):
    """A part the use case needs is down for now; the same call may work later."""

    code = "SERVICE_UNAVAILABLE"
    message = "This is unavailable for the moment. Please try again shortly."
