"""A ward on a wall that anybody may see, and the same for its staff.

Both show the beds room by room, and who waits that could come here. The wall learns no name and no id of a person: of
who waits, how urgent and since when; of a bed, its state. Staff see who it is, and who looks after him or her.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Final, cast

import msgspec

from engine import calendar
from engine.actors.admission.state import Admission, admission_key
from engine.actors.intake.state import INTAKE, Intake, Turn, Waiter
from engine.actors.patient import Patient, patient_key
from engine.actors.staff.state import Staff, staff_key
from engine.actors.ward.choosing import not_taken
from engine.actors.ward.state import Bed, BedState, Ward
from engine.actors.ward.view import counts, ready_at
from engine.decider import PersonName, Value
from engine.needs import Acuity, Reason
from engine.views.reader import Found, Id, Reader
from engine.views.wards import known_ward

MAX_WAITING: Final = 100
"""Of those who wait a board shows so many, the first; it counts all."""


class GetWardBoard(Value, frozen=True):
    """A ward as a board shows it: nobody's name or id."""

    ward_id: Id


class GetWardBeds(Value, frozen=True):
    """A ward as its staff see it: who lies where, who looks after whom, and who waits."""

    ward_id: Id


class BoardBed(msgspec.Struct, frozen=True, kw_only=True):
    """A bed on a board."""

    id: str
    label: str
    type: str
    state: BedState
    since: dt.datetime
    ready_at: dt.datetime | None
    """When it should be clean."""
    isolation: bool
    equipment: list[str]


class BoardRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room and its beds; beds that stand alone are in one without a name."""

    room: str
    beds: list[BoardBed]


class BoardWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who waits for a bed, or, lying here, for somebody to take over."""

    acuity: Acuity
    since: dt.datetime
    reason: Reason


class WardBoardView(msgspec.Struct, frozen=True, kw_only=True):
    """A ward on a wall."""

    ward_id: str
    name: str
    specialty: str
    updated_at: dt.datetime
    rooms: list[BoardRoom]
    counts: dict[BedState, int]
    waiting: list[BoardWaiting]
    waiting_count: int


class StaffBed(BoardBed, frozen=True, kw_only=True):
    """A bed, and who lies there; of a reserved one, who is expected."""

    patient_id: str | None
    patient_name: PersonName | None
    admission_id: str | None
    acuity: Acuity | None
    reserved_until: dt.datetime | None
    doctor_id: str | None
    doctor_name: PersonName | None
    nurse_id: str | None
    nurse_name: PersonName | None


class StaffRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room and its beds."""

    room: str
    beds: list[StaffBed]


class StaffWaiting(BoardWaiting, frozen=True, kw_only=True):
    """Somebody who waits."""

    admission_id: str
    patient_id: str
    patient_name: PersonName | None


class WardBedsView(msgspec.Struct, frozen=True, kw_only=True):
    """A ward for its staff."""

    ward_id: str
    name: str
    specialty: str
    updated_at: dt.datetime
    rooms: list[StaffRoom]
    counts: dict[BedState, int]
    waiting: list[StaffWaiting]
    waiting_count: int


def get_ward_board(reader: Reader, query: GetWardBoard) -> Found:
    """A ward's board, or ``NotFound``."""
    ward = known_ward(reader, query.ward_id)
    waiting, count = _waiting(reader, ward)
    rooms = [BoardRoom(room=room, beds=[_bed(ward, bed) for bed in beds]) for room, beds in _rooms(ward)]
    return Found(
        WardBoardView(
            ward_id=ward.id,
            name=ward.profile.name,
            specialty=ward.profile.specialty,
            updated_at=calendar.moment(reader.time),
            rooms=rooms,
            counts=counts(ward),
            waiting=[
                BoardWaiting(acuity=one.acuity, since=calendar.moment(one.since), reason=one.reason) for one in waiting
            ],
            waiting_count=count,
        )
    )


def get_ward_beds(reader: Reader, query: GetWardBeds) -> Found:
    """A ward's board for its staff, or ``NotFound``."""
    ward = known_ward(reader, query.ward_id)
    waiting, count = _waiting(reader, ward)
    people = _People(reader)
    return Found(
        WardBedsView(
            ward_id=ward.id,
            name=ward.profile.name,
            specialty=ward.profile.specialty,
            updated_at=calendar.moment(reader.time),
            rooms=[
                StaffRoom(room=room, beds=[_staff_bed(people, ward, bed) for bed in beds])
                for room, beds in _rooms(ward)
            ],
            counts=counts(ward),
            waiting=[
                StaffWaiting(
                    acuity=one.acuity,
                    since=calendar.moment(one.since),
                    reason=one.reason,
                    admission_id=one.admission_id,
                    patient_id=one.patient_id,
                    patient_name=people.patient(one.patient_id),
                )
                for one in waiting
            ],
            waiting_count=count,
        )
    )


