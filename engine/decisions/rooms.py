"""Rooms: opened, changed, shown otherwise, retired. The room and its clinic's list of rooms change together.

R1  A room belongs to one clinic for ever; the clinic lists it as it is.
R2  A room that cannot be had any more keeps what is booked in it, and the answer lists that; nobody is sent away.
R3  A room that is new, or can be had again, or fits what it did not fit before, goes to who waits for one, in the
    same decision.
R4  A room with anything in it that is not over is not retired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

from msgspec import Meta

from engine.actors.clinic.commands import DelistRoom
from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.clinic_day.state import ClinicDay, clinic_day_key
from engine.actors.clinic_day.view import AppointmentView, appointment_view
from engine.actors.hospital import Hospital, Id
from engine.actors.room import room_key
from engine.actors.room.commands import ChangeDisplay, RetireRoom
from engine.actors.room.decide import in_use
from engine.actors.room.display import color
from engine.actors.room.state import Display, Room, Taken
from engine.actors.room.view import RoomView, room_view
from engine.decider import At, Deciding, Decision, Done, Find, Look, Propose, Value
from engine.decisions import finding
from engine.decisions.rooming.plan import Plan
from engine.errors import Invalid, NotFound
from engine.rules.subject import MAX_EQUIPMENT, Gender, RoomProfile, Word

MAX_AFFECTED: Final = 200
"""Appointments that an answer lists, and that one decision moves."""

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Words = Annotated[tuple[Word, ...], Meta(max_length=MAX_EQUIPMENT)]
Age = Annotated[int, Meta(ge=0, le=150)]
Minutes = Annotated[int, Meta(ge=0, le=480)]
Label = Annotated[str, Meta(max_length=40, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]


class RoomFields(Value, frozen=True, kw_only=True):
    """What a room is. What restricts nothing is left out."""

    name: Name
    type: Word
    equipment: Words = ()
    capacity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    department: Word | None = None
    floor: Annotated[int, Meta(ge=-20, le=200)] | None = None
    tags: Words = ()
    is_available: bool = True
    isolation: bool = False
    accessible: bool = False
    genders: Annotated[tuple[Gender, ...], Meta(max_length=3)] = ()
    min_age: Age | None = None
    max_age: Age | None = None
    doctors: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    """Whose room it is; nobody else may have it."""
    max_daily: Annotated[int, Meta(ge=1, le=1_440)] | None = None
    setup_minutes: Minutes = 0
    """Held before each appointment,"""
    cleaning_minutes: Minutes = 0
    """and after it."""


class AddRoom(RoomFields, frozen=True, kw_only=True):
    """Add a room to a clinic."""

    clinic_id: Id


class ChangeRoom(RoomFields, frozen=True, kw_only=True):
    """Replace what a room is; what is booked in it stays there."""

    room_id: Id
    if_version: int | None = None


class RemoveRoom(Value, frozen=True):
    """Use a room no longer; its history stays readable."""

    room_id: Id
    if_version: int | None = None


class SetRoomDisplay(Value, frozen=True):
    """How boards show it. ``color_hex``: ``#RRGGBB``, or null for a colour of its own."""

    room_id: Id
    color_hex: Annotated[str, Meta(max_length=64)] | None = None
    label: Label = ""
    display_order: Annotated[int, Meta(ge=-10_000, le=10_000)] = 0
    if_version: int | None = None


class ChangedRoomView(RoomView, frozen=True):
    """A room, and what is booked in it although it cannot be had any more: the first of ``affected_count``."""

    affected: list[AppointmentView]
    affected_count: int


def add(command: AddRoom, at: At) -> Deciding:
    """R1, R3."""
    hospital = yield from finding.the_hospital()
    plan = Plan(hospital, at)
    clinic = yield from plan.clinic(command.clinic_id)
    room_id = at.new_id(0)
    profile = yield from _profile(room_id, command)
    plan.open_room(clinic.id, profile, Display())
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(hospital, room_id, at, "created")


def change(command: ChangeRoom, at: At) -> Deciding:
    """R2, R3."""
    hospital = yield from finding.the_hospital()
    room = yield from the_room(command.room_id)
    in_use(room, command.if_version)
    profile = yield from _profile(room.id, command)
    plan = Plan(hospital, at)
    yield from plan.alter_room(room.id, profile=profile, if_version=command.if_version)
    yield from plan.fill()
    yield from plan.propose()
    held = [] if profile.is_available else [one for one in room.calendar if min(one.end, one.busy_to) > at.time]
    listed = yield from days_of(room.clinic_id, held)
    key = room_key(room.id)

    def answer(look: Callable[[str], Any]) -> ChangedRoomView:
        view = room_view(look(key), at.time, hospital.link_key.text, hospital.id)
        return ChangedRoomView(
            **{name: getattr(view, name) for name in view.__struct_fields__},
            affected=appointments(look, room.clinic_id, listed),
            affected_count=len(held),
        )

    return Done(answer)


