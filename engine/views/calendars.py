"""What a calendar programme shows of a room or of a doctor: which appointments are when, and which are off.

A feed says nothing of patients: whoever has its link may be a screen on a wall. Everything stands in it once, as it is
now; an appointment that left this room, or this doctor, stands in it as cancelled. Holds are left out: they are gone
before any calendar asks again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from hmac import compare_digest
from typing import Annotated, Final, Literal, NamedTuple, cast

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.clinic_day.state import Appointment, ClinicDay
from engine.actors.doctor import Doctor, doctor_key
from engine.actors.room.view import calendar_link, calendar_token
from engine.decider import PersonName, Private, Value
from engine.errors import NotFound
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import Booked, all_on, clinic_of, clinics_days, day_of, days_of, known_room, one_of
from engine.views.states import the_hospital

BACK, AHEAD = 31, 400  # days

Token = Annotated[str, Meta(max_length=64)]
EventStatus = Literal["CONFIRMED", "CANCELLED"]
OFF: Final = ("cancelled", "no_show")


class RoomCalendar(Value, frozen=True):
    """A room's appointments as an iCalendar feed, from 31 days back to 400 ahead. ``token``: opens it without a key."""

    room_id: Id
    token: Token | None = None


class DoctorCalendar(Value, frozen=True):
    """A doctor's appointments as an iCalendar feed, of the same days. ``token``: opens it without a key."""

    doctor_id: Id
    token: Token | None = None


class DoctorCalendarLink(Value, frozen=True):
    """The address of a doctor's feed, with its token."""

    doctor_id: Id


class CalendarEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One appointment. ``uid`` never changes; ``sequence`` rises with each change."""

    uid: str
    sequence: int
    status: EventStatus
    start_time: dt.datetime
    end_time: dt.datetime
    summary: str
    location: str
    created_at: dt.datetime
    updated_at: dt.datetime


class CalendarView(msgspec.Struct, frozen=True, kw_only=True):
    """A whole feed, its events in order of time."""

    name: PersonName
    time_zone: str
    events: list[CalendarEvent]


class LinkView(msgspec.Struct, frozen=True):
    """A path that opens a feed for whoever has it."""

    calendar_link: Private


class _At(NamedTuple):
    """An appointment as one feed has it: where it is, or where it was before it left."""

    booked: Booked
    start: int
    end: int
    room_id: str
    gone: bool


def room_calendar(reader: Reader, query: RoomCalendar) -> Found:
    """A room's feed, or ``NotFound``; so is a token that is not the room's."""
    _check(reader, "rooms", query.room_id, query.token)
    room = known_room(reader, query.room_id)
    hospital = the_hospital(reader)
    found = [at for one in _of_clinic(reader, room.clinic_id) if (at := _in_room(one, room.id)) is not None]
    name = room.display.label or room.profile.name
    clinic = clinic_of(reader, room.clinic_id)
    where = room.profile.name if clinic is None else f"{room.profile.name}, {clinic.name}"
    events = [_event(at, hospital.id, _SUMMARY[at.booked.appointment.status], where) for at in found]
    return Found(CalendarView(name=PersonName(name, ""), time_zone=hospital.time_zone, events=_sorted(events)))


def doctor_calendar(reader: Reader, query: DoctorCalendar) -> Found:
    """A doctor's feed, or ``NotFound``; so is a token that is not the doctor's."""
    _check(reader, "doctors", query.doctor_id, query.token)
    doctor = cast("Doctor | None", reader.look(doctor_key(query.doctor_id)))
    if doctor is None:
        raise NotFound("there is no such doctor", doctor_id=query.doctor_id)
    hospital = the_hospital(reader)
    events = []
    for day in _near(reader, days_of(reader, "doctor", doctor.id)):
        for state in all_on(reader, day):
            clinic = clinic_of(reader, state.clinic_id)
            for one in _of_state(reader, state):
                at = _of_doctor(one, doctor.id)
                if at is not None:
                    profile = clinic.rooms.get(at.room_id) if clinic is not None else None
                    where = ", ".join([*([profile.name] if profile else ()), *([clinic.name] if clinic else ())])
                    events.append(_event(at, hospital.id, _SUMMARY[one.appointment.status], where))
    return Found(CalendarView(name=doctor.name, time_zone=hospital.time_zone, events=_sorted(events)))


def doctor_calendar_link(reader: Reader, query: DoctorCalendarLink) -> Found:
    """The path of a doctor's feed, or ``NotFound``."""
    if reader.look(doctor_key(query.doctor_id)) is None:
        raise NotFound("there is no such doctor", doctor_id=query.doctor_id)
    hospital = the_hospital(reader)
    return Found(LinkView(calendar_link(hospital.link_key.text, "doctors", query.doctor_id, hospital.id)))


