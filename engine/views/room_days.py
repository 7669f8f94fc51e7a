"""A day of one room for staff, and a day of all rooms of a clinic for a board that anybody may see.

What is shown of a day is what touches it: an appointment of the evening before that ends in it, cleaning that goes on
past midnight, each time of a closure. The board learns when a room is held, and nothing of who comes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from engine import calendar
from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day import waits
from engine.actors.clinic_day.state import Appointment
from engine.actors.room.closing import closed_times
from engine.actors.room.display import color_of, contrast_text
from engine.actors.room.state import Display, Room
from engine.actors.room.view import RoomState, standing_at
from engine.calendar import Bounds
from engine.decider import Value
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import around, known_clinic, known_room, room_of, touches
from engine.views.states import the_hospital

OVER = ("cancelled", "no_show")


class GetRoomSchedule(Value, frozen=True):
    """What a room is held for on a local day, today without ``date``; with ``cancelled`` what is off, too."""

    room_id: Id
    date: dt.date | None = None
    cancelled: bool = False


class GetClinicDay(Value, frozen=True):
    """All rooms of a clinic on a local day, today without ``date``, as a board shows them: nobody's name or id."""

    clinic_id: Id
    date: dt.date | None = None


class ScheduleItem(msgspec.Struct, frozen=True, kw_only=True):
    """One time that the room is held; ``status`` of a closure is its kind."""

    kind: str
    """``appointment``, ``hold`` or ``closure``."""
    appointment_id: str | None = None
    closure_id: str | None = None
    start_time: dt.datetime
    end_time: dt.datetime
    busy_from: dt.datetime | None
    busy_to: dt.datetime | None
    status: str
    doctor_id: str | None = None


class ScheduleView(msgspec.Struct, frozen=True, kw_only=True):
    """A room's day, in order of time."""

    room_id: str
    date: str
    time_zone: str
    day_start: dt.datetime
    day_end: dt.datetime
    items: list[ScheduleItem]


