"""Which rooms could be had when, and whether given times are in the way of anything.

A room is ranked by its clinic's rules and has the last word itself, as when it is booked. Where no doctor or patient is
named, a room that is only for some of them cannot be had. A question that costs too many looks is answered as far as it
goes, with where to go on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from engine import calendar
from engine.actors.clinic.state import Clinic
from engine.actors.doctor import doctor_key, in_service
from engine.actors.patient import in_use, patient_key
from engine.actors.room import objection
from engine.actors.room.state import Room
from engine.decider import DAY, MINUTE, Value
from engine.decisions.rooming.changes import Changes
from engine.decisions.rooming.choosing import candidates, question, stretch_of
from engine.decisions.rooming.wanting import Want
from engine.errors import Invalid
from engine.rules.choice import choose
from engine.rules.subject import Wish, Word
from engine.views.asking import asked, now
from engine.views.paging import filed
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import clinic_of, known_clinic, room_of
from engine.views.rooms import Moment, Words, words
from engine.views.states import the_hospital

LONGEST: Final = 31  # days
LOOKS: Final = 2_000  # rooms that one answer looks at; about 25 ms under thirty rules


class AvailableRooms(Value, frozen=True):
    """Rooms that can be had for the whole of ``[start, end)``, best first; at most 31 days.

    With ``duration_minutes``: the times of that length in it, one after another from ``start`` on, each with its rooms.
    ``doctor_id`` and ``patient_id``: for whom, where rooms or rules ask for that.
    """

    start: Moment
    end: Moment
    clinic_id: Id | None = None
    duration_minutes: Annotated[int, Meta(ge=1, le=1_440)] | None = None
    type: Word | None = None
    equipment: Words | None = None
    capacity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    department: Word | None = None
    isolation: bool = False
    accessible: bool = False
    doctor_id: Id | None = None
    patient_id: Id | None = None


class AvailableRoom(msgspec.Struct, frozen=True):
    """A room that can be had, 0..100 by the rules of its clinic."""

    room_id: str
    name: str
    clinic_id: str
    score: int


class AvailableTime(msgspec.Struct, frozen=True):
    """A time, and the rooms that can be had then."""

    start_time: dt.datetime
    end_time: dt.datetime
    rooms: list[AvailableRoom]


class AvailabilityView(msgspec.Struct, frozen=True, kw_only=True):
    """``rooms`` for the whole time, or ``slots`` where a duration was named; the other is null.

    ``next_start``: where to ask on, when there was too much to look at for one answer.
    """

    rooms: list[AvailableRoom] | None
    slots: list[AvailableTime] | None
    next_start: dt.datetime | None


def available_rooms(reader: Reader, query: AvailableRooms) -> Found:
    """Rooms, or times with their rooms; ``NotFound`` for an unknown clinic, doctor or patient."""
    start, end = calendar.instant(query.start, "start"), calendar.instant(query.end, "end")
    if end <= start:
        raise Invalid("the end lies after the start", field="end")
    if end - start > LONGEST * DAY:
        raise Invalid(f"at most {LONGEST} days after start", field="end")
    if query.patient_id is not None:
        in_use(reader.look(patient_key(query.patient_id)))
    if query.doctor_id is not None:
        in_service(reader.look(doctor_key(query.doctor_id)))
    clinics = _Clinics(reader, query)
    if query.duration_minutes is None:
        return Found(AvailabilityView(rooms=clinics.rooms(start, end), slots=None, next_start=None))
    length = query.duration_minutes * MINUTE
    slots: list[AvailableTime] = []
    while start + length <= end:
        if slots and clinics.looks + clinics.size > LOOKS:
            return Found(AvailabilityView(rooms=None, slots=slots, next_start=calendar.moment(start)))
        found = clinics.rooms(start, start + length)
        slots.append(AvailableTime(calendar.moment(start), calendar.moment(start + length), found))
        start += length
    return Found(AvailabilityView(rooms=None, slots=slots, next_start=None))


class _Clinics:
    """The clinics that are asked, and what is wanted of them; it keeps what each time of one answer needs."""

    def __init__(self, reader: Reader, query: AvailableRooms) -> None:
        self._reader = reader
        self._changes = Changes(the_hospital(reader), now(reader))
        self._want = _want(query)
        ids: Iterable[str] = filed(reader, "clinics", None) if query.clinic_id is None else (query.clinic_id,)
        self._clinics = [clinic for id in ids if (clinic := clinic_of(reader, id)) is not None and not clinic.retired]
        if query.clinic_id is not None and not self._clinics:
            known_clinic(reader, query.clinic_id)
        self._rooms: dict[str, Room | None] = {}
        self.size = max(1, sum(len(clinic.rooms) for clinic in self._clinics))
        self.looks = 0

    def rooms(self, start: int, end: int) -> list[AvailableRoom]:
        """The rooms of all of them that can be had for ``[start, end)``, best first, then by id."""
        day = calendar.local_day(start, self._changes.time_zone)
        want = replace(self._want, start=start, end=end, day=day)
        found = [room for clinic in self._clinics for room in self._of_clinic(clinic, want)]
        if len(self._clinics) > 1:
            found.sort(key=lambda room: (-room.score, room.room_id))
        self.looks += self.size
        return found

    def _of_clinic(self, clinic: Clinic, want: Want) -> Iterator[AvailableRoom]:
        _, policy, subject, days = asked(self._reader, question(self._changes, clinic, want))
        there = candidates(clinic.rooms.values(), policy, want.doctor_id, want.start, want.end, days)
        for ranked in choose(policy, subject, there).ranked:
            profile = clinic.rooms[ranked.room_id]
            room = self._room(ranked.room_id)
            if room is not None and objection(room, stretch_of(profile, policy, want)) is None:
                yield AvailableRoom(room.id, profile.name, clinic.id, ranked.score)

    def _room(self, room_id: str) -> Room | None:
        if room_id not in self._rooms:
            self._rooms[room_id] = room_of(self._reader, room_id)
        return self._rooms[room_id]


def _want(query: AvailableRooms) -> Want:
    wish = Wish(
        room_type=query.type or "",
        required_equipment=tuple(sorted(words(query.equipment, "equipment"))),
        capacity=query.capacity,
        department=query.department or "",
        isolation=query.isolation,
        accessible=query.accessible,
    )
    return Want(
        appointment_id="", clinic_id=query.clinic_id or "", patient_id=query.patient_id or "",
        doctor_id=query.doctor_id or "", start=0, end=0, day="", wish=wish,
    )  # fmt: skip
