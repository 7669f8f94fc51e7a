"""A question on the hospital's clocks: local minutes, nights, daylight saving; and who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine import calendar
from engine.rules.hours import lies_within
from engine.rules.subject import Subject, Wish
from engine.rules.subjects import subject_of

BERLIN = "Europe/Berlin"
ALL_DAYS = frozenset(range(7))


def asked(start: datetime, end: datetime, zone: str = BERLIN, **who: Any) -> Subject:
    begins, ends = calendar.instant(start, "start"), calendar.instant(end, "end")
    return subject_of(Wish(), "d1", "p1", begins, ends, zone, **who)


def utc(day: int, hour: int, minute: int = 0, second: int = 0, month: int = 2) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


def test_minutes_are_local_and_an_end_past_midnight_adds_a_day():
    subject = asked(utc(2, 22, 30), utc(3, 0, 15))
    assert (subject.weekday, subject.from_minute, subject.to_minute) == (0, 23 * 60 + 30, 24 * 60 + 75)


def test_the_weekday_is_that_of_the_local_day():
    assert asked(utc(2, 23, 30), utc(2, 23, 45)).weekday == 1
    assert asked(utc(2, 23, 30), utc(2, 23, 45), "UTC").weekday == 0


def test_a_minute_that_has_begun_counts():
    assert asked(utc(2, 8), utc(2, 9, 0, 1)).to_minute == 601
    assert asked(utc(2, 8, 0, 59), utc(2, 9)).from_minute == 540


def test_an_appointment_over_the_hour_that_is_shown_twice_lies_where_its_ends_do():
    # 2026-10-25: 01:30Z is 02:30 for the second time, half an hour after 02:30 for the first became 03:00 again.
    subject = asked(utc(25, 0, 45, month=10), utc(25, 1, 15, month=10))
    assert (subject.from_minute, subject.to_minute) == (165, 135)
    assert lies_within(subject, ALL_DAYS, 120, 180)
    assert not lies_within(subject, ALL_DAYS, 150, 180)


@pytest.mark.parametrize(
    ("birth", "age"),
    [("", None), ("2008-02-02", 18), ("2008-02-03", 17), ("2008-02-01", 18), ("1926-02-02", 100), ("2026-02-02", 0)],
)
def test_age_is_in_whole_years_on_the_local_day(birth: str, age: int | None):
    assert asked(utc(2, 8), utc(2, 9), birth=birth).age == age


def test_who_was_born_on_the_29th_of_february_is_a_year_older_on_the_first_of_march():
    assert asked(utc(28, 8), utc(28, 9), birth="2008-02-29").age == 17
    assert asked(utc(1, 8, month=3), utc(1, 9, month=3), birth="2008-02-29").age == 18


@pytest.mark.parametrize(
    ("told", "gender"),
    [("", ""), (" Female ", "female"), ("F", "female"), ("male", "male"), ("Diverse", "other"), ("ಪುರುಷ", "ಪುರುಷ")],
)
def test_a_gender_is_read_from_what_was_written(told: str, gender: str):
    assert asked(utc(2, 8), utc(2, 9), gender=told).gender == gender


def night(begins: int, ends: int, weekday: int = 0) -> Subject:
    return Subject(
        wish=Wish(), doctor_id="d", patient_id="p", start=0, end=1, weekday=weekday, from_minute=begins, to_minute=ends
    )


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin():
    friday_night = frozenset({4})
    assert lies_within(night(23 * 60, 25 * 60, weekday=4), friday_night, 22 * 60, 6 * 60)
    assert lies_within(night(60, 6 * 60, weekday=5), friday_night, 22 * 60, 6 * 60)
    assert not lies_within(night(60, 6 * 60, weekday=4), friday_night, 22 * 60, 6 * 60)
    assert not lies_within(night(60, 6 * 60 + 1, weekday=5), friday_night, 22 * 60, 6 * 60)


def test_days_that_are_open_throughout_join_at_midnight():
    assert lies_within(night(23 * 60, 25 * 60), ALL_DAYS, 0, 1_440)
    assert not lies_within(night(23 * 60, 25 * 60), frozenset({0}), 0, 1_440)
