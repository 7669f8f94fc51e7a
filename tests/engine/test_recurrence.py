"""Recurring times: what may be said, when they are on the wall clock, and that no text makes anybody count for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from engine import calendar, recurrence
from engine.calendar import Bounds
from engine.decider import DAY, HOUR, MINUTE
from engine.errors import Invalid
from engine.recurrence import begins, ends_by, occurrences, parse_rrule, series_starts


def at(text: str, zone: str = "UTC", fold: int = 0) -> int:
    return calendar.instant(datetime.fromisoformat(text).replace(tzinfo=calendar.zone(zone), fold=fold), "t")


def told(bounds: Bounds, zone: str) -> str:
    start, end = (calendar.local_time(one, zone) for one in bounds)
    return f"{start:%m-%d %H:%M}-{end:%H:%M}"


def seen(rule: str, start: str, end: str, zone: str, from_: str, to: str) -> list[str]:
    times = occurrences(
        parse_rrule(rule, "rrule"), at(start, zone), at(end, zone), zone, at(from_, zone), at(to, zone), 100
    )
    return [told(one, zone) for one in times]


# -- what may be said -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("RRULE:FREQ=WEEKLY;BYDAY=FR,MO,MO", "FREQ=WEEKLY;BYDAY=MO,FR"),
        (" count=3;freq=daily;interval=2 ", "FREQ=DAILY;INTERVAL=2;COUNT=3"),
        ("FREQ=WEEKLY;WKST=SU;UNTIL=20261231T225959Z", "FREQ=WEEKLY;WKST=SU;UNTIL=20261231T225959Z"),
    ],
)
def test_a_rule_is_kept_in_one_form(text: str, kept: str):
    assert parse_rrule(text, "rrule").text == kept
    assert parse_rrule(kept, "rrule").text == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        ";",
        "FREQ",
        "FREQ=",
        "=DAILY",
        "DAILY",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=1",
        "FREQ=HOURLY",
        "FREQ=MONTHLY",
        "FREQ=YEARLY",
        "INTERVAL=2",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;",
        "FREQ=DAILY;BYSETPOS=366",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=DAILY;BYEASTER=0",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=MO;BYDAY=TU",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=1000000000",
        "FREQ=DAILY;INTERVAL=²",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=99999999999999999999",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;COUNT=1.5",
        "FREQ=DAILY;COUNT=5;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=2027-01-01",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=DAILY;UNTIL=20270101T250000Z",
        "FREQ=DAILY;UNTIL=00000101",
        "FREQ=DAILY;UNTIL=٢٠٢٧٠١٠١",
        "FREQ=DAILY\nFREQ=DAILY",
        "DTSTART:20260101T000000\nRRULE:FREQ=DAILY",
        "FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 3_000),
        "A" * 10_000,
    ],
)
def test_any_other_text_is_refused_with_its_field(text: str):
    with pytest.raises(Invalid) as refused:
        parse_rrule(text, "closure.rrule")
    assert refused.value.facts["field"] == "closure.rrule"
    assert len(refused.value.detail) < 120


@given(st.text(max_size=220))
def test_no_text_does_anything_but_be_a_rule_or_be_refused(text: str):
    try:
        rule = parse_rrule(text, "rrule")
    except Invalid:
        return
    assert parse_rrule(rule.text, "rrule") == rule


# -- when they are ----------------------------------------------------------------------------------------------


def test_every_second_week_counts_from_the_first():
    assert seen(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "2026-03-05T10:00", "2026-03-05T12:00", "UTC", "2026-03-01", "2026-04-05"
    ) == ["03-05 10:00-12:00", "03-16 10:00-12:00", "03-19 10:00-12:00", "03-30 10:00-12:00", "04-02 10:00-12:00"]


def test_what_only_touches_the_window_is_outside_it():
    rule = parse_rrule("FREQ=DAILY", "rrule")
    start, end = at("2026-03-01T10:00"), at("2026-03-01T12:00")
    assert list(occurrences(rule, start, end, "UTC", end, end + 22 * HOUR, 9)) == []
    assert len(list(occurrences(rule, start, end, "UTC", end - 1, end + 22 * HOUR + 1, 9))) == 2


def test_a_night_goes_across_midnight_and_belongs_to_the_day_on_which_it_begins():
    assert seen(
        "FREQ=WEEKLY;BYDAY=SU", "2026-03-01T22:00", "2026-03-02T06:00", "Europe/Berlin", "2026-03-09", "2026-03-10"
    ) == ["03-08 22:00-06:00"]


def test_a_time_of_several_days_is_seen_on_its_last():
    assert seen(
        "FREQ=WEEKLY", "2026-03-06T18:00", "2026-03-12T07:00", "UTC", "2026-04-02T06:00", "2026-04-02T09:00"
    ) == ["03-27 18:00-07:00"]


def test_a_rule_keeps_its_wall_time_when_the_clocks_change():
    assert seen(
        "FREQ=DAILY", "2026-03-27T22:00", "2026-03-28T06:00", "Europe/Berlin", "2026-03-28T12:00", "2026-03-30T12:00"
    ) == ["03-28 22:00-06:00", "03-29 22:00-06:00"]
    rule = parse_rrule("FREQ=DAILY", "rrule")
    start, end = at("2026-03-27T22:00", "Europe/Berlin"), at("2026-03-28T06:00", "Europe/Berlin")
    lengths = {one.end - one.start for one in occurrences(rule, start, end, "Europe/Berlin", start, start + 4 * DAY, 9)}
    assert lengths == {7 * HOUR, 8 * HOUR}


@pytest.mark.parametrize(
    ("zone", "first", "last", "day", "expected"),
    [
        # 02:00..03:00 does not exist: what begins in the gap begins behind it, what lies in it is nowhere.
        ("Europe/Berlin", "2026-03-01T02:30", "2026-03-01T04:30", "2026-03-29", ["03-29 03:00-04:30"]),
        ("Europe/Berlin", "2026-03-01T01:30", "2026-03-01T02:30", "2026-03-29", ["03-29 01:30-03:00"]),
        ("Europe/Berlin", "2026-03-01T02:10", "2026-03-01T02:50", "2026-03-29", []),
        # The clocks leave midnight out.
        ("America/Santiago", "2025-09-01T00:00", "2025-09-01T00:30", "2025-09-07", []),
        ("America/Santiago", "2025-09-01T00:15", "2025-09-01T02:00", "2025-09-07", ["09-07 01:00-02:00"]),
        ("America/Santiago", "2025-09-01T23:00", "2025-09-02T00:30", "2025-09-07", ["09-07 23:00-00:30"]),
        # The whole of 2011-12-30 is left out.
        ("Pacific/Apia", "2011-12-01T10:00", "2011-12-01T12:00", "2011-12-31", ["12-31 10:00-12:00"]),
        (
            "Pacific/Apia",
            "2011-12-01T22:00",
            "2011-12-02T06:00",
            "2011-12-31",
            ["12-31 00:00-06:00", "12-31 22:00-06:00"],
        ),
    ],
)
def test_what_the_clocks_skip_lies_behind_the_gap(zone: str, first: str, last: str, day: str, expected: list[str]):
    assert seen("FREQ=DAILY", first, last, zone, f"{day}T00:59", f"{day}T23:59") == expected


def test_a_day_that_is_left_out_has_no_time_of_its_own():
    zone = "Pacific/Apia"
    times = seen("FREQ=DAILY", "2011-12-01T10:00", "2011-12-01T12:00", zone, "2011-12-29T00:00", "2012-01-01T00:00")
    assert times == ["12-29 10:00-12:00", "12-31 10:00-12:00"]
    night = seen("FREQ=DAILY", "2011-12-01T22:00", "2011-12-02T06:00", zone, "2011-12-29T21:00", "2012-01-01T00:00")
    assert night == ["12-29 22:00-00:00", "12-31 00:00-06:00", "12-31 22:00-06:00"]


def test_what_comes_twice_is_meant_from_its_first_to_its_last():
    zone = "Europe/Berlin"
    start, end = at("2026-10-01T02:15", zone), at("2026-10-01T02:45", zone)
    (one,) = occurrences(
        parse_rrule("FREQ=DAILY", "rrule"), start, end, zone, at("2026-10-25", zone), at("2026-10-26", zone), 9
    )
    assert one == Bounds(at("2026-10-25T02:15", zone, 0), at("2026-10-25T02:45", zone, 1))
    assert one.end - one.start == 90 * MINUTE


def test_the_first_time_is_what_was_said_even_in_an_hour_that_comes_twice():
    zone = "Europe/Berlin"
    start, end = at("2026-10-25T02:45", zone, 0), at("2026-10-25T02:15", zone, 1)
    times = list(occurrences(parse_rrule("FREQ=DAILY", "rrule"), start, end, zone, start, start + 2 * DAY, 9))
    assert times[0] == Bounds(start, end)
    assert [one.end - one.start for one in times] == [30 * MINUTE] * 2


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("UNTIL=20260303", "03-03 20:00-21:00"),
        ("UNTIL=20260303T200000", "03-03 20:00-21:00"),
        ("UNTIL=20260303T195959", "03-02 20:00-21:00"),
        ("UNTIL=20260303T190000Z", "03-03 20:00-21:00"),
        ("UNTIL=20260303T185959Z", "03-02 20:00-21:00"),
        ("COUNT=3", "03-03 20:00-21:00"),
    ],
)
def test_the_last_time_is_by_count_day_wall_clock_or_instant(end: str, last: str):
    times = seen(
        f"FREQ=DAILY;{end}", "2026-03-01T20:00", "2026-03-01T21:00", "Europe/Berlin", "2026-02-01", "2026-04-01"
    )
    assert times[-1] == last


def test_when_it_is_over_is_never_too_early():
    start, end = at("2026-03-01T20:00"), at("2026-03-01T21:00")
    assert ends_by(parse_rrule("FREQ=DAILY", "rrule"), start, end, "UTC") is None
    for text in ("FREQ=DAILY;COUNT=9", "FREQ=WEEKLY;INTERVAL=3;UNTIL=20270101", "FREQ=DAILY;UNTIL=20260301"):
        rule = parse_rrule(text, "rrule")
        over = ends_by(rule, start, end, "UTC")
        assert over is not None
        times = list(occurrences(rule, start, end, "UTC", start, over + 9 * DAY, 1_000))
        assert times[-1].end <= over


@given(
    freq=st.sampled_from(("DAILY", "WEEKLY")),
    interval=st.integers(1, 5),
    days=st.sets(st.sampled_from(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))),
    week_start=st.sampled_from(("", ";WKST=SU", ";WKST=WE")),
    end=st.sampled_from(("", ";COUNT=7", ";UNTIL=20260420T235959")),
    ahead=st.integers(0, 400),
)
def test_a_window_shows_what_the_library_counts_from_the_first_time_on(
    freq: str, interval: int, days: set[str], week_start: str, end: str, ahead: int
):
    text = f"FREQ={freq};INTERVAL={interval}{';BYDAY=' + ','.join(sorted(days)) if days else ''}{week_start}{end}"
    first = datetime.fromisoformat("2026-03-05T10:00")
    rule = parse_rrule(text, "rrule")
    window = first + timedelta(days=ahead)
    never = not end and not begins(rule, at(first.isoformat()), "UTC") and freq == "DAILY" and interval % 7 == 0
    assert not never
    all_of_it = islice(rrulestr(text, dtstart=first), 600)
    wanted = [one for one in all_of_it if window <= one < window + timedelta(days=40)]
    start = at(first.isoformat())
    found = occurrences(rule, start, start + HOUR, "UTC", at(window.isoformat()), at(window.isoformat()) + 40 * DAY, 99)
    assert [calendar.moment(one.start).replace(tzinfo=None) for one in found] == wanted


@given(
    where=st.sampled_from(
        [
            ("Europe/Berlin", "2026-03-27"),
            ("Europe/Berlin", "2026-10-23"),
            ("America/Santiago", "2026-04-03"),
            ("America/Santiago", "2026-09-04"),
            ("America/Havana", "2026-10-30"),
            ("Africa/Cairo", "2024-04-24"),
            ("Australia/Lord_Howe", "2026-04-03"),
            ("Pacific/Apia", "2011-12-28"),
            ("Asia/Kolkata", "2026-03-27"),
        ]
    ),
    begins_at=st.integers(0, 95),
    quarters=st.integers(1, 40),
)
def test_whatever_the_wall_clock_shows_within_it_is_within_it(where: tuple[str, str], begins_at: int, quarters: int):
    """And nothing else is, but for what lies between the two passes of an hour that comes twice."""
    zone, first = where
    day = calendar.day_bounds(calendar.shift(first, -7), zone).start
    start, end = day + begins_at * 15 * MINUTE, day + (begins_at + quarters) * 15 * MINUTE
    window = Bounds(calendar.day_bounds(first, zone).start, calendar.day_bounds(calendar.shift(first, 6), zone).start)
    times = list(occurrences(parse_rrule("FREQ=DAILY", "rrule"), start, end, zone, *window, 99))
    assert all(one.start <= one.end for one in times)
    extra = 0
    for instant in range(window.start, window.end, 15 * MINUTE):
        shown = calendar.local_time(instant, zone)
        since = (shown.hour * 60 + shown.minute - begins_at * 15) % 1_440
        within = any(one.start <= instant < one.end for one in times)
        if since < quarters * 15:
            assert within, f"{shown} is outside"
        elif within:
            extra += 1
    assert extra <= 4, "more than an hour too much"


# -- that it costs little ---------------------------------------------------------------------------------------


def test_a_rule_that_never_comes_is_not_looked_for(monkeypatch: pytest.MonkeyPatch):
    """The library would go through thousands of years."""

    def asked(*given: object, **more: object) -> list[datetime]:
        raise AssertionError("the library was asked")

    monkeypatch.setattr(recurrence, "_counted", asked)
    start = at("2026-03-05T10:00")  # a Thursday
    rule = parse_rrule("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "rrule")
    assert not begins(rule, start, "UTC")
    assert list(occurrences(rule, start, start + HOUR, "UTC", start, start + 9 * DAY, 9)) == []
    counted = parse_rrule("FREQ=DAILY;INTERVAL=7;BYDAY=MO;COUNT=1000", "rrule")
    assert list(occurrences(counted, start, start + HOUR, "UTC", start, start + 9 * DAY, 9)) == []
    assert ends_by(counted, start, start + HOUR, "UTC") is not None


def test_the_far_end_of_an_endless_rule_costs_no_more_than_its_beginning(monkeypatch: pytest.MonkeyPatch):
    """The library is asked for the days around the window only, a hundred years on as on the first day."""
    counted = 0
    ask = recurrence._counted

    def counting(*given: object, **more: object) -> list[datetime]:
        nonlocal counted
        times = list(ask(*given, **more))  # type: ignore[arg-type]
        counted += len(times)
        return times

    monkeypatch.setattr(recurrence, "_counted", counting)
    rule = parse_rrule("FREQ=DAILY", "rrule")
    start = at("2026-03-05T10:00")
    far = at("2190-01-01T00:00")
    assert len(list(occurrences(rule, start, start + HOUR, "UTC", far, far + DAY, 9))) == 1
    assert counted < 10


def test_the_last_of_many_and_far_apart_is_counted_to_the_end_of_the_calendar():
    rule = parse_rrule("FREQ=WEEKLY;INTERVAL=400;COUNT=1000", "rrule")
    over = ends_by(rule, at("2199-12-01T10:00"), at("2199-12-01T11:00"), "Europe/Berlin")
    assert over is not None
    assert over > at("2199-12-30T00:00")


# -- series -----------------------------------------------------------------------------------------------------


def test_a_series_names_the_times_that_the_clocks_skip():
    zone = "Europe/Berlin"
    starts = series_starts(parse_rrule("FREQ=DAILY;COUNT=3", "rrule"), at("2026-03-28T02:30", zone), zone, 60)
    assert [one.local for one in starts] == ["2026-03-28T02:30", "2026-03-29T02:30", "2026-03-30T02:30"]
    assert [one.start for one in starts] == [at("2026-03-28T02:30", zone), None, at("2026-03-30T02:30", zone)]


def test_a_series_takes_the_first_of_two_unless_the_second_was_said():
    zone = "Europe/Berlin"
    rule = parse_rrule("FREQ=DAILY;COUNT=2", "rrule")
    assert series_starts(rule, at("2026-10-24T02:30", zone), zone, 60)[1].start == at("2026-10-25T02:30", zone, 0)
    said = at("2026-10-25T02:30", zone, 1)
    assert series_starts(rule, said, zone, 60)[0].start == said


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;COUNT=61",
        "FREQ=DAILY;UNTIL=20270101",
        "FREQ=WEEKLY;INTERVAL=40;COUNT=3",
        "FREQ=WEEKLY;INTERVAL=40;UNTIL=20280101",
        "FREQ=DAILY;INTERVAL=400;COUNT=3",
        "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
        "FREQ=DAILY;UNTIL=20200101",
    ],
)
def test_a_series_without_end_too_long_or_elsewhere_is_refused(text: str):
    with pytest.raises(Invalid):
        series_starts(parse_rrule(text, "rrule"), at("2026-03-05T10:00"), "UTC", 60)  # a Thursday


def test_a_series_may_be_as_long_as_its_limit():
    starts = series_starts(parse_rrule("FREQ=DAILY;COUNT=60", "rrule"), at("2026-03-05T10:00"), "UTC", 60)
    assert len(starts) == 60
    apart = series_starts(parse_rrule("FREQ=DAILY;INTERVAL=400;COUNT=2", "rrule"), at("2026-03-05T10:00"), "UTC", 60)
    assert [one.local for one in apart] == ["2026-03-05T10:00", "2027-04-09T10:00"]
    weeks = series_starts(parse_rrule("FREQ=WEEKLY;UNTIL=20270331", "rrule"), at("2026-03-05T10:00"), "UTC", 60)
    assert len(weeks) == 56
