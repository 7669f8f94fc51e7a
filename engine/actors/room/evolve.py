"""What an event does to a room. It never refuses."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import assert_never

import msgspec

from engine.actors.room.calendar import busy_from, busy_to
from engine.actors.room.closing import over_at
from engine.actors.room.events import (
    RoomCalendarTrimmed,
    RoomClosureAdded,
    RoomClosureCut,
    RoomClosureRemoved,
    RoomDisplayChanged,
    RoomEvent,
    RoomFreed,
    RoomOpened,
    RoomProfileChanged,
    RoomRetired,
    RoomTaken,
)
from engine.actors.room.state import Closure, Room


def evolve(state: Room, event: RoomEvent) -> None:
    """Change the state."""
    match event:
        case RoomTaken():
            for one in event.taken:
                _leave(state, one.appointment_id)  # all of them first: they may change places
            for one in event.taken:
                insort(state.calendar, one, key=busy_from)
                state.held[one.appointment_id] = one
        case RoomFreed():
            for id in event.appointment_ids:
                _leave(state, id)
        case RoomCalendarTrimmed():
            over = bisect_right(state.calendar, event.before, key=busy_to)
            for one in state.calendar[:over]:
                del state.held[one.appointment_id]
            del state.calendar[:over]
        case RoomOpened():
            state.clinic_id, state.time_zone = event.clinic_id, event.time_zone
            state.profile, state.display = event.profile, event.display
            state.created_at = event.time
            state.version = 1
        case RoomProfileChanged():
            state.profile = event.profile
            state.version += 1
        case RoomDisplayChanged():
            state.display = event.display
            state.version += 1
        case RoomRetired():
            state.retired = True
            state.version += 1
        case RoomClosureAdded():
            _close(state, event.closure)
        case RoomClosureCut():
            _close(state, msgspec.structs.replace(state.closures[event.closure_id], until=event.until))
        case RoomClosureRemoved():
            _close(state, msgspec.structs.replace(state.closures[event.closure_id], removed=True))
        case _:
            assert_never(event)


def _leave(state: Room, appointment_id: str) -> None:
    known = state.held.pop(appointment_id, None)
    if known is not None:
        del state.calendar[bisect_left(state.calendar, known.busy_from, key=busy_from)]


def _close(state: Room, closure: Closure) -> None:
    """Know a closure as it is now."""
    known = state.closures.get(closure.id)
    if known is not None and not known.removed:
        del state.closing[bisect_left(state.closing, (over_at(known, state.time_zone), closure.id))]
    state.closures[closure.id] = closure
    if not closure.removed:
        insort(state.closing, (over_at(closure, state.time_zone), closure.id))