def remove(command: RemoveRoom, at: At) -> Deciding:
    """R4."""
    yield from finding.the_hospital()
    room = yield from the_room(command.room_id)
    yield Propose(room_key(room.id), RetireRoom(command.if_version))
    yield Propose(clinic_key(room.clinic_id), DelistRoom(room.id))
    return Done(outcome="removed")


def set_display(command: SetRoomDisplay, at: At) -> Deciding:
    """Only the room decides."""
    hospital = yield from finding.the_hospital()
    room = yield from the_room(command.room_id)
    display = Display(color(command.color_hex), command.label.strip(), command.display_order)
    yield Propose(room_key(room.id), ChangeDisplay(display, command.if_version))
    return as_it_is(hospital, room.id, at)


def the_room(room_id: str) -> finding.Deciding[Room]:
    """The room of this id, a retired one too."""
    room: Room | None = yield Look(room_key(room_id))
    if room is None or not room.version:
        raise NotFound("there is no such room", field="room_id", room_id=room_id)
    return room


def as_it_is(hospital: Hospital, room_id: str, at: At, outcome: str = "ok") -> Done:
    """The room as the decision leaves it."""
    key = room_key(room_id)
    return Done(lambda look: room_view(look(key), at.time, hospital.link_key.text, hospital.id), outcome)


def days_of(clinic_id: str, held: Iterable[Taken]) -> finding.Deciding[list[tuple[str, str]]]:
    """The first of these appointments as (id, key of the day that it is in), so that an answer can show them."""
    listed: list[tuple[str, str]] = []
    for one in held:
        if len(listed) == MAX_AFFECTED:
            break
        key = clinic_day_key(clinic_id, one.day)
        day: ClinicDay | None = yield Look(key)
        if day is not None and one.appointment_id in day.appointments:
            listed.append((one.appointment_id, key))
    return listed


def appointments(
    look: Callable[[str], Any], clinic_id: str, listed: Iterable[tuple[str, str]]
) -> list[AppointmentView]:
    """These appointments as the decision leaves them; a hold that it ended is not among them."""
    clinic: Clinic = look(clinic_key(clinic_id))
    found = [(look(key).appointments.get(id), key) for id, key in listed]
    return [appointment_view(clinic_id, one, clinic.rooms) for one, _ in found if one is not None]


def _profile(room_id: str, fields: RoomFields) -> finding.Deciding[RoomProfile]:
    if fields.min_age is not None and fields.max_age is not None and fields.min_age > fields.max_age:
        raise Invalid("min_age is not above max_age", field="min_age")
    for doctor_id in fields.doctors:
        if (yield Find("doctors", doctor_id)) is None:
            raise NotFound("there is no such doctor", field="doctors", doctor_id=doctor_id)
    given: dict[str, Any] = {
        name: getattr(fields, name) for name in RoomFields.__struct_fields__ if name not in _TIDIED
    }
    return RoomProfile(
        id=room_id,
        name=_tidy(fields.name, "name"),
        type=_tidy(fields.type, "type"),
        department=_tidy(fields.department, "department") if fields.department is not None else "",
        equipment=tuple(_tidy(word, "equipment") for word in fields.equipment),
        tags=tuple(_tidy(word, "tags") for word in fields.tags),
        genders=tuple(sorted(set(fields.genders))),
        doctors=tuple(sorted(set(fields.doctors))),
        **given,
    )


_TIDIED: Final = frozenset(("name", "type", "department", "equipment", "tags", "genders", "doctors"))


def _tidy(text: str, field: str) -> str:
    tidy = " ".join(text.split())
    if not tidy:
        raise Invalid(f"{field} must not be blank", field=field)
    return tidy


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("rooms", command.room_id)


ADD_ROOM = Decision(command=AddRoom, run=add, home=lambda command, find: find("clinics", command.clinic_id))
CHANGE_ROOM = Decision(command=ChangeRoom, run=change, home=_home)
REMOVE_ROOM = Decision(command=RemoveRoom, run=remove, home=_home)
SET_ROOM_DISPLAY = Decision(command=SetRoomDisplay, run=set_display, home=_home)
