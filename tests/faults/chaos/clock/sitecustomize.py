"""
A clock that can be stepped: Python imports this file at the start of every process that has its folder on the path.

``time.time``, ``time.time_ns`` and Django's ``timezone.now``, which is all that our code reads, are moved by the
seconds that stand in the file CHAOS_CLOCK. As with a real step the monotonic clock goes on undisturbed. PostgreSQL's
``now()`` and the few places where Celery and Python's own library ask ``datetime`` directly keep the machine's time.
"""

import mmap
import os
import struct
import time
from datetime import UTC, datetime, timedelta

_FORM = struct.Struct("d")


def _shift() -> None:
    with open(os.environ["CHAOS_CLOCK"], "rb") as file:  # noqa: PTH123 - before anything else is imported
        shared = mmap.mmap(file.fileno(), _FORM.size, prot=mmap.PROT_READ)

    def offset() -> float:
        return float(_FORM.unpack_from(shared)[0])

    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + offset()
    time.time_ns = lambda: real_ns() + int(offset() * 1e9)

    from django.utils import timezone

    timezone.now = lambda: datetime.now(UTC) + timedelta(seconds=offset())


if "CHAOS_CLOCK" in os.environ:
    _shift()
