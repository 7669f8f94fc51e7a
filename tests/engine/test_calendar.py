"""Local days and wall-clock times in zones that make them hard."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import calendar
from engine.decider import DAY, HOUR
from engine.errors import Invalid

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Africa/Cairo",  # the clocks jump at midnight: the day begins at 01:00
    "America/Havana",  # midnight comes twice
    "Australia/Lord_Howe",  # half an hour
    "Asia/Beirut",
]


def at(zone: str, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return calendar.instant(datetime(year, month, day, hour, minute, tzinfo=calendar.zone(zone)), "t")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Asia/Kolkata", "2026-03-29", 24),
        ("Pacific/Apia", "2011-12-29", 24),
        ("Pacific/Apia", "2011-12-30", 0),
        ("Pacific/Apia", "2011-12-31", 24),
        ("Africa/Cairo", "2024-04-26", 23),
        ("America/Havana", "2026-11-01", 25),
    ],
)
def test_a_local_day_is_as_long_as_its_clocks_make_it(zone: str, day: str, hours: int):
    bounds = calendar.day_bounds(day, zone)
    assert bounds.end - bounds.start == hours * HOUR


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Africa/Cairo", "2024-04-26", "01:00:00"),
        ("America/Argentina/Cordoba", "1991-10-20", "02:00:00"),
        ("Africa/Monrovia", "1972-01-07", "00:44:30"),
    ],
)
def test_a_day_whose_midnight_is_skipped_begins_at_the_jump(zone: str, day: str, begins: str):
    start = calendar.day_bounds(day, zone).start
    assert calendar.local_time(start, zone).strftime("%H:%M:%S") == begins
    assert calendar.local_day(start - 1, zone) == calendar.shift(day, -1)


@given(
    st.sampled_from(ZONES),
    st.integers(at("UTC", 2012, 1, 3), at("UTC", 2060, 1, 1)),
)
def test_an_instant_lies_within_the_bounds_of_its_local_day(zone: str, instant: int):
    bounds = calendar.day_bounds(calendar.local_day(instant, zone), zone)
    assert bounds.start <= instant < bounds.end


@given(st.sampled_from(ZONES), st.dates(min_value=date(1970, 1, 3), max_value=date(2199, 12, 28)))
def test_days_follow_each_other_without_gap_or_overlap(zone: str, day: date):
    name = day.isoformat()
    assert calendar.day_bounds(name, zone).end == calendar.day_bounds(calendar.shift(name, 1), zone).start
    assert 0 <= calendar.day_bounds(name, zone).end - calendar.day_bounds(name, zone).start <= 2 * DAY


def test_a_time_that_the_clocks_skip_is_no_instant():
    assert calendar.at_local(date(2026, 3, 29), time(2, 30), "Europe/Berlin") is None
    assert calendar.at_local(date(2026, 3, 8), time(2, 0), "America/New_York") is None
    assert calendar.at_local(date(2011, 12, 30), time(12, 0), "Pacific/Apia") is None
    assert calendar.at_local(date(2026, 3, 29), time(3, 0), "Europe/Berlin") == at("UTC", 2026, 3, 29, 1)


def test_of_a_time_that_comes_twice_the_first_is_meant():
    assert calendar.at_local(date(2026, 10, 25), time(2, 30), "Europe/Berlin") == at("UTC", 2026, 10, 25, 0, 30)
    assert calendar.at_local(date(2026, 11, 1), time(1, 30, fold=1), "America/New_York") == at(
        "UTC", 2026, 11, 1, 5, 30
    )


def test_an_ordinary_time_is_read_in_its_zone():
    assert calendar.at_local(date(2026, 2, 1), time(9), "Asia/Kolkata") == at("UTC", 2026, 2, 1, 3, 30)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])))
def test_every_datetime_is_an_instant_or_invalid(moment: datetime):
    if 1971 <= moment.year <= 2198:
        instant = calendar.instant(moment, "start_time")
        assert calendar.moment(instant) == moment
        for zone in ZONES:  # what is an instant has a day with bounds in every zone
            calendar.day_bounds(calendar.shift(calendar.local_day(instant, zone), 1), zone)
    elif not 1970 <= moment.year <= 2199:
        with pytest.raises(Invalid) as refused:
            calendar.instant(moment, "start_time")
        assert refused.value.facts == {"field": "start_time"}


@pytest.mark.parametrize("year", [1, 1969, 2200, 9999])
@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_the_ends_of_time_are_invalid(year: int, hours: int):
    moment = datetime(year, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=hours)))
    with pytest.raises(Invalid):
        calendar.instant(moment if year != 1969 else moment.replace(month=1), "start_time")
    with pytest.raises(Invalid):
        calendar.checked(date(year, 1, 1), "from_date")


def test_a_naive_time_is_invalid():
    with pytest.raises(Invalid):
        calendar.instant(datetime(2026, 1, 1), "start_time")  # noqa: DTZ001 - that it is naive is the point


@pytest.mark.parametrize(
    "name",
    ["Mars/Olympus", "", "/etc/passwd", "../etc", "Europe", "localtime", "posix/UTC", "UTC\0", "Ünïcode"],
)
def test_what_is_no_zone_is_invalid(name: str):
    with pytest.raises(Invalid) as refused:
        calendar.zone(name)
    assert refused.value.facts["field"] == "time_zone"
