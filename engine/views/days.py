"""Which slots a doctor, a day or a stretch of days has, and which days a patient has, read from their own days.

Slots come by day, then doctor, then start; that is the order of every list that goes by days, because a page
then reads only the few doctors' days that it shows. Where no day is named to begin with, the latest comes first:
what people look for is near, and what is years back would have to be read from disk. Knows nothing of tokens.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple, cast

from engine import calendar
from engine.actors.doctor_day import DoctorDay, doctor_day_key
from engine.actors.patient_day import PatientDay, patient_day_key
from engine.views.reader import Reader
from engine.views.states import the_hospital

MAX_DAYS = 92  # days walked one by one; a list over more of them, of no doctor, goes by the table of slots


class SlotPlace(NamedTuple):
    """Where a slot stands in the order of days; ``start`` in µs."""

    day: str
    doctor_id: str
    start: int
    slot_id: str


class CommitmentPlace(NamedTuple):
    """Where a token or entry stands in the order of its patient's days."""

    day: str
    token_id: str


class Days(NamedTuple):
    """Local days from ``first`` to ``last``, both included; ``""`` and ``"~"`` leave an end open."""

    first: str = ""
    last: str = "~"

    def holds(self, day: str) -> bool:
        """Whether the day is one of these."""
        return self.first <= day <= self.last

    @property
    def latest_first(self) -> bool:
        """Whether there is no day to begin with."""
        return not self.first

    @property
    def few(self) -> bool:
        """Whether they can be walked one by one."""
        if not self.first or self.last == "~":
            return False
        return (dt.date.fromisoformat(self.last) - dt.date.fromisoformat(self.first)).days < MAX_DAYS


def days_between(reader: Reader, day: dt.date | None, start: dt.datetime | None, end: dt.datetime | None) -> Days:
    """The local days in which a slot can lie that is of ``day`` and starts in ``[start, end)``."""
    first, last = Days()
    if start is not None or end is not None:
        zone = the_hospital(reader).time_zone
        if start is not None:
            first = calendar.local_day(calendar.instant(start, "from_time"), zone)
        if end is not None:
            last = calendar.local_day(calendar.instant(end, "to_time") - 1, zone)
    if day is not None:
        named = calendar.checked(day, "date").isoformat()
        first, last = max(first, named), min(last, named)
    return Days(first, last)


def slots_in(reader: Reader, days: Days, doctor_id: str | None, after: SlotPlace | None) -> Iterator[SlotPlace]:
    """The slots of these days from ``after`` on, that one included; of all doctors only when the days are few."""
    ways = _of_all(reader, days, after) if doctor_id is None else _of_doctor(reader, days, doctor_id, after)
    for day, doctor in ways:
        state = cast("DoctorDay | None", reader.look(doctor_day_key(doctor, day)))
        for slot in state.slots if state is not None else ():
            place = SlotPlace(day, doctor, slot.start, slot.id)
            if after is None or (day, doctor) != after[:2] or place >= after:
                yield place


def commitments(
    reader: Reader, patient_id: str, days: Days, after: CommitmentPlace | None
) -> Iterator[tuple[CommitmentPlace, str]]:
    """The patient's tokens and waiting entries on these days beyond ``after``, each with the id of its slot."""
    for day in _walk(reader, f"patient:{patient_id}", days, after.day if after is not None else None):
        state = cast("PatientDay | None", reader.look(patient_day_key(patient_id, day)))
        for one in sorted(state.commitments, key=lambda one: one.token_id) if state is not None else ():
            if after is None or day != after.day or one.token_id > after.token_id:
                yield CommitmentPlace(day, one.token_id), one.slot_id


def _of_doctor(reader: Reader, days: Days, doctor_id: str, after: SlotPlace | None) -> Iterator[tuple[str, str]]:
    for day in _walk(reader, f"doctor:{doctor_id}", days, after.day if after is not None else None):
        yield day, doctor_id


def _walk(reader: Reader, group: str, days: Days, start: str | None) -> Iterator[str]:
    """The days for which a group has an actor, from ``start`` on."""
    if days.first == days.last:
        yield days.first
        return
    named = (key.rpartition(":")[2] for key in reader.members(group))
    for day in sorted(filter(days.holds, named), reverse=days.latest_first):
        if start is None or day == start or (day < start) == days.latest_first:
            yield day


def _of_all(reader: Reader, days: Days, after: SlotPlace | None) -> Iterator[tuple[str, str]]:
    assert days.few, "too many days to walk one by one"
    day = days.first
    while day <= days.last:
        if after is None or day >= after.day:
            for key in sorted(reader.members(f"day:{day}")):
                doctor = key.split(":")[1]
                if after is None or (day, doctor) >= after[:2]:
                    yield day, doctor
        day = calendar.shift(day, 1)
