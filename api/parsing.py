"""
Reading JSON bodies: exact numbers, no key twice, nothing that could not be stored.

A body is read once, as bytes; a float never exists on the way.
"""

from json import JSONDecodeError
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError

from api.errors import BadRequest, BodyTooLarge, InvalidJSON, InvalidText, UnsupportedMediaType
from core.exact_json import ExactDecoder, TooDeep

MAX_BODY_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 32
_MEDIA_TYPE: Final = "application/json"


def read_bytes(request: HttpRequest) -> bytes:
    """
    Return the body of ``request``.

    :raises BodyTooLarge: above MAX_BODY_BYTES
    """
    if _declared_length(request) > MAX_BODY_BYTES:
        raise BodyTooLarge(constraints={"max_bytes": MAX_BODY_BYTES})
    try:
        body = request.body
    except RequestDataTooBig:
        raise BodyTooLarge(constraints={"max_bytes": MAX_BODY_BYTES}) from None
    except UnreadablePostError:
        raise BadRequest("The body did not arrive in full.") from None
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge(constraints={"max_bytes": MAX_BODY_BYTES})
    return body


def read_object(request: HttpRequest) -> dict[str, Any]:
    """
    Return the JSON object in the body; an empty body says ``{}``.

    :raises BodyTooLarge: above MAX_BODY_BYTES
    :raises UnsupportedMediaType: when the body is something else than JSON in UTF-8
    :raises InvalidJSON: when it is not JSON, or no object
    :raises InvalidText: when a text in it cannot be stored
    """
    body = read_bytes(request)
    if not body:
        return {}
    _check_media_type(request)
    found = decode(body)
    if not isinstance(found, dict):
        raise InvalidJSON("The body must be a JSON object.")
    return found


def decode(body: bytes) -> Any:
    """
    Return what ``body`` says.

    :raises InvalidJSON: when it is not JSON in UTF-8, has a key twice or nests too deeply
    :raises InvalidText: when a text in it cannot be stored
    """
    try:
        value = _DECODER.decode(body.decode())
    except UnicodeDecodeError:
        raise InvalidJSON("The body is not UTF-8.") from None
    except TooDeep:
        raise InvalidJSON("The body nests too deeply.") from None
    except JSONDecodeError as problem:
        raise InvalidJSON(f"The body is not valid JSON: {problem}") from None
    except _Refused as problem:
        raise InvalidJSON(str(problem)) from None
    except ValueError:  # NaN, Infinity, or a number with thousands of digits
        raise InvalidJSON("The body holds a number that is not one.") from None
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH or b"\\u" in body:
        _check_contents(value)
    return value


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _check_media_type(request: HttpRequest) -> None:
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if request.content_type != _MEDIA_TYPE or charset not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType


def _check_contents(value: Any) -> None:
    """Walk through everything once, without recursion: only an escape can bring NUL or half a surrogate pair."""
    waiting: list[tuple[Any, str, int]] = [(value, "", 1)]
    while waiting:
        item, path, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise InvalidJSON("The body nests too deeply.")
        if isinstance(item, str):
            check_text(item, path)
        elif isinstance(item, dict):
            for key, child in item.items():
                check_text(key, path)
                waiting.append((child, f"{path}.{key}" if path else key, depth + 1))
        elif isinstance(item, list):
            waiting.extend((child, f"{path}[{index}]", depth + 1) for index, child in enumerate(item))


def check_text(text: str, path: str) -> None:
    """
    Make sure that PostgreSQL and UTF-8 can hold ``text``.

    :raises InvalidText: when it holds NUL or half of a surrogate pair
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidText(field=path or None) from None
    if "\0" in text:
        raise InvalidText(field=path or None)


class _Refused(ValueError):
    """JSON by the letter, but of no single meaning."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("An object in the body has the same key twice.")
    return found


_DECODER: Final = ExactDecoder(object_pairs_hook=_without_repeats)
