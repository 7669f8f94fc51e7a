"""R1..R5 of a weekly template."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from engine import calendar
from engine.actors.slot_template import (
    SLOT_TEMPLATE,
    CreateTemplate,
    DayException,
    NoteGenerated,
    RetireTemplate,
    ReviseTemplate,
    Shift,
    TemplateGone,
    WeeklyPlan,
    shift_on,
    template_view,
)
from engine.decider import HOUR
from engine.errors import Invalid, NotFound, Stale
from tests.engine.actors.asked import Actor

BERLIN, NEW_YORK, KOLKATA, APIA = "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"
ALL = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def plan(**fields: Any) -> WeeklyPlan:
    usual: dict[str, Any] = {
        "weekdays": ("MON", "THU"), "start_time": "09:00", "end_time": "12:00", "max_capacity": 12,
        "valid_from": date(2026, 1, 1),
    }  # fmt: skip
    return WeeklyPlan(**{**usual, **fields})


def template(**fields: Any) -> Actor:
    actor = Actor(SLOT_TEMPLATE, "t1")
    actor.ask(CreateTemplate("d1", plan(**fields)))
    return actor


def shown(shift: Shift | None, zone: str) -> tuple[str, str]:
    assert shift is not None
    assert not shift.skipped
    start, end = calendar.local_time(shift.start, zone), calendar.local_time(shift.end, zone)
    return start.strftime("%m-%d %H:%M"), end.strftime("%m-%d %H:%M")


def on(day: date, zone: str = KOLKATA, holidays: frozenset[date] = frozenset(), **fields: Any) -> Shift | None:
    return shift_on(plan(**fields), day, holidays, zone)


def test_the_week_says_which_days():
    assert shown(on(date(2026, 2, 2)), KOLKATA) == ("02-02 09:00", "02-02 12:00")
    assert on(date(2026, 2, 3)) is None


def test_validity_includes_both_ends():
    fields: dict[str, Any] = {"valid_from": date(2026, 2, 2), "valid_until": date(2026, 2, 9)}
    days = [day for day in range(1, 29) if on(date(2026, 2, day), **fields)]
    assert days == [2, 5, 9]


def test_an_exception_is_a_day_off_or_other_times():
    off = DayException(date=date(2026, 2, 2))
    other = DayException(date=date(2026, 2, 5), start_time="14:00", end_time="16:00", max_capacity=3)
    extra = DayException(date=date(2026, 2, 7), start_time="10:00", end_time="11:00")
    fields: dict[str, Any] = {"exceptions": (off, other, extra)}
    assert on(date(2026, 2, 2), **fields) == Shift(skipped="day_off")
    thursday, saturday = on(date(2026, 2, 5), **fields), on(date(2026, 2, 7), **fields)
    assert (shown(thursday, KOLKATA), thursday and thursday.max_capacity) == (("02-05 14:00", "02-05 16:00"), 3)
    assert (shown(saturday, KOLKATA), saturday and saturday.max_capacity) == (("02-07 10:00", "02-07 11:00"), 12)


def test_a_holiday_wins_over_an_exception():
    other = DayException(date=date(2026, 2, 5), start_time="14:00", end_time="16:00")
    holidays = frozenset({date(2026, 2, 5)})
    assert on(date(2026, 2, 5), holidays=holidays, exceptions=(other,)) == Shift(skipped="holiday")


def test_a_slot_may_reach_over_midnight():
    night = on(date(2026, 2, 2), start_time="22:00", end_time="06:00")
    assert shown(night, KOLKATA) == ("02-02 22:00", "02-03 06:00")


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        (BERLIN, date(2026, 3, 29), "02:30", "04:00"),
        (BERLIN, date(2026, 3, 29), "01:00", "02:30"),
        (BERLIN, date(2026, 3, 28), "22:00", "02:00"),
        (NEW_YORK, date(2026, 3, 8), "02:00", "05:00"),
        (APIA, date(2011, 12, 30), "09:00", "12:00"),
    ],
)
def test_a_time_that_the_clocks_skip_makes_no_slot(zone: str, day: date, start: str, end: str):
    shift = on(day, zone, weekdays=ALL, start_time=start, end_time=end, valid_from=date(2011, 1, 1))
    assert shift == Shift(skipped="no_such_local_time")


@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "hours"),
    [
        (BERLIN, date(2026, 3, 29), "01:00", "04:00", 2),
        (BERLIN, date(2026, 10, 25), "02:30", "04:00", 2.5),  # the first 02:30 is meant
        (BERLIN, date(2026, 10, 25), "01:00", "02:30", 1.5),
        (NEW_YORK, date(2026, 11, 1), "00:00", "00:00", 25),
        (NEW_YORK, date(2026, 3, 8), "00:00", "00:00", 23),
        (KOLKATA, date(2026, 3, 8), "00:00", "00:00", 24),
        (BERLIN, date(2026, 7, 1), "09:00", "12:00", 3),
    ],
)
def test_a_slot_lasts_as_long_as_the_clocks_make_it(zone: str, day: date, start: str, end: str, hours: float):
    shift = on(day, zone, weekdays=ALL, start_time=start, end_time=end)
    assert shift is not None
    assert shift.end - shift.start == hours * HOUR


def test_a_day_is_made_once_also_after_a_change():
    actor = template()
    actor.ask(NoteGenerated({"2026-02-02": "s1"}))
    actor.ask(ReviseTemplate(plan(start_time="10:00"), None))
    assert actor.state.generated == {"2026-02-02": "s1"}
    assert actor.ask(NoteGenerated({})) == []
    with pytest.raises(AssertionError):
        actor.ask(NoteGenerated({"2026-02-02": "s2"}))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"valid_until": date(2025, 12, 31)}, "valid_until"),
        ({"valid_from": date(1, 1, 1)}, "valid_from"),
        ({"valid_until": date(9999, 12, 31)}, "valid_until"),
        ({"weekdays": ("MON", "MON")}, "weekdays"),
        ({"exceptions": (DayException(date=date(2026, 2, 2)),) * 2}, "exceptions[1].date"),
        ({"exceptions": (DayException(date=date(9999, 12, 31)),)}, "exceptions[0].date"),
        ({"exceptions": (DayException(date=date(2026, 2, 2), start_time="09:00"),)}, "exceptions[0]"),
    ],
)
def test_a_plan_without_meaning_is_invalid(fields: dict[str, Any], field: str):
    for ask in (lambda: template(**fields), lambda: template().ask(ReviseTemplate(plan(**fields), None))):
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.facts["field"] == field


@pytest.mark.parametrize("value", ["24:00", "9:00", "09:60", "09:00:00", "", "noon", "٠٩:٠٠", "09:00\n"])
def test_what_is_no_time_on_a_clock_is_refused_by_its_type(value: str):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(
            {
                "weekdays": ["MON"],
                "start_time": value,
                "end_time": "12:00",
                "max_capacity": 1,
                "valid_from": "2026-01-01",
            },
            WeeklyPlan,
        )


def test_a_change_of_another_version_is_stale():
    actor = template()
    actor.ask(ReviseTemplate(plan(max_capacity=3), 1))
    for command in (ReviseTemplate(plan(), 1), RetireTemplate(1)):
        with pytest.raises(Stale):
            actor.ask(command)


def test_a_removed_template_is_readable_and_makes_nothing():
    actor = template()
    actor.ask(RetireTemplate(None))
    view = template_view(actor.state)
    assert (view.retired, view.doctor_id, view.weekdays) == (True, "d1", ("MON", "THU"))
    for command in (ReviseTemplate(plan(), None), RetireTemplate(None), NoteGenerated({"2026-02-02": "s"})):
        with pytest.raises(TemplateGone):
            actor.ask(command)


def test_an_unknown_template_is_not_found():
    with pytest.raises(NotFound):
        Actor(SLOT_TEMPLATE, "t").ask(RetireTemplate(None))
