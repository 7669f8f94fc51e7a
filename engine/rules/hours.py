"""Local hours of weekdays, in minutes from midnight; hours that close before they open end on the next day."""

from __future__ import annotations

from collections.abc import Collection

from engine.rules.subject import Subject

DAY_MINUTES = 1_440


def minutes_of(clock: str) -> int:
    """``HH:MM`` as minutes from midnight; 1,440 for ``24:00``."""
    return int(clock[:2]) * 60 + int(clock[3:5])


def lies_within(subject: Subject, days: Collection[int], opens: int, closes: int) -> bool:
    """Whether the whole appointment lies in these hours; hours that join at midnight are one stretch.

    Where the clocks go back an appointment may seem to end before it begins: then all between the two counts.
    """
    first = min(subject.from_minute, subject.to_minute)
    last = max(subject.from_minute, subject.to_minute)
    length = closes - opens if opens < closes else closes - opens + DAY_MINUTES
    reached: int | None = None
    # An appointment lasts a day at most, so nothing but the day before, its own and the two after it can hold it.
    for shift in (-1, 0, 1, 2):
        if (subject.weekday + shift) % 7 in days:
            begin = shift * DAY_MINUTES + opens
            if begin <= (first if reached is None else reached) < begin + length:
                reached = begin + length
    return reached is not None and last <= reached


def begins_within(subject: Subject, opens: int, closes: int) -> bool:
    """Whether the appointment begins in these hours of any day."""
    if opens < closes:
        return opens <= subject.from_minute < closes
    return subject.from_minute >= opens or subject.from_minute < closes
