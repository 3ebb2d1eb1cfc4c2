"""Periods and their parts: every edge where the wall clock in the zone says so."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.calendars import MAX_BUCKETS, Period, Unit, between, divide, find_zone, recent
from analytics.errors import InvalidPeriod, TooManyBuckets, UnknownTimezone

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)
# Clocks changed by half an hour, at midnight, across the date line, to an odd offset, or never.
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe",
    "Asia/Kathmandu", "Pacific/Apia", "America/Caracas", "Africa/Casablanca", "Pacific/Chatham", "America/Havana",
]  # fmt: skip


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def period(start: str, end: str, zone: str) -> Period:
    return Period("custom", at(start), at(end), ZoneInfo(zone))


class TestDivide:
    def test_a_day_in_spring_has_23_hours_and_one_in_autumn_25(self):
        march = divide(
            between(date(2025, 3, 29), date(2025, 3, 31), zone=BERLIN, now=at("2026-01-01T00:00Z")), Unit.DAY
        )
        october = divide(
            between(date(2025, 10, 25), date(2025, 10, 27), zone=BERLIN, now=at("2026-01-01T00:00Z")), Unit.DAY
        )

        assert [bucket.end - bucket.start for bucket in march] == [24 * HOUR, 23 * HOUR, 24 * HOUR]
        assert [bucket.end - bucket.start for bucket in october] == [24 * HOUR, 25 * HOUR, 24 * HOUR]
        assert [bucket.label for bucket in march] == ["2025-03-29", "2025-03-30", "2025-03-31"]
        assert march[0].start == at("2025-03-28T23:00Z")

    def test_the_hour_that_the_clock_shows_twice_is_two_buckets(self):
        buckets = divide(period("2025-11-02T04:30Z", "2025-11-02T07:30Z", "America/New_York"), Unit.HOUR)

        assert [bucket.label for bucket in buckets] == [
            "2025-11-02T00:00:00-04:00",
            "2025-11-02T01:00:00-04:00",
            "2025-11-02T01:00:00-05:00",
            "2025-11-02T02:00:00-05:00",
        ]
        assert [bucket.start for bucket in buckets] == [
            at("2025-11-02T04:30Z"), at("2025-11-02T05:00Z"), at("2025-11-02T06:00Z"), at("2025-11-02T07:00Z")
        ]  # fmt: skip

    def test_a_clock_changed_by_half_an_hour_makes_one_short_hour(self):
        buckets = divide(period("2025-04-05T14:00Z", "2025-04-05T17:00Z", "Australia/Lord_Howe"), Unit.HOUR)

        assert [(bucket.label, bucket.end - bucket.start) for bucket in buckets] == [
            ("2025-04-06T01:00:00+11:00", HOUR),
            ("2025-04-06T01:30:00+10:30", HOUR / 2),
            ("2025-04-06T02:00:00+10:30", HOUR),
            ("2025-04-06T03:00:00+10:30", HOUR / 2),
        ]

    def test_a_period_may_begin_in_the_short_hour(self):
        buckets = divide(period("2025-04-05T15:10:30Z", "2025-04-05T15:50Z", "Australia/Lord_Howe"), Unit.HOUR)

        assert [(bucket.label, bucket.start) for bucket in buckets] == [
            ("2025-04-06T01:30:00+10:30", at("2025-04-05T15:10:30Z")),
            ("2025-04-06T02:00:00+10:30", at("2025-04-05T15:30Z")),
        ]

    def test_a_clock_changed_at_half_past_ends_the_hour(self):
        buckets = divide(period("2016-05-01T06:00Z", "2016-05-01T08:30Z", "America/Caracas"), Unit.HOUR)

        assert [(bucket.label, bucket.end) for bucket in buckets] == [
            ("2016-05-01T01:00:00-04:30", at("2016-05-01T06:30Z")),
            ("2016-05-01T02:00:00-04:30", at("2016-05-01T07:00Z")),
            ("2016-05-01T03:00:00-04:00", at("2016-05-01T08:00Z")),
            ("2016-05-01T04:00:00-04:00", at("2016-05-01T08:30Z")),
        ]

    def test_where_the_clock_skips_midnight_the_day_begins_at_one(self):
        buckets = divide(period("2018-11-03T03:00Z", "2018-11-05T02:00Z", "America/Sao_Paulo"), Unit.DAY)

        assert [(bucket.label, bucket.end - bucket.start) for bucket in buckets] == [
            ("2018-11-03", 24 * HOUR),
            ("2018-11-04", 23 * HOUR),
        ]

    def test_a_day_that_a_zone_left_out_is_no_bucket(self):
        buckets = divide(period("2011-12-29T10:00Z", "2011-12-31T10:00Z", "Pacific/Apia"), Unit.DAY)

        assert [bucket.label for bucket in buckets] == ["2011-12-29", "2011-12-31"]

    def test_a_week_begins_on_monday_and_the_outer_ones_end_with_the_period(self):
        buckets = divide(period("2025-01-01T00:00Z", "2025-01-15T12:00Z", "UTC"), Unit.WEEK)

        assert [(bucket.label, bucket.start, bucket.end) for bucket in buckets] == [
            ("2024-12-30", at("2025-01-01T00:00Z"), at("2025-01-06T00:00Z")),
            ("2025-01-06", at("2025-01-06T00:00Z"), at("2025-01-13T00:00Z")),
            ("2025-01-13", at("2025-01-13T00:00Z"), at("2025-01-15T12:00Z")),
        ]

    def test_months_have_the_days_they_have(self):
        buckets = divide(period("2024-01-31T00:00Z", "2024-04-01T00:00Z", "UTC"), Unit.MONTH)

        assert [bucket.label for bucket in buckets] == ["2024-01-01", "2024-02-01", "2024-03-01"]
        assert [(bucket.end - bucket.start).days for bucket in buckets] == [1, 29, 31]

    def test_a_thousand_buckets_are_given_and_one_more_refused(self):
        start = at("2025-01-01T00:00Z")

        assert len(divide(Period("custom", start, start + 1000 * HOUR, ZoneInfo("UTC")), Unit.HOUR)) == MAX_BUCKETS
        with pytest.raises(TooManyBuckets) as refusal:
            divide(Period("custom", start, start + 1000 * HOUR + timedelta(seconds=1), ZoneInfo("UTC")), Unit.HOUR)
        assert refusal.value.field == "group_by"

    @given(
        zone=st.sampled_from(ZONES),
        unit=st.sampled_from(Unit),
        start=st.datetimes(datetime(2011, 12, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        length=st.timedeltas(timedelta(seconds=1), timedelta(days=35)),
        permille=st.integers(0, 999),
    )
    @settings(deadline=None, max_examples=300)
    def test_buckets_cover_the_period_and_hold_what_their_label_says(self, zone, unit, start, length, permille):
        asked = Period("custom", start, start + length, ZoneInfo(zone))

        buckets = divide(asked, unit)

        assert buckets[0].start == asked.start
        assert buckets[-1].end == asked.end
        assert all(bucket.start < bucket.end for bucket in buckets)
        assert [bucket.end for bucket in buckets[:-1]] == [bucket.start for bucket in buckets[1:]]
        assert len({bucket.label for bucket in buckets}) == len(buckets)
        moment = asked.start + length * permille // 1000
        label = next(bucket.label for bucket in buckets if bucket.start <= moment < bucket.end)
        local = moment.astimezone(asked.zone)
        if unit is Unit.HOUR:
            assert label[:14] == local.strftime("%Y-%m-%dT%H:")
            assert label[19:] == local.isoformat()[-6:]
        else:
            first_day = {
                Unit.DAY: local.date(),
                Unit.WEEK: local.date() - timedelta(days=local.weekday()),
                Unit.MONTH: local.date().replace(day=1),
            }
            assert label == first_day[unit].isoformat()


class TestRecent:
    @pytest.mark.parametrize(
        ("name", "unit", "count", "first"),
        [
            ("24h", Unit.HOUR, 24, "2025-03-30T13:00:00+02:00"),
            ("7d", Unit.DAY, 7, "2025-03-25"),
            ("30d", Unit.DAY, 30, "2025-03-02"),
            ("90d", Unit.DAY, 90, "2025-01-01"),
            ("12m", Unit.MONTH, 12, "2024-04-01"),
        ],
    )
    def test_it_holds_that_many_whole_parts_and_the_last_is_still_running(self, name, unit, count, first):
        now = at("2025-03-31T10:20:30Z")

        asked = recent(name, zone=BERLIN, now=now)

        buckets = divide(asked, unit)
        assert (len(buckets), buckets[0].label, asked.end) == (count, first, now)

    def test_today_is_the_day_in_the_zone(self):
        now = at("2025-01-01T03:00Z")

        assert divide(recent("7d", zone=NEW_YORK, now=now), Unit.DAY)[-1].label == "2024-12-31"
        assert divide(recent("12m", zone=NEW_YORK, now=now), Unit.MONTH)[-1].label == "2024-12-01"

    @pytest.mark.parametrize("name", ["", "1d", "30D", "all", "30d\n"])
    def test_an_unknown_name_is_refused(self, name, now):
        with pytest.raises(InvalidPeriod) as refusal:
            recent(name, zone=BERLIN, now=now)

        assert refusal.value.field == "period"


class TestBetween:
    def test_a_last_date_is_included_and_a_last_moment_is_not(self, now):
        by_date = between(date(2025, 1, 1), date(2025, 1, 31), zone=BERLIN, now=now)
        by_moment = between(at("2025-01-01T00:00Z"), at("2025-01-31T00:00+01:00"), zone=BERLIN, now=now)

        assert (by_date.start, by_date.end) == (at("2024-12-31T23:00Z"), at("2025-01-31T23:00Z"))
        assert (by_moment.start, by_moment.end) == (at("2025-01-01T00:00Z"), at("2025-01-30T23:00Z"))

    def test_without_an_end_it_ends_now(self, now):
        assert between(date(2026, 1, 1), None, zone=BERLIN, now=now).end == now

    @pytest.mark.parametrize(
        ("start", "end", "field"),
        [
            (date(2025, 1, 2), date(2025, 1, 1), "to"),
            (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC), "to"),
            (date(2027, 1, 1), None, "from"),
            (date(1999, 12, 31), None, "from"),
            (date.min, None, "from"),
            (date(2025, 1, 1), date.max, "to"),
        ],
    )
    def test_what_makes_no_period_is_refused(self, start, end, field, now):
        with pytest.raises(InvalidPeriod) as refusal:
            between(start, end, zone=BERLIN, now=now)

        assert refusal.value.field == field


class TestFindZone:
    @pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
    def test_names_of_the_iana_database_are_found(self, name):
        assert find_zone(name).key == name

    @pytest.mark.parametrize("name", ["", "Mars/Phobos", "../UTC", "/etc/passwd", "UTC\0", "europe/berlin ", "+02:00"])
    def test_anything_else_is_refused(self, name):
        with pytest.raises(UnknownTimezone) as refusal:
            find_zone(name)

        assert refusal.value.field == "timezone"
