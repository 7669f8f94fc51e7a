"""Lists of rooms and of their closures. When a room is held stands in its schedule, not here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.room.calendar import conflicts
from engine.actors.room.closing import closed_times
from engine.actors.room.state import Closure, ClosureKind, Room
from engine.actors.room.view import ClosureStatus, ClosureView, RoomView, closure_status, closure_view, room_view
from engine.decider import Value
from engine.errors import Invalid, NotFound
from engine.rules.subject import MAX_EQUIPMENT, Word
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import clinic_of, known_room, room_of
from engine.views.states import the_hospital

LONGEST_WORD = 60  # characters; as in a room's own words
Words = Annotated[str, Meta(max_length=(LONGEST_WORD + 1) * MAX_EQUIPMENT)]
"""Words with commas in between."""
Moment = Annotated[dt.datetime, Meta(tz=True)]


class ListRooms(ListQuery, frozen=True):
    """Rooms in the order in which they were added; every filter narrows. ``equipment``: all of it, with commas between.

    ``available_at``: in use by nobody at this instant, and not closed. Rooms no longer used only with ``retired``.
    """

    clinic_id: Id | None = None
    type: Word | None = None
    equipment: Words | None = None
    capacity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    department: Word | None = None
    floor: int | None = None
    tag: Word | None = None
    available_at: Moment | None = None
    retired: bool = False


class GetRoom(Value, frozen=True):
    """One room, also one that is no longer used."""

    room_id: Id


class ListClosures(ListQuery, frozen=True):
    """Closures in the order in which they were made; those that are over or taken back only with their ``status``."""

    room_id: Id | None = None
    clinic_id: Id | None = None
    kind: ClosureKind | None = None
    status: ClosureStatus | None = None


class GetClosure(Value, frozen=True):
    """One closure, also one that is over."""

    closure_id: Id


def list_rooms(reader: Reader, query: ListRooms) -> Found:
    """A page of rooms."""
    after = position(query, ById)
    wanted, show = _filter(query), _shown(reader)

    def rows() -> Iterator[tuple[ById, Room | None]]:
        for id in _rooms(reader, query, after.id if after is not None else None):
            room = room_of(reader, id)
            yield ById(id), room if room is not None and wanted(room) else None

    found: Page[RoomView] = page(query, rows(), show)
    return Found(found)


def get_room(reader: Reader, query: GetRoom) -> Found:
    """A room, or ``NotFound``."""
    room = known_room(reader, query.room_id)
    return Found(_shown(reader)(room), room.version)


def list_closures(reader: Reader, query: ListClosures) -> Found:
    """A page of closures."""
    after = position(query, ById)
    first = after.id if after is not None else None

    def wanted(room: Room, closure: Closure) -> bool:
        if query.clinic_id not in (None, room.clinic_id) or query.kind not in (None, closure.kind):
            return False
        status = closure_status(room, closure, reader.time)
        return status in ("planned", "active") if query.status is None else status == query.status

    def rows() -> Iterator[tuple[ById, tuple[Room, Closure] | None]]:
        for id in _closures(reader, query, first):
            found = _closure(reader, id)
            yield ById(id), found if found is not None and wanted(*found) else None

    def show(found: tuple[Room, Closure]) -> ClosureView:
        return closure_view(*found, reader.time)

    found: Page[ClosureView] = page(query, rows(), show)
    return Found(found)


def get_closure(reader: Reader, query: GetClosure) -> Found:
    """A closure, or ``NotFound``."""
    found = _closure(reader, query.closure_id)
    if found is None:
        raise NotFound("there is no such closure", closure_id=query.closure_id)
    return Found(closure_view(*found, reader.time))


def words(text: str | None, field: str) -> frozenset[str]:
    """The words of a parameter; ``Invalid`` where they are too many, or one is too long to be any room's."""
    given = [word.strip() for word in (text or "").split(",") if word.strip()]
    if len(given) > MAX_EQUIPMENT:
        raise Invalid(f"at most {MAX_EQUIPMENT} words", field=field)
    if any(len(word) > LONGEST_WORD for word in given):
        raise Invalid(f"a word has at most {LONGEST_WORD} characters", field=field)
    return frozenset(given)


def _shown(reader: Reader) -> Callable[[Room], RoomView]:
    hospital = the_hospital(reader)
    link_key = hospital.link_key.text

    return lambda room: room_view(room, reader.time, link_key, hospital.id)


def _rooms(reader: Reader, query: ListRooms, after: str | None) -> Iterable[str]:
    """The ids of the rooms looked at: those of the clinic that is named; it does not list those no longer used."""
    if query.clinic_id is None or query.retired:
        return filed(reader, "rooms", after)
    clinic = clinic_of(reader, query.clinic_id)
    return sorted(id for id in (clinic.rooms if clinic is not None else ()) if after is None or id > after)


def _filter(query: ListRooms) -> Callable[[Room], bool]:
    equipment = words(query.equipment, "equipment")
    instant = calendar.instant(query.available_at, "available_at") if query.available_at is not None else None

    def wanted(room: Room) -> bool:
        profile = room.profile
        return (
            room.retired == query.retired
            and query.clinic_id in (None, room.clinic_id)
            and query.type in (None, profile.type)
            and equipment.issubset(profile.equipment)
            and query.capacity <= profile.capacity
            and query.department in (None, profile.department)
            and query.floor in (None, profile.floor)
            and (query.tag is None or query.tag in profile.tags)
            and (instant is None or _free_at(room, instant))
        )

    return wanted


def _free_at(room: Room, instant: int) -> bool:
    return (
        room.profile.is_available
        and not conflicts(room, instant, instant + 1)
        and not closed_times(room, instant, instant + 1)
    )


def _closures(reader: Reader, query: ListClosures, after: str | None) -> Iterable[str]:
    if query.room_id is None:
        return filed(reader, "closures", after)
    room = room_of(reader, query.room_id)
    return sorted(id for id in (room.closures if room is not None else ()) if after is None or id > after)


def _closure(reader: Reader, closure_id: str) -> tuple[Room, Closure] | None:
    key = reader.find("closures", closure_id)
    room: Any = room_of(reader, key.partition(":")[2]) if key is not None else None
    closure = room.closures.get(closure_id) if room is not None else None
    return None if closure is None else (room, closure)