def _check(reader: Reader, what: Literal["rooms", "doctors"], id: str, token: str | None) -> None:
    if token is None:
        return
    expected = calendar_token(the_hospital(reader).link_key.text, what, id).text
    if not compare_digest(token.encode(), expected.encode()):
        raise NotFound("there is no such calendar")


# -- which appointments -------------------------------------------------------------------------------------


def _near(reader: Reader, days: list[str]) -> list[str]:
    today = calendar.local_day(reader.time, the_hospital(reader).time_zone)
    first, last = calendar.shift(today, -BACK), calendar.shift(today, AHEAD)
    return sorted(day for day in days if first <= day <= last)


def _of_clinic(reader: Reader, clinic_id: str) -> Iterator[Booked]:
    for day in _near(reader, clinics_days(reader, clinic_id)):
        state = day_of(reader, clinic_id, day)
        if state is not None:
            yield from _of_state(reader, state)


def _of_state(reader: Reader, state: ClinicDay) -> Iterator[Booked]:
    """A day's appointments, and those that left it, as they are where they went."""
    for one in state.appointments.values():
        yield Booked(state.clinic_id, one)
    for id in state.moved:
        moved = one_of(reader, id)
        if moved is not None:
            yield moved


def _in_room(one: Booked, room_id: str) -> _At | None:
    appointment = one.appointment
    if appointment.status == "held":
        return None
    if appointment.room_id == room_id:
        return _At(one, appointment.start, appointment.end, room_id, appointment.status in OFF)
    for before, start, end in reversed(appointment.before):
        if before == room_id:
            return _At(one, start, end, room_id, gone=True)
    return None


def _of_doctor(one: Booked, doctor_id: str) -> _At | None:
    appointment = one.appointment
    if appointment.status == "held":
        return None
    mine = appointment.doctor_id == doctor_id
    if mine or doctor_id in appointment.doctors_before:
        off = not mine or appointment.status in OFF
        return _At(one, appointment.start, appointment.end, appointment.room_id, off)
    return None


# -- how they look ------------------------------------------------------------------------------------------

_SUMMARY: Final[dict[str, str]] = {
    "booked": "Appointment",
    "checked_in": "Appointment (patient is here)",
    "in_progress": "Appointment (under way)",
    "completed": "Appointment (over)",
    "cancelled": "Appointment (cancelled)",
    "no_show": "Appointment (patient did not come)",
}


def _event(at: _At, hospital_id: str, summary: str, location: str) -> CalendarEvent:
    one: Appointment = at.booked.appointment
    return CalendarEvent(
        uid=f"{one.id}@{hospital_id}",
        sequence=one.version - 1,
        status="CANCELLED" if at.gone else "CONFIRMED",
        start_time=calendar.moment(at.start),
        end_time=calendar.moment(at.end),
        summary=summary,
        location=location,
        created_at=calendar.moment(one.created_at),
        updated_at=calendar.moment(one.updated_at),
    )


def _sorted(events: list[CalendarEvent]) -> list[CalendarEvent]:
    """In order of time, each appointment once: one that moved from a day to another was met on both."""
    return sorted({event.uid: event for event in events}.values(), key=lambda event: (event.start_time, event.uid))
