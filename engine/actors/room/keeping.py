"""What the engine needs to keep a room: its invariants, its snapshot, and how it and its closures are found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from engine.actors.room.closing import over_at
from engine.actors.room.events import RoomClosureAdded, RoomEvent, RoomOpened
from engine.actors.room.state import Room


def freeze(state: Room) -> Room:
    """The snapshot of a state: the same without its indexes."""
    return msgspec.structs.replace(state, held={}, closing=[])


def thaw(stored: Room) -> Room:
    """The state of a snapshot, its indexes rebuilt."""
    stored.held = {one.appointment_id: one for one in stored.calendar}
    stored.closing = _closing(stored)
    return stored


def check(state: Room) -> None:
    """What always holds."""
    calendar = state.calendar
    assert all(one.busy_from < one.busy_to for one in calendar), "R1: a stretch holds nothing"
    assert all(one.busy_to <= next.busy_from for one, next in pairwise(calendar)), "R1: two stretches overlap"
    assert state.held == {one.appointment_id: one for one in calendar}, "the index of appointments is wrong"
    assert len(state.held) == len(calendar), "R1: an appointment holds two stretches"
    assert state.closing == _closing(state), "the index of closures is wrong"
    assert all(id == closure.id for id, closure in state.closures.items()), "a closure is kept under another id"
    assert not state.version or state.profile.id == state.id, "R4: the profile has another id"


def files(state: Room) -> Iterable[tuple[str, str]]:
    """A room is found for ever, and so are its closures."""
    if state.version:
        yield ("rooms", state.id)
    for id in state.closures:
        yield ("closures", id)


def filed(event: RoomEvent) -> Iterable[tuple[str, str, bool]]:
    """The same, by one event."""
    if isinstance(event, RoomOpened):
        yield ("rooms", event.profile.id, True)
    elif isinstance(event, RoomClosureAdded):
        yield ("closures", event.closure.id, True)


def _closing(state: Room) -> list[tuple[int, str]]:
    return sorted(
        (over_at(closure, state.time_zone), id) for id, closure in state.closures.items() if not closure.removed
    )
