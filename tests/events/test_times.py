"""Instants, days and weeks against the standard library's zoneinfo and calendar."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import (
    AMSTERDAM,
    CLOCK_TOLERANCE,
    Rejected,
    day_start,
    format_instant,
    from_micros,
    local_day,
    parse_instant,
    to_micros,
    week_monday,
    week_of_day,
)

HOUR = 3_600_000_000
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)).map(to_micros)
RECENT = st.datetimes(datetime(2019, 1, 1), datetime(2024, 1, 1), timezones=st.just(UTC)).map(to_micros)
DAYS = st.dates(date(1900, 1, 2), date(2199, 12, 30)).map(date.toordinal)
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def _day_by_zoneinfo(micros: int) -> int:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).astimezone(AMSTERDAM).toordinal()


def test_the_zone_is_that_of_amsterdam() -> None:
    assert ZoneInfo("Europe/Amsterdam") == AMSTERDAM
    assert CLOCK_TOLERANCE == 300_000_000


@given(st.one_of(INSTANTS, RECENT))
def test_the_day_is_that_of_zoneinfo(micros: int) -> None:
    assert local_day(micros) == _day_by_zoneinfo(micros)


@given(st.integers(1990, 2050), st.sampled_from([3, 10]), st.integers(-4, 4), st.integers(-2, 2))
def test_the_day_is_that_of_zoneinfo_around_every_clock_change(year: int, month: int, hours: int, micros: int) -> None:
    last_sunday = max(day for day in range(25, 32) if date(year, month, day).isoweekday() == 7)
    change = to_micros(datetime(year, month, last_sunday, 1, tzinfo=UTC))
    for midnight in (change - 2 * HOUR, change - HOUR, change + 21 * HOUR, change + 22 * HOUR, change + 23 * HOUR):
        for instant in (change, midnight):
            assert local_day(instant + hours * HOUR + micros) == _day_by_zoneinfo(instant + hours * HOUR + micros)


def test_the_days_of_the_clock_changes_have_23_and_25_hours() -> None:
    spring, autumn = date(2020, 3, 29).toordinal(), date(2020, 10, 25).toordinal()
    assert day_start(spring + 1) - day_start(spring) == 23 * HOUR
    assert day_start(autumn + 1) - day_start(autumn) == 25 * HOUR
    assert format_instant(day_start(spring)) == "2020-03-28T23:00:00Z"
    assert format_instant(day_start(spring + 1)) == "2020-03-29T22:00:00Z"


@given(DAYS)
def test_a_day_begins_where_the_one_before_ends(day: int) -> None:
    assert local_day(day_start(day)) == day
    assert local_day(day_start(day) - 1) == day - 1


@given(INSTANTS, OFFSETS)
def test_an_instant_is_the_same_in_every_offset(micros: int, offset: timezone) -> None:
    assert to_micros(from_micros(micros).astimezone(offset)) == micros
    assert from_micros(micros).utcoffset() == timedelta()


def test_a_datetime_without_an_offset_is_no_instant() -> None:
    with pytest.raises(TypeError, match="offset"):
        to_micros(datetime(2020, 3, 29))


@given(INSTANTS)
def test_what_is_written_is_read_again(micros: int) -> None:
    assert format_instant(micros).endswith("Z")
    assert parse_instant(format_instant(micros)) == micros


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2020-03-29T21:59:59.999999Z", "2020-03-29T23:59:59.999999+02:00"),
        ("2020-03-29t12:00:00.5z", "2020-03-29T12:00:00.500000-00:00"),
        ("2020-03-29T12:00:00.120Z", "2020-03-30T11:59:00.12+23:59"),
    ],
)
def test_spellings_of_one_instant_are_equal(text: str, same: str) -> None:
    assert parse_instant(text) == parse_instant(same)


def test_micros_count_from_1970() -> None:
    assert parse_instant("1970-01-01T01:00:00.000001+01:00") == 1
    assert format_instant(1) == "1970-01-01T00:00:00.000001Z"
    assert format_instant(0) == "1970-01-01T00:00:00Z"
    assert format_instant(-1) == "1969-12-31T23:59:59.999999Z"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2020-02-30T00:00:00Z", "must be a time that exists"),
        ("2020-03-18T09:15:00Z\n", "must be an RFC 3339 time with offset"),
        ("2020-03-18 09:15:00Z", "must be an RFC 3339 time with offset"),
        ("2020-W12-3T09:15:00Z", "must be an RFC 3339 time with offset"),
        ("٢٠٢٠-03-18T09:15:00Z", "must be an RFC 3339 time with offset"),
        ("2020-03-18T09:15:00.1234567Z", "must be an RFC 3339 time with offset"),
        ("1899-12-31T23:59:59Z", "must be an RFC 3339 time with offset, in the years 1900 to 2199"),
    ],
)
def test_another_spelling_is_rejected(text: str, rule: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_instant(text, "asOf")
    assert caught.value.field == "asOf"
    assert caught.value.rule.startswith(rule)


@given(DAYS)
def test_a_week_is_that_of_the_iso_calendar(day: int) -> None:
    week = week_of_day(day)
    assert week == date.fromordinal(day).strftime("%G-W%V")
    if "1900" <= week < "2200":
        assert week_monday(week) == day - date.fromordinal(day).weekday()


@pytest.mark.parametrize(
    ("week", "monday"),
    [("2020-W53", "2020-12-28"), ("2021-W01", "2021-01-04"), ("2020-W01", "2019-12-30"), ("2020-W14", "2020-03-30")],
)
def test_weeks_at_the_turn_of_the_year(week: str, monday: str) -> None:
    assert week_monday(week) == date.fromisoformat(monday).toordinal()


@pytest.mark.parametrize("year", range(1900, 2200))
def test_week_53_is_there_in_long_years_only(year: int) -> None:
    long = date(year, 12, 28).isocalendar().week == 53
    if long:
        assert week_of_day(week_monday(f"{year}-W53")) == f"{year}-W53"
    else:
        with pytest.raises(Rejected):
            week_monday(f"{year}-W53")


@pytest.mark.parametrize("week", ["2021-W53", "2020-W00", "2020-W54", "2020-14", "2020-W14\n", "W14", "", "2020-W١٤"])
def test_a_week_that_does_not_exist_is_rejected(week: str) -> None:
    with pytest.raises(Rejected) as caught:
        week_monday(week)
    assert caught.value.field == "week"