class _People:
    """Names by id. A doctor looks after many beds, and is looked up once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._staff: dict[str, PersonName | None] = {}

    def admission(self, admission_id: str) -> Admission | None:
        return cast("Admission | None", self._reader.look(admission_key(admission_id)))

    def patient(self, patient_id: str) -> PersonName | None:
        patient = cast("Patient | None", self._reader.look(patient_key(patient_id)))
        return None if patient is None else patient.name

    def staff(self, staff_id: str) -> PersonName | None:
        if not staff_id:
            return None
        if staff_id not in self._staff:
            member = cast("Staff | None", self._reader.look(staff_key(staff_id)))
            self._staff[staff_id] = None if member is None else member.profile.name
        return self._staff[staff_id]


def _rooms(ward: Ward) -> list[tuple[str, list[Bed]]]:
    """Rooms in order of name, beds in order of label, numbers in them by their value."""
    rooms: dict[str, list[Bed]] = {}
    for bed in ward.beds.values():
        rooms.setdefault(bed.profile.room, []).append(bed)
    return [
        (room, sorted(rooms[room], key=lambda bed: (_natural(bed.profile.label), bed.id)))
        for room in sorted(rooms, key=_natural)
    ]


def _natural(text: str) -> list[tuple[bool, int, str]]:
    """``Bed 9`` before ``Bed 10``; a text without a number before one with."""
    parts: list[tuple[bool, int, str]] = []
    word, digits = "", ""
    for letter in f"{text} ":
        if letter.isascii() and letter.isdigit():
            digits += letter
            continue
        if digits:
            parts += [(False, 0, word), (True, int(digits), "")]
            word = digits = ""
        word += letter
    return [*parts, (False, 0, word)]


def _bed(ward: Ward, bed: Bed) -> BoardBed:
    return BoardBed(
        id=bed.id,
        label=bed.profile.label,
        type=bed.profile.type,
        state=bed.state,
        since=calendar.moment(bed.since),
        ready_at=ready_at(ward, bed),
        isolation=bed.profile.isolation,
        equipment=list(bed.profile.equipment),
    )


def _staff_bed(people: _People, ward: Ward, bed: Bed) -> StaffBed:
    occupant = bed.occupant
    admission = people.admission(occupant.admission_id) if occupant is not None and occupant.admission_id else None
    carers = admission.carers if admission is not None else None
    doctor_id, nurse_id = (carers.doctor_id, carers.nurse_id) if carers is not None else ("", "")
    return StaffBed(
        id=bed.id,
        label=bed.profile.label,
        type=bed.profile.type,
        state=bed.state,
        since=calendar.moment(bed.since),
        ready_at=ready_at(ward, bed),
        isolation=bed.profile.isolation,
        equipment=list(bed.profile.equipment),
        patient_id=occupant.patient_id if occupant is not None else None,
        patient_name=people.patient(occupant.patient_id) if occupant is not None else None,
        admission_id=admission.id if admission is not None else None,
        acuity=admission.acuity if admission is not None else None,
        reserved_until=calendar.moment(bed.reserved_until) if bed.reserved_until else None,
        doctor_id=doctor_id or None,
        doctor_name=people.staff(doctor_id),
        nurse_id=nurse_id or None,
        nurse_name=people.staff(nurse_id),
    )


def _waiting(reader: Reader, ward: Ward) -> tuple[list[Waiter], int]:
    """Who waits that could come here, or lies here and waits for somebody: the first, in their order, and how many."""
    intake = cast("Intake | None", reader.look(INTAKE))
    if intake is None:
        return [], 0
    lines = list(_lines(intake, ward))
    first = islice(merge(*lines), MAX_WAITING)
    return [intake.waiting[id] for _, _, id in first], sum(map(len, lines))


def _lines(intake: Intake, ward: Ward) -> Iterator[list[Turn]]:
    for (need, _, wants_bed, lies_in), line in intake.lines.items():
        if lies_in == ward.id or (wants_bed and not not_taken(ward, need)):
            yield line
