"""Files of lines: sent while they are written, over WSGI and over ASGI."""

import asyncio
import csv
import io
import re
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings
from django.test import AsyncRequestFactory, RequestFactory

from core.spreadsheets import Exact, csv_file, csv_lines

APPS = {
    "api",
    "dashboard",
    "paypages",
    "operations",
    "payments",
    "invoices",
    "events",
    "merchants",
    "webhooks",
    "analytics",
    "core",
}


def rows(written, *, end=2_000):
    for number in count(1):
        if number > end:
            return
        written.append(number)
        yield (number, "Shoes")


def test_over_wsgi_and_asgi_the_same_file_is_sent():
    async def read(answer):
        return b"".join([part async for part in answer])

    plain = csv_file(RequestFactory().get("/"), csv_lines(["n", "title"], rows([])), name="shoes.csv")
    modern = csv_file(AsyncRequestFactory().get("/"), csv_lines(["n", "title"], rows([])), name="shoes.csv")

    whole = b"".join(plain.streaming_content)
    assert whole.startswith(b"\xef\xbb\xbfn,title\r\n1,Shoes\r\n2,Shoes\r\n")
    assert whole.count(b"\r\n") == 2_001
    assert asyncio.run(read(modern)) == whole
    assert plain["Content-Disposition"] == 'attachment; filename="shoes.csv"'


@pytest.mark.parametrize("factory", [RequestFactory, AsyncRequestFactory])
def test_nothing_is_written_before_somebody_reads_on(factory):
    written = []

    async def first(answer):
        await anext(aiter(answer))

    answer = csv_file(factory().get("/"), csv_lines(["n", "title"], rows(written)), name="shoes.csv")

    assert written == []
    if factory is RequestFactory:
        next(answer.streaming_content)
    else:
        asyncio.run(first(answer))
    assert len(written) == 498  # with the mark and the header 500 pieces


def test_a_file_for_programs_begins_with_the_first_name():
    answer = csv_file(RequestFactory().get("/"), csv_lines(["n"], []), name="n.csv", for_programs=True)

    assert b"".join(answer.streaming_content) == b"n\r\n"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("  =1", "'  =1"),
        ("＝1+1", "'＝1+1"),
        ("Shoes;=1+1", "Shoes;'=1+1"),
        ("a\n=1", "a\n'=1"),
        ("Shoes; red", "Shoes; red"),
        ("a=b-c", "a=b-c"),
        ("ada@example.com", "ada@example.com"),
    ],
)
def test_no_text_is_run_by_a_spreadsheet_however_it_takes_the_line_apart(text, cell):
    (_, line) = csv_lines(["text"], [[text]])

    assert (
        next(csv.reader([line], strict=True) if "\n" not in cell else csv.reader(io.StringIO(line, newline="")))[0]
        == cell
    )


def test_numbers_are_numbers_and_what_must_stay_as_it_is_stays():
    (_, line) = csv_lines(["a", "b", "c"], [[Decimal("-5.10"), -3, Exact('{"a": ";=1"}')]])

    assert next(csv.reader([line])) == ["-5.10", "-3", '{"a": ";=1"}']


def test_every_file_of_a_table_is_written_here():
    root = Path(settings.ROOT)
    sources = [path for path in root.glob("*/**/*.py") if path.parts[len(root.parts)] in APPS]

    found = {
        path.relative_to(root).as_posix() for path in sources if re.search(r"csv\.writer|DictWriter", path.read_text())
    }
    assert found == {"core/spreadsheets.py"}
