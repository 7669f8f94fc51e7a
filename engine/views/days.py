"""Which slots a doctor, a day or a stretch of days has, and which days a patient has, read from their own days.

Slots come by day, then doctor, then start; that is the order of every list that goes by days, because a page
then reads only the few doctors' days that it shows. It knows nothing of tokens.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple, cast

from engine import calendar
from engine.actors.doctor_day import DoctorDay, doctor_day_key
from engine.actors.patient_day import PatientDay
from engine.views.reader import Reader
from engine.views.states import the_hospital

MAX_DAYS = 92  # days walked one by one; a list over more of them, of no doctor, goes by the table of slots


class SlotPlace(NamedTuple):
    """Where a slot stands in the order of days; ``start`` in µs."""

    day: str
    doctor_id: str
    start: int
    slot_id: str


class Days(NamedTuple):
    """Local days from ``first`` to ``last``, both included; ``""`` and ``"~"`` leave an end open."""

    first: str = ""
    last: str = "~"

    def holds(self, day: str) -> bool:
        """Whether the day is one of these."""
        return self.first <= day <= self.last

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
    for day, doctor in _of_doctor(reader, days, doctor_id) if doctor_id is not None else _of_all(reader, days, after):
        if after is not None and (day, doctor) < (after.day, after.doctor_id):
            continue
        state = cast("DoctorDay | None", reader.look(doctor_day_key(doctor, day)))
        for slot in state.slots if state is not None else ():
            place = SlotPlace(day, doctor, slot.start, slot.id)
            if after is None or place >= after:
                yield place


def patient_days(reader: Reader, patient_id: str, days: Days, first: str) -> Iterator[tuple[str, PatientDay]]:
    """The patient's days of these from ``first`` on."""
    for key in sorted(reader.members(f"patient:{patient_id}")):
        day = key.rpartition(":")[2]
        if day >= first and days.holds(day):
            state = cast("PatientDay | None", reader.look(key))
            if state is not None:
                yield day, state


def _of_doctor(reader: Reader, days: Days, doctor_id: str) -> Iterator[tuple[str, str]]:
    if days.first == days.last:
        yield days.first, doctor_id
        return
    for key in sorted(reader.members(f"doctor:{doctor_id}")):
        day = key.rpartition(":")[2]
        if days.holds(day):
            yield day, doctor_id


def _of_all(reader: Reader, days: Days, after: SlotPlace | None) -> Iterator[tuple[str, str]]:
    assert days.few, "too many days to walk one by one"
    day = days.first
    while day <= days.last:
        if after is None or day >= after.day:
            for key in sorted(reader.members(f"day:{day}")):
                yield day, key.split(":")[1]
        day = calendar.shift(day, 1)
