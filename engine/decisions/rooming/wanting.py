"""What a decision wants of rooms, and what it can be offered instead. Times are µs, days local (``YYYY-MM-DD``)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day.state import Appointment, clinic_day_key
from engine.actors.hospital import Id
from engine.calendar import Bounds
from engine.decider import DAY, MINUTE, FreeText, Value
from engine.errors import Invalid
from engine.rules.subject import MAX_EQUIPMENT, Wish, Word

Moment = Annotated[datetime, Meta(tz=True)]

BACK_ENTRY = DAY
"""How long after its start an appointment may still be entered, for what was written down during a downtime."""


class Asked(Value, frozen=True):
    """What every request for an appointment says; with ``room_id`` this room or none."""

    clinic_id: Id
    patient_id: Id
    doctor_id: Id
    start_time: Moment
    end_time: Moment
    room_id: Id | None = None
    room_type: Word | None = None
    required_equipment: Annotated[tuple[Word, ...], Meta(max_length=MAX_EQUIPMENT)] = ()
    capacity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    department: Word | None = None
    isolation: bool = False
    accessible: bool = False
    preferred_floor: Annotated[int, Meta(ge=-20, le=200)] | None = None
    overlap_reason: FreeText | None = None
    note: FreeText | None = None


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """One appointment-to-be. ``overlapping``: the patient may be elsewhere then, somebody said why."""

    appointment_id: str
    clinic_id: str
    patient_id: str
    doctor_id: str
    start: int
    end: int
    day: str
    wish: Wish
    overlapping: bool = False


class Found(NamedTuple):
    """An appointment as it is in the plan; ``day`` is the local day on which it starts."""

    clinic: Clinic
    day: str
    appointment: Appointment

    @property
    def key(self) -> str:
        """The actor of the clinic's day."""
        return clinic_day_key(self.clinic.id, self.day)


class OtherRoom(msgspec.Struct, frozen=True):
    """A room that could be had at the wanted time."""

    room_id: str
    name: str
    score: int


class OtherTime(msgspec.Struct, frozen=True):
    """Another time, and a room that could be had then."""

    start_time: int
    end_time: int
    room_id: str


class Alternatives(msgspec.Struct, frozen=True):
    """What could be had instead; each was tested by the code that books."""

    rooms: tuple[OtherRoom, ...] = ()
    times: tuple[OtherTime, ...] = ()

    def facts(self) -> dict[str, Any]:
        """As a refusal tells them."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def time_of(clinic: Clinic, start_time: datetime, end_time: datetime, now: int) -> Bounds:
    """The time of an appointment, or ``Invalid``: it begins before it ends, is not too long, and not long ago."""
    start, end = calendar.instant(start_time, "start_time"), calendar.instant(end_time, "end_time")
    if start >= end:
        raise Invalid("an appointment ends after it begins", field="end_time")
    longest = clinic.settings.longest_minutes
    if end - start > longest * MINUTE:
        raise Invalid(f"an appointment of this clinic lasts {longest} minutes at most", field="end_time")
    if start < now - BACK_ENTRY:
        raise Invalid("the appointment began more than a day ago", field="start_time")
    return Bounds(start, end)


def wish_of(asked: Asked) -> Wish:
    """What is asked of the room."""
    return Wish(
        room_type=asked.room_type or "",
        required_equipment=asked.required_equipment,
        capacity=asked.capacity,
        department=asked.department or "",
        isolation=asked.isolation,
        accessible=asked.accessible,
        preferred_floor=asked.preferred_floor,
    )


def want_of(asked: Asked, clinic: Clinic, appointment_id: str, time_zone: str, now: int) -> Want:
    """The appointment-to-be of a request."""
    start, end = time_of(clinic, asked.start_time, asked.end_time, now)
    if asked.overlap_reason is not None and not asked.overlap_reason.text.strip():
        raise Invalid("say why the patient may be in two places", field="overlap_reason")
    return Want(
        appointment_id=appointment_id,
        clinic_id=clinic.id,
        patient_id=asked.patient_id,
        doctor_id=asked.doctor_id,
        start=start,
        end=end,
        day=calendar.local_day(start, time_zone),
        wish=wish_of(asked),
        overlapping=asked.overlap_reason is not None,
    )


def again(clinic_id: str, day: str, one: Appointment) -> Want:
    """The want of an appointment that is there: the same time, doctor and wish."""
    return Want(
        appointment_id=one.id,
        clinic_id=clinic_id,
        patient_id=one.patient_id,
        doctor_id=one.doctor_id,
        start=one.start,
        end=one.end,
        day=day,
        wish=one.wish,
        overlapping=one.overlap_reason is not None,
    )
