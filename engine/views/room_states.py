"""The states that queries about rooms meet everywhere: a clinic, a room, a clinic's day, a person's days.

Who has a room on a day is asked of the clinic's days, that one and the two beside it: an appointment may span
midnight, and setup and cleaning reach beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

from engine import calendar
from engine.actors.agenda import Person, agenda_group
from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.clinic_day import clinic_day_key
from engine.actors.clinic_day.state import Appointment, ClinicDay
from engine.actors.room.state import Room, room_key
from engine.calendar import Bounds
from engine.errors import NotFound
from engine.views.reader import Reader


class Booked(NamedTuple):
    """An appointment, and the clinic whose it is."""

    clinic_id: str
    appointment: Appointment


def clinic_of(reader: Reader, clinic_id: str) -> Clinic | None:
    """The clinic's state, ``None`` when the id is unknown."""
    clinic = cast("Clinic | None", reader.look(clinic_key(clinic_id)))
    return clinic if clinic is not None and clinic.version else None


def known_clinic(reader: Reader, clinic_id: str) -> Clinic:
    """The clinic's state, or ``NotFound``; also one that is no longer used."""
    clinic = clinic_of(reader, clinic_id)
    if clinic is None:
        raise NotFound("there is no such clinic", clinic_id=clinic_id)
    return clinic


def room_of(reader: Reader, room_id: str) -> Room | None:
    """The room's state, ``None`` when the id is unknown."""
    room = cast("Room | None", reader.look(room_key(room_id)))
    return room if room is not None and room.version else None


def known_room(reader: Reader, room_id: str) -> Room:
    """The room's state, or ``NotFound``; also one that is no longer used."""
    room = room_of(reader, room_id)
    if room is None:
        raise NotFound("there is no such room", room_id=room_id)
    return room


def day_of(reader: Reader, clinic_id: str, day: str) -> ClinicDay | None:
    """The clinic's day, ``None`` while nothing was booked on it."""
    return cast("ClinicDay | None", reader.look(clinic_day_key(clinic_id, day)))


def one_of(reader: Reader, appointment_id: str) -> Booked | None:
    """An appointment by its id, also one that is over; ``None``: there is none, or its hold has ended."""
    key = reader.find("appointments", appointment_id)
    state = cast("ClinicDay | None", reader.look(key)) if key is not None else None
    found = state.appointments.get(appointment_id) if state is not None else None
    return None if state is None or found is None else Booked(state.clinic_id, found)


def booked(reader: Reader, appointment_id: str) -> Booked:
    """The same, or ``NotFound``."""
    found = one_of(reader, appointment_id)
    if found is None:
        raise NotFound("there is no such appointment, or its hold has ended", appointment_id=appointment_id)
    return found


def around(reader: Reader, clinic_id: str, day: str) -> Iterator[Appointment]:
    """Appointments of a clinic that may touch this local day: of itself, the one before and the one after."""
    for near in (calendar.shift(day, -1), day, calendar.shift(day, 1)):
        state = day_of(reader, clinic_id, near)
        if state is not None:
            yield from state.appointments.values()


def touches(appointment: Appointment, bounds: Bounds) -> bool:
    """Whether it, or its setup or cleaning, lies in this stretch of time."""
    begins = min(appointment.start, appointment.busy_from or appointment.start)
    ends = max(appointment.end, appointment.busy_to)
    return begins < bounds.end and ends > bounds.start


def clinics_days(reader: Reader, clinic_id: str) -> list[str]:
    """The local days of a clinic on which there was anything, in no order."""
    return [key.rpartition(":")[2] for key in reader.members(clinic_key(clinic_id))]


def days_of(reader: Reader, person: Person, person_id: str) -> list[str]:
    """The local days on which somebody has or had an appointment, in no order."""
    return [key.rpartition(":")[2] for key in reader.members(agenda_group(person, person_id))]


def all_on(reader: Reader, day: str) -> Iterator[ClinicDay]:
    """All clinics' states of one local day."""
    for key in reader.members(f"clinic_days:{day}"):
        state = cast("ClinicDay | None", reader.look(key))
        if state is not None:
            yield state
