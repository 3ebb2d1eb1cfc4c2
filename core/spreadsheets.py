"""Tables as files that spreadsheets open."""

import csv
import re
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from core.exact_json import timestamp

_LINES_AT_ONCE: Final = 500
# How what a spreadsheet runs begins (OWASP, "CSV Injection"). Where lists are separated by semicolons, as in German, it
# begins behind each of them too, as a file with commas is taken apart there.
_FORMULA: Final = re.compile(r"(^|[;\t\r\n])(?=\s*[=+\-@＝＋－＠]|[\t\r])")
_MARK: Final = "\ufeff"  # without it Excel takes UTF-8 for an alphabet of Windows


class Exact(str):
    """Text that stays as it is, because its hash is known. It begins with nothing that a spreadsheet runs."""

    __slots__ = ()


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """
    Yield a header and ``rows`` as lines of CSV (RFC 4180), so that no file is held in memory.

    Decimals are written digit by digit, moments as RFC 3339 in UTC, None as nothing; text that a
    spreadsheet would take for a formula gets an apostrophe before that.
    """
    writer = csv.writer(_Echo())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def csv_file(
    request: HttpRequest, lines: Iterable[str], *, name: str, for_programs: bool = False
) -> StreamingHttpResponse:
    """
    Answer ``lines`` as a file called ``name``, sent while it is written, so that no file is held in memory.

    For people it begins with the mark by which Excel knows UTF-8; programs would take that for a part of a name.
    """
    parts = _joined(lines if for_programs else chain([_MARK], lines))
    # Django reads an ordinary iterator to its end before it sends anything of it over ASGI.
    content = _aside(parts) if isinstance(request, ASGIRequest) else parts
    return StreamingHttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _joined(lines: Iterable[str]) -> Generator[str]:
    """Yield ``lines`` in parts that are worth being sent alone."""
    several = iter(lines)
    while part := "".join(islice(several, _LINES_AT_ONCE)):
        yield part


async def _aside(parts: Generator[str]) -> AsyncIterator[str]:
    """Yield ``parts``, each read in the thread of the request, whose connection to the database they are read over."""

    def read_on() -> str:
        return next(parts, "")

    try:
        while part := await sync_to_async(read_on)():
            yield part
    finally:
        await sync_to_async(parts.close)()


class _Echo:
    """Hands each line back: ``writerow`` returns what this returns."""

    def write(self, line: str) -> str:
        return line


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, str) and not isinstance(value, Exact):
        return _FORMULA.sub(r"\1'", value)
    return str(value)
