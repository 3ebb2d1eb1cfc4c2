"""
Periods and their parts in a merchant's own time zone. Pure functions.

A part begins where the wall clock in the zone says so. A day around a daylight-saving change
therefore has 23 or 25 hours, and the hour that the clock shows twice is two parts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from analytics.errors import InvalidPeriod, TooManyBuckets, UnknownTimezone

MAX_BUCKETS: Final = 1000
_GRAINS: Final = (24, 1)  # hours, the longest first: what sums are kept of
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_YEAR, _LAST_YEAR = 2000, 2100  # whoever asks for more has mistyped


class Unit(StrEnum):
    """How a period is divided. Weeks begin on Monday (ISO 8601)."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` to before ``end``, both in UTC; ``zone`` says whose calendar divides it."""

    name: str
    start: datetime
    end: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Bucket:
    """One part of a period: ``start`` to before ``end`` in UTC, ``label`` is how the calendar calls it."""

    label: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class _Recent:
    """A period that ends now: ``count`` whole units, the running one included."""

    unit: Unit
    count: int
    divided_by: Unit


RECENT: Final[Mapping[str, _Recent]] = {
    "24h": _Recent(Unit.HOUR, 24, Unit.HOUR),
    "7d": _Recent(Unit.DAY, 7, Unit.DAY),
    "30d": _Recent(Unit.DAY, 30, Unit.DAY),
    "90d": _Recent(Unit.DAY, 90, Unit.DAY),
    "12m": _Recent(Unit.MONTH, 12, Unit.MONTH),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of UTC in part ``number`` (from 0) of a period: whole days (``hours`` is 24), hours (1) or neither."""

    number: int
    hours: int
    start: datetime
    end: datetime


def stretches(buckets: Sequence[Bucket]) -> Iterator[Stretch]:
    """Yield what the buckets consist of: whole days and whole hours of UTC, and the rests at their edges."""
    for number, bucket in enumerate(buckets):
        yield from _stretches(number, bucket.start, bucket.end, _GRAINS)


def _stretches(number: int, start: datetime, end: datetime, grains: Sequence[int]) -> Iterator[Stretch]:
    if start >= end:
        return
    if not grains:
        yield Stretch(number, 0, start, end)
        return
    grain = timedelta(hours=grains[0])
    first, last = start + (_EPOCH - start) % grain, end - (end - _EPOCH) % grain
    if first >= last:
        yield from _stretches(number, start, end, grains[1:])
        return
    yield from _stretches(number, start, first, grains[1:])
    yield Stretch(number, grains[0], first, last)
    yield from _stretches(number, last, end, grains[1:])


def find_zone(name: str) -> ZoneInfo:
    """
    Return the time zone called ``name``.

    :raises UnknownTimezone: when the IANA database has none of that name
    """
    # Asked first: ZoneInfo itself would look for a file of that name.
    if name not in _zone_names():
        raise UnknownTimezone(field="timezone")
    return ZoneInfo(name)


def recent(name: str, *, zone: ZoneInfo, now: datetime) -> Period:
    """
    Return the named period that ends at ``now``: whole hours, days or months of the zone, the running one included.

    :raises InvalidPeriod: when there is no period of that name
    """
    kind = RECENT.get(name)
    if kind is None:
        raise InvalidPeriod(field="period", constraints={"choices": list(RECENT)})
    return Period(name, _back(now, kind, zone), now.astimezone(UTC), zone)


def between(start: datetime | date, end: datetime | date | None, *, zone: ZoneInfo, now: datetime) -> Period:
    """
    Return the period from ``start`` to before ``end``, or until ``now``.

    A date stands for the whole day in the zone, so a last date is included.

    :raises InvalidPeriod: when it would end before it begins, or lies outside the years 2000 to 2100
    """
    for field, moment in (("from", start), ("to", end)):
        if moment is not None and not _FIRST_YEAR <= moment.year < _LAST_YEAR:
            raise InvalidPeriod(f"The year must be from {_FIRST_YEAR} to {_LAST_YEAR - 1}.", field=field)
    first = _instant(start, zone)
    last = now.astimezone(UTC) if end is None else _instant(end, zone, days_later=1)
    if first >= last:
        raise InvalidPeriod("The period ends before it begins.", field="from" if end is None else "to")
    return Period("custom", first, last, zone)


def divide(period: Period, unit: Unit) -> list[Bucket]:
    """
    Return the parts of ``period``, in order and without gaps; the outer ones end where the period does.

    :raises TooManyBuckets: when there are more than ``MAX_BUCKETS``
    """
    buckets = list(islice(_buckets(period, unit), MAX_BUCKETS + 1))
    if len(buckets) > MAX_BUCKETS:
        raise TooManyBuckets(field="group_by", constraints={"max_buckets": MAX_BUCKETS})
    return buckets


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def _buckets(period: Period, unit: Unit) -> Iterator[Bucket]:
    begin = _floor(period.start, unit, period.zone)
    while begin < period.end:
        following = _next(begin, unit, period.zone)
        yield Bucket(
            label=_label(begin, unit, period.zone), start=max(begin, period.start), end=min(following, period.end)
        )
        begin = following


def _floor(moment: datetime, unit: Unit, zone: ZoneInfo) -> datetime:
    """Return where the part that holds ``moment`` begins, in UTC."""
    if unit is Unit.HOUR:
        return _floor_hour(moment, zone)
    return _midnight(_FIRST_DAY[unit](moment.astimezone(zone).date()), zone)


def _next(begin: datetime, unit: Unit, zone: ZoneInfo) -> datetime:
    """Return where the part after the one that begins at ``begin`` begins, in UTC."""
    if unit is Unit.HOUR:
        return _next_hour(begin, zone)
    return _midnight(_following(begin.astimezone(zone).date(), unit), zone)


def _floor_hour(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    begin = moment.astimezone(UTC) - past
    while begin.astimezone(zone).utcoffset() != local.utcoffset():
        begin += timedelta(minutes=1)  # the clock was changed within this hour: it began with the change
    return begin


def _next_hour(begin: datetime, zone: ZoneInfo) -> datetime:
    following = begin + timedelta(hours=1)
    # Where the clock is changed by half an hour, or in the middle of one, that hour is shorter.
    sooner = _floor_hour(following - timedelta(minutes=1), zone)
    return sooner if sooner > begin else following


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of ``day`` in the zone; where the clock skips midnight, the moment it does so."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _instant(moment: datetime | date, zone: ZoneInfo, *, days_later: int = 0) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return _midnight(moment + timedelta(days=days_later), zone)


def _back(now: datetime, kind: _Recent, zone: ZoneInfo) -> datetime:
    if kind.unit is Unit.HOUR:
        return _floor_hour(now - timedelta(hours=kind.count - 1), zone)
    today = now.astimezone(zone).date()
    if kind.unit is Unit.DAY:
        return _midnight(today - timedelta(days=kind.count - 1), zone)
    months = today.year * 12 + today.month - 1 - (kind.count - 1)
    return _midnight(date(months // 12, months % 12 + 1, 1), zone)


def _following(day: date, unit: Unit) -> date:
    if unit is Unit.MONTH:
        return _FIRST_DAY[unit](day.replace(day=1) + timedelta(days=31))
    return _FIRST_DAY[unit](day) + timedelta(days=7 if unit is Unit.WEEK else 1)


def _label(begin: datetime, unit: Unit, zone: ZoneInfo) -> str:
    local = begin.astimezone(zone)
    return local.isoformat(timespec="seconds") if unit is Unit.HOUR else local.date().isoformat()


_FIRST_DAY: Final[Mapping[Unit, Callable[[date], date]]] = {
    Unit.DAY: lambda day: day,
    Unit.WEEK: lambda day: day - timedelta(days=day.weekday()),
    Unit.MONTH: lambda day: day.replace(day=1),
}
