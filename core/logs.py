"""Structured logs: one JSON object a line in production, readable lines in development.

Every line, also those of libraries, says in whose request it was written (see core.context), and
no line shows a secret: what looks like a key, a token or a password is masked on its way out.
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Final

import structlog

from core.context import current

_Line = MutableMapping[str, Any]

_MASK: Final = "***"
_SECRET_NAME: Final = re.compile(
    r"password|passwd|secret|authorization|api_?key|token|cookie|private_key|mnemonic|signature", re.IGNORECASE
)
_SECRET_TEXTS: Final = (
    (re.compile(r"\b((?:sk|ck|cw)_(?:live|test)_)[A-Za-z0-9_]{4,}?([A-Za-z0-9]{3})\b"), rf"\1{_MASK}\2"),
    (re.compile(r"\b(whsec_)[A-Za-z0-9+/=_-]{4,}"), rf"\1{_MASK}"),
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {_MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), _MASK),
    (re.compile(r"\b([xyzt]prv)[1-9A-HJ-NP-Za-km-z]{20,}"), rf"\1{_MASK}"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{_MASK}@"),
)
# Most texts hold none of them, and one look shows that.
_SUSPECT: Final = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in _SECRET_TEXTS), re.IGNORECASE)
# What a terminal obeys, and what would begin a line of its own: C0, DEL, C1, the Unicode separators of lines.
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TRACEBACKS: Final = frozenset({"exception", "stack"})  # lines on purpose
# What libraries tell about each request and each tick of the clock; our own line says it once.
_LOGGERS: Final = {
    "django.request": "ERROR",
    "django.server": "WARNING",
    "uvicorn.error": "WARNING",
    "celery.app.trace": "WARNING",
    "celery.beat": "WARNING",
    "celery.worker": "WARNING",
}


def mask(text: str) -> str:
    """Return ``text`` with everything that looks like a secret replaced."""
    if _SUSPECT.search(text):
        for pattern, replacement in _SECRET_TEXTS:
            text = pattern.sub(replacement, text)
    return text


def logging_config(*, as_json: bool, level: str) -> dict[str, Any]:
    """Set structlog up and return the matching configuration for the standard library's logging."""
    # No line tells them, and each line would pay for finding them out (Python's logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_caller,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.processors.JSONRenderer(default=str)
    if not as_json:
        renderer = structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _drop_decoration,
        _mask_secrets,
        *([] if as_json else [_keep_to_one_line]),  # JSON escapes by itself
        renderer,
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
                "processors": last,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": minimum} for name, minimum in _LOGGERS.items()},
    }


def _add_caller(_logger: object, _method: str, line: _Line) -> _Line:
    caller = current()
    for name, value in (
        ("request_id", caller.request_id),
        ("trace_id", caller.trace_id),
        ("actor", caller.actor if caller.request_id or caller.actor != "system" else ""),
    ):
        if value:
            line.setdefault(name, value)
    return line


def _drop_decoration(_logger: object, _method: str, line: _Line) -> _Line:
    line.pop("color_message", None)
    return line


def _mask_secrets(_logger: object, _method: str, line: _Line) -> _Line:
    for name, value in line.items():
        line[name] = _masked(name, value)
    return line


def _keep_to_one_line(_logger: object, _method: str, line: _Line) -> _Line:
    """Escape what a request could use to forge a second line or to talk to the operator's terminal."""
    for name, value in line.items():
        if isinstance(value, str) and name not in _TRACEBACKS:
            line[name] = _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], value)
    return line


@lru_cache(maxsize=1024)
def _names_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _masked(name: str, value: object) -> object:
    if isinstance(value, str):  # the commonest first: this is done for every value of every line
        masked = mask(value)
        return _MASK if value and masked == value and _names_secret(name) else masked
    if isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {key: _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, inner) for inner in value]
    return _MASK if value and _names_secret(name) else value
