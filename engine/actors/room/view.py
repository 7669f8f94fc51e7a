"""How a room and its closures are answered, as they are at ``time`` (µs)."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from engine import calendar
from engine.actors.room.calendar import conflicts, neighbours
from engine.actors.room.closing import begun, closed_times, next_time
from engine.actors.room.display import auto_color, color_of, color_source, contrast_text
from engine.actors.room.state import Closure, ClosureKind, ColorSource, Room
from engine.actors.slot.view import link
from engine.decider import DAY, MINUTE, FreeText, Private
from engine.rules.subject import Gender

RoomState = Literal["available", "maintenance", "closed", "cleaning", "occupied"]
ClosureStatus = Literal["planned", "active", "ended", "removed"]
"""``active``: it has begun and may still count; a recurring one also between its times."""

_SHOWN: Final[dict[ClosureKind, RoomState]] = {
    "maintenance": "maintenance",
    "closed": "closed",
    "blocked": "closed",
    "cleaning": "cleaning",
}


class DisplayView(msgspec.Struct, frozen=True):
    """How boards show it. ``contrast_text_color`` can be read on ``color_hex``."""

    color_hex: str
    color_source: ColorSource
    auto_generated_color: str
    contrast_text_color: str
    label: str
    display_order: int


class RoomView(msgspec.Struct, frozen=True):
    """A room. ``calendar_link`` only for staff: whoever has it reads the room's calendar feed."""

    id: str
    clinic_id: str
    name: str
    type: str
    equipment: list[str]
    capacity: int
    department: str
    floor: int | None
    tags: list[str]
    is_available: bool
    isolation: bool
    accessible: bool
    genders: list[Gender]
    min_age: int | None
    max_age: int | None
    doctors: list[str]
    max_daily: int | None
    setup_minutes: int
    cleaning_minutes: int
    display: DisplayView
    state: RoomState
    state_until: datetime | None
    calendar_link: Private | None
    retired: bool
    created_at: datetime
    version: int


class ClosureView(msgspec.Struct, frozen=True, kw_only=True):
    """A closure. The times are those of its first time; ``next_…`` of the one that is under way or comes next."""

    id: str
    room_id: str
    clinic_id: str
    kind: ClosureKind
    status: ClosureStatus
    start_time: datetime
    end_time: datetime
    rrule: str | None
    since: datetime | None
    until: datetime | None
    """Between these it counts; null: from its first time on, and up to its last."""
    next_start_time: datetime | None
    next_end_time: datetime | None
    reason: FreeText | None
    created_at: datetime


class Standing(NamedTuple):
    """What a room is at an instant, and until when (µs) as far as is known; 0: nobody knows."""

    state: RoomState
    until: int


def room_view(room: Room, time: int, link_key: str | None = None, hospital_id: str = "") -> RoomView:
    """A room; ``link_key`` (hex) only for staff."""
    profile = room.profile
    standing = standing_at(room, time)
    return RoomView(
        id=room.id,
        clinic_id=room.clinic_id,
        name=profile.name,
        type=profile.type,
        equipment=sorted(profile.equipment),
        capacity=profile.capacity,
        department=profile.department,
        floor=profile.floor,
        tags=sorted(profile.tags),
        is_available=profile.is_available,
        isolation=profile.isolation,
        accessible=profile.accessible,
        genders=list(profile.genders),
        min_age=profile.min_age,
        max_age=profile.max_age,
        doctors=list(profile.doctors),
        max_daily=profile.max_daily,
        setup_minutes=profile.setup_minutes,
        cleaning_minutes=profile.cleaning_minutes,
        display=display_view(room),
        state=standing.state,
        state_until=calendar.moment(standing.until) if standing.until else None,
        calendar_link=calendar_link(link_key, "rooms", room.id, hospital_id) if link_key else None,
        retired=room.retired,
        created_at=calendar.moment(room.created_at),
        version=room.version,
    )


def display_view(room: Room) -> DisplayView:
    """How boards show it."""
    shown = color_of(room.display, room.id)
    return DisplayView(
        color_hex=shown,
        color_source=color_source(room.display),
        auto_generated_color=auto_color(room.id),
        contrast_text_color=contrast_text(shown),
        label=room.display.label,
        display_order=room.display.order,
    )


def closure_view(room: Room, closure: Closure, time: int) -> ClosureView:
    """A closure, one that is over included."""
    coming = next_time(closure, room.time_zone, time)
    return ClosureView(
        id=closure.id,
        room_id=room.id,
        clinic_id=room.clinic_id,
        kind=closure.kind,
        status=closure_status(room, closure, time),
        start_time=calendar.moment(closure.start),
        end_time=calendar.moment(closure.end),
        rrule=closure.rrule or None,
        since=calendar.moment(closure.since) if closure.since else None,
        until=calendar.moment(closure.until) if closure.until else None,
        next_start_time=calendar.moment(coming.start) if coming else None,
        next_end_time=calendar.moment(coming.end) if coming else None,
        reason=closure.reason,
        created_at=calendar.moment(closure.created_at),
    )


def closure_status(room: Room, closure: Closure, time: int) -> ClosureStatus:
    """Where it stands."""
    if closure.removed:
        return "removed"
    if next_time(closure, room.time_zone, time) is None:
        return "ended"
    return "active" if begun(closure, time + 1) else "planned"


def standing_at(room: Room, time: int) -> Standing:
    """What the room is at this instant: closed before occupied, for nobody may go in."""
    if room.retired or not room.profile.is_available:
        return Standing("closed", 0)
    closed = closed_times(room, time, time + DAY)
    for bounds, closure in closed:
        if bounds.start <= time:
            return Standing(_SHOWN[closure.kind], bounds.end)
    for held in conflicts(room, time, time + 1):
        over = held.end
        if held.busy_to < over:  # it ended early, and its cleaning began then
            over = held.busy_to - room.profile.cleaning_minutes * MINUTE
        return Standing("occupied", over) if time < over else Standing("cleaning", held.busy_to)
    after = neighbours(room, time, time).after
    free = [time + after] if after is not None else []
    return Standing("available", min((*free, *(bounds.start for bounds, _ in closed)), default=0))


def calendar_link(link_key: str, what: Literal["rooms", "doctors"], id: str, hospital_id: str = "") -> Private:
    """The path of a calendar feed with the token that opens it; whoever has only the token must name the hospital."""
    path = f"/api/v1/{what}/{id}/calendar.ics?token={calendar_token(link_key, what, id).text}"
    return Private(f"{path}&hospital={hospital_id}" if hospital_id else path, "")


def calendar_token(link_key: str, what: Literal["rooms", "doctors"], id: str) -> Private:
    """128 bits (hex) that nobody can guess from the id, and that open no ticket of the same id."""
    return link(link_key, f"calendar/{what}/{id}")