class DayItem(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a room is held, as a board shows it."""

    kind: str
    """``appointment``, ``hold`` or ``closure``."""
    id: str
    start_time: dt.datetime
    end_time: dt.datetime
    busy_from: dt.datetime | None
    busy_to: dt.datetime | None
    status: str


class DayRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room on a board; ``state`` as it is now, whatever the day."""

    id: str
    name: str
    label: str
    color_hex: str
    contrast_text_color: str
    type: str
    floor: int | None
    state: RoomState
    items: list[DayItem]


class WaitingItem(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment that waits for a room; somebody should see to it by ``deadline``."""

    id: str
    start_time: dt.datetime
    end_time: dt.datetime
    deadline: dt.datetime


class ClinicDayView(msgspec.Struct, frozen=True, kw_only=True):
    """The rooms of a clinic on a local day, in the order in which they are displayed."""

    clinic_id: str
    clinic_name: str
    date: str
    time_zone: str
    day_start: dt.datetime
    day_end: dt.datetime
    rooms: list[DayRoom]
    waiting: list[WaitingItem]
    updated_at: dt.datetime


def get_room_schedule(reader: Reader, query: GetRoomSchedule) -> Found:
    """A room's day, or ``NotFound``."""
    room = known_room(reader, query.room_id)
    zone = the_hospital(reader).time_zone
    day = _day(reader, query.date, zone)
    bounds = calendar.day_bounds(day, zone)
    items = [
        _entry(one)
        for one in around(reader, room.clinic_id, day)
        if one.room_id == room.id and touches(one, bounds) and (query.cancelled or one.status not in OVER)
    ]
    items += [
        ScheduleItem(
            kind="closure",
            closure_id=closure.id,
            start_time=calendar.moment(closed.start),
            end_time=calendar.moment(closed.end),
            busy_from=calendar.moment(closed.start),
            busy_to=calendar.moment(closed.end),
            status=closure.kind,
        )
        for closed, closure in closed_times(room, *bounds)
    ]
    items.sort(key=lambda item: (item.busy_from or item.start_time, item.start_time, item.appointment_id or ""))
    start, end = map(calendar.moment, bounds)
    view = ScheduleView(room_id=room.id, date=day, time_zone=zone, day_start=start, day_end=end, items=items)
    return Found(view)


def get_clinic_day(reader: Reader, query: GetClinicDay) -> Found:
    """A clinic's day, or ``NotFound``."""
    clinic = known_clinic(reader, query.clinic_id)
    zone = the_hospital(reader).time_zone
    day = _day(reader, query.date, zone)
    bounds = calendar.day_bounds(day, zone)
    by_room: dict[str, list[Appointment]] = {}
    waiting: list[Appointment] = []
    for one in around(reader, clinic.id, day):
        if one.status in OVER or not touches(one, bounds):
            continue
        if one.room_id:
            by_room.setdefault(one.room_id, []).append(one)
        elif waits(one):
            waiting.append(one)
    rooms = [_room(room, by_room.get(room.id, ()), bounds, reader.time) for room in _rooms(reader, clinic, by_room)]
    waiting.sort(key=lambda one: (one.start, one.id))
    return Found(
        ClinicDayView(
            clinic_id=clinic.id,
            clinic_name=clinic.name,
            date=day,
            time_zone=zone,
            day_start=calendar.moment(bounds.start),
            day_end=calendar.moment(bounds.end),
            rooms=rooms,
            waiting=[_waiting(one) for one in waiting],
            updated_at=calendar.moment(reader.time),
        )
    )


def _day(reader: Reader, day: dt.date | None, zone: str) -> str:
    return calendar.local_day(reader.time, zone) if day is None else calendar.checked(day, "date").isoformat()


def _rooms(reader: Reader, clinic: Clinic, held: Iterable[str]) -> list[Room]:
    """The clinic's rooms, and those that it had when something was booked in them."""
    ids = dict.fromkeys((*clinic.rooms, *held))
    rooms = [room for id in ids if (room := room_of(reader, id)) is not None]
    return sorted(rooms, key=lambda room: (room.display.order, room.profile.name, room.id))


def _room(room: Room, appointments: Iterable[Appointment], bounds: Bounds, time: int) -> DayRoom:
    color, text_color = _colors(room.display, room.id)
    items = [*_held(appointments), *_closed(room, bounds)]
    items.sort(key=lambda item: (item.busy_from or item.start_time, item.id))
    return DayRoom(
        id=room.id,
        name=room.profile.name,
        label=room.display.label,
        color_hex=color,
        contrast_text_color=text_color,
        type=room.profile.type,
        floor=room.profile.floor,
        state=standing_at(room, time).state,
        items=items,
    )


@lru_cache(maxsize=8_192)
def _colors(display: Display, room_id: str) -> tuple[str, str]:
    """A room's colour and that of the text on it. Kept: working them out costs more than the rest of a room's day."""
    color = color_of(display, room_id)
    return color, contrast_text(color)


def _held(appointments: Iterable[Appointment]) -> Iterator[DayItem]:
    for one in appointments:
        yield DayItem(
            kind=_kind(one),
            id=one.id,
            start_time=calendar.moment(one.start),
            end_time=calendar.moment(one.end),
            busy_from=_moment(one.busy_from),
            busy_to=_moment(one.busy_to),
            status=one.status,
        )


def _closed(room: Room, bounds: Bounds) -> Iterator[DayItem]:
    for closed, closure in closed_times(room, *bounds):
        start, end = map(calendar.moment, closed)
        yield DayItem(
            kind="closure", id=closure.id, start_time=start, end_time=end, busy_from=start, busy_to=end,
            status=closure.kind,
        )  # fmt: skip


def _entry(one: Appointment) -> ScheduleItem:
    return ScheduleItem(
        kind=_kind(one),
        appointment_id=one.id,
        start_time=calendar.moment(one.start),
        end_time=calendar.moment(one.end),
        busy_from=_moment(one.busy_from),
        busy_to=_moment(one.busy_to),
        status=one.status,
        doctor_id=one.doctor_id,
    )


def _waiting(one: Appointment) -> WaitingItem:
    assert one.escalation is not None
    return WaitingItem(
        id=one.id,
        start_time=calendar.moment(one.start),
        end_time=calendar.moment(one.end),
        deadline=calendar.moment(one.escalation.deadline),
    )


def _kind(one: Appointment) -> str:
    return "hold" if one.status == "held" else "appointment"


def _moment(time: int) -> dt.datetime | None:
    return calendar.moment(time) if time else None
