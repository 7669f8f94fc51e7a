"""Which slots a doctor, a day or a stretch of days has, read from the doctors' days instead of from every slot.

Slots come by day, then doctor, then start; that is the order of every list that goes by days, because a page
then reads only the few doctors' days that it shows. It knows nothing of tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple, cast

from engine import calendar
from engine.actors.doctor_day import DoctorDay
from engine.actors.hospital import HOSPITAL, Hospital
from engine.errors import NotFound
from engine.views.reader import Reader

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

    def __contains__(self, day: object) -> bool:
        return isinstance(day, str) and self.first <= day <= self.last

    def each(self) -> list[str] | None:
        """Every day, or ``None`` when an end is open or there are more than ``MAX_DAYS``."""
        if not self.first or self.last == "~":
            return None
        count = (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days + 1
        return [calendar.shift(self.first, n) for n in range(count)] if count <= MAX_DAYS else None


def the_hospital(reader: Reader) -> Hospital:
    """The hospital's own state."""
    state = cast("Hospital | None", reader.look(HOSPITAL))
    if state is None:
        raise NotFound("there is no such hospital")
    return state


def days_between(reader: Reader, day: date | None, start: datetime | None, end: datetime | None) -> Days:
    """The local days in which something that starts in ``[start, end)``, or on ``day``, can lie."""
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


def slots_in(reader: Reader, days: Days, doctor_id: str | None, after: SlotPlace | None) -> Iterator[SlotPlace] | None:
    """The slots of these days from ``after`` on (that one included); ``None`` when no index leads there."""
    each = days.each()
    if doctor_id is not None:
        return _walk(reader, _days_of_doctor(reader, days, doctor_id), after)
    if each is not None:
        return _walk(reader, _days_of_all(reader, each, after), after)
    return None


def _days_of_doctor(reader: Reader, days: Days, doctor_id: str) -> Iterator[tuple[str, str]]:
    if days.first == days.last:
        yield days.first, doctor_id
        return
    for key in sorted(reader.members(f"doctor:{doctor_id}")):
        if (day := key.rpartition(":")[2]) in days:
            yield day, doctor_id


def _days_of_all(reader: Reader, days: list[str], after: SlotPlace | None) -> Iterator[tuple[str, str]]:
    for day in days:
        if after is None or day >= after.day:
            for key in sorted(reader.members(f"day:{day}")):
                yield day, key.split(":")[1]


def _walk(reader: Reader, days: Iterator[tuple[str, str]], after: SlotPlace | None) -> Iterator[SlotPlace]:
    for day, doctor_id in days:
        if after is not None and (day, doctor_id) < (after.day, after.doctor_id):
            continue
        state = cast("DoctorDay | None", reader.look(f"doctor_day:{doctor_id}:{day}"))
        for slot in state.slots if state is not None else ():
            place = SlotPlace(day, doctor_id, slot.start, slot.id)
            if after is None or place >= after:
                yield place
