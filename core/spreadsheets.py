"""Tables as files that spreadsheets open."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from core.exact_json import timestamp

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # how what a spreadsheet runs begins (OWASP, "CSV Injection")


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """
    Yield a header and ``rows`` as lines of CSV (RFC 4180), so that no file is held in memory.

    Decimals are written digit by digit, moments as RFC 3339 in UTC, None as nothing; text that a
    spreadsheet would take for a formula gets an apostrophe before it.
    """
    writer = csv.writer(_Echo())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


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
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return str(value)
