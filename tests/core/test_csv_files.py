"""Files of lines: sent while they are written, over WSGI and over ASGI."""

import asyncio
from itertools import count

import pytest
from django.test import AsyncRequestFactory, RequestFactory

from core.spreadsheets import csv_file, csv_lines


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
    assert whole.startswith(b"n,title\r\n1,Shoes\r\n2,Shoes\r\n")
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
    assert len(written) == 499  # with the header 500 lines
