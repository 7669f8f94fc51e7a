"""Whether given times are in the way of anything: of rooms, of doctors, of patients. Up to a hundred in one question.

What is asked here is what a booking asks, by the same functions, whatever the rules of the clinic prefer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from engine import calendar
from engine.actors.agenda import DoctorConflict, PatientOverlap
from engine.actors.doctor import doctor_key
from engine.actors.patient import patient_key
from engine.actors.room.calendar import conflicts
from engine.actors.room.closing import closed_times
from engine.decider import DAY, Value
from engine.decisions.rooming.changes import Changes
from engine.decisions.rooming.choosing import policy_of, stretch_of
from engine.decisions.rooming.people import free_people
from engine.decisions.rooming.wanting import Want
from engine.errors import Invalid, NotFound
from engine.rules.choice import NO_RULES
from engine.rules.subject import Wish
from engine.views.asking import asked, now
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import clinic_of, known_room
from engine.views.rooms import Moment
from engine.views.states import the_hospital

LONGEST: Final = DAY
"""An appointment lasts no longer."""
What = Literal["appointment", "closure", "unavailable", "doctor", "patient"]


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time in a room, and perhaps of a doctor or a patient. What ``appointment_id`` holds is not in its way."""

    room_id: Id
    start_time: Moment
    end_time: Moment
    doctor_id: Id | None = None
    patient_id: Id | None = None
    appointment_id: Id | None = None


class CheckConflicts(Value, frozen=True):
    """Up to a hundred times; each is answered by itself, as if none of the others were booked."""

    checks: Annotated[list[Check], Meta(min_length=1, max_length=100)]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in the way, and when it is there."""

    kind: What
    appointment_id: str | None = None
    closure_id: str | None = None
    slot_id: str | None = None
    start_time: dt.datetime
    end_time: dt.datetime


class CheckedView(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the way of one time, in order of time; nothing: it can be had."""

    conflict: bool
    with_: list[Conflict] = msgspec.field(name="with")


class ConflictsView(msgspec.Struct, frozen=True):
    """One result per check, in order."""

    results: list[CheckedView]


def check_conflicts(reader: Reader, query: CheckConflicts) -> Found:
    """One result per check; ``NotFound`` when any of them names a room, a doctor or a patient that is not there."""
    zone = the_hospital(reader).time_zone
    results = []
    for index, check in enumerate(query.checks):
        start = calendar.instant(check.start_time, f"checks[{index}].start_time")
        end = calendar.instant(check.end_time, f"checks[{index}].end_time")
        if not start < end <= start + LONGEST:
            raise Invalid("after the start, and at most a day after it", field=f"checks[{index}].end_time")
        if check.doctor_id is not None and reader.look(doctor_key(check.doctor_id)) is None:
            raise NotFound("there is no such doctor", doctor_id=check.doctor_id)
        if check.patient_id is not None and reader.look(patient_key(check.patient_id)) is None:
            raise NotFound("there is no such patient", patient_id=check.patient_id)
        want = _want(check, start, end, zone)
        found = [*_of_room(reader, check, want), *_of_people(reader, want)]
        found.sort(key=lambda one: (one.start_time, one.end_time))
        results.append(CheckedView(conflict=bool(found), with_=found))
    return Found(ConflictsView(results))


def _of_room(reader: Reader, check: Check, want: Want) -> Iterator[Conflict]:
    room = known_room(reader, check.room_id)
    if room.retired or not room.profile.is_available:
        yield _conflict("unavailable", want.start, want.end)
    clinic = clinic_of(reader, room.clinic_id)
    policy = policy_of(clinic, want.day) if clinic is not None else NO_RULES
    held = stretch_of(room.profile, policy, want)
    for taken in conflicts(room, held.busy_from, held.busy_to, (want.appointment_id,)):
        yield _conflict("appointment", taken.start, taken.end, appointment_id=taken.appointment_id)
    for bounds, closure in closed_times(room, want.start, want.end):
        yield _conflict("closure", bounds.start, bounds.end, closure_id=closure.id)


def _of_people(reader: Reader, want: Want) -> Iterator[Conflict]:
    """Both are asked, each for himself: what is in the way of one does not hide the other's."""
    changes = Changes(the_hospital(reader), now(reader))
    alone: tuple[tuple[What, Want], ...] = (
        ("doctor", replace(want, patient_id="")),
        ("patient", replace(want, doctor_id="")),
    )
    for kind, one in alone:
        try:
            asked(reader, free_people(changes, one))
        except (DoctorConflict, PatientOverlap) as refused:
            facts = refused.facts
            yield _conflict(
                kind, facts["start_time"], facts["end_time"], appointment_id=facts.get("appointment_id"),
                slot_id=facts.get("slot_id"),
            )  # fmt: skip


def _conflict(kind: What, start: int, end: int, **ids: str | None) -> Conflict:
    return Conflict(kind=kind, start_time=calendar.moment(start), end_time=calendar.moment(end), **ids)


def _want(check: Check, start: int, end: int, zone: str) -> Want:
    return Want(
        appointment_id=check.appointment_id or "", clinic_id="", patient_id=check.patient_id or "",
        doctor_id=check.doctor_id or "", start=start, end=end, day=calendar.local_day(start, zone), wish=Wish(),
    )  # fmt: skip
