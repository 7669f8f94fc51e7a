"""The calendar of a room: what is held when, and whether something more can be. Nothing here changes a state.

Stretches are half-open, ``[busy_from, busy_to)``, and never overlap, so they are in order of both ends, and every
question is two searches by halves, however much is booked. The room's own decision and every choice, offer and list
ask here and nowhere else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from engine.actors.room.closing import closed, closed_times
from engine.actors.room.refusals import RoomConflict, RoomUnavailable
from engine.actors.room.state import Closure, Room, Taken
from engine.calendar import Bounds
from engine.decider import MINUTE
from engine.errors import Rejected
from engine.rules.subject import RoomProfile

busy_from: Final = attrgetter("busy_from")
busy_to: Final = attrgetter("busy_to")
_NOTHING: Final[frozenset[str]] = frozenset()


class Gaps(NamedTuple):
    """From a wanted time to what is held before and after it, in µs; ``None``: nothing on that side."""

    before: int | None
    after: int | None


def objection(
    room: Room,
    stretch: Taken,
    without: Collection[str] = _NOTHING,
    pending: Sequence[Taken] = (),
    *,
    checked: bool = True,
    ended_closures: Collection[str] = _NOTHING,
    new_closures: Sequence[Closure] = (),
    profile: RoomProfile | None = None,
) -> Rejected | None:
    """Why the room cannot take this stretch: R3, R2, then R1; ``None``: it can.

    ``without`` names appointments that leave it, ``pending`` are stretches that it takes in the same decision;
    closures and profile are what the decision makes of them. With ``checked=False`` only R1 is asked. What is known
    of the same appointment is never in its own way.
    """
    if checked:
        if room.retired or not (profile or room.profile).is_available:
            return RoomUnavailable("the room cannot be had", room_id=room.id)
        if room.closing or new_closures:
            refused = closed(room, stretch.start, stretch.end, ended_closures, new_closures)
            if refused is not None:
                return refused
    mine = stretch.appointment_id
    for other in _meeting(room.calendar, stretch.busy_from, stretch.busy_to):
        if other.appointment_id != mine and other.appointment_id not in without:
            return conflict(room, other)
    for other in pending:
        if other.busy_from < stretch.busy_to and stretch.busy_from < other.busy_to and other.appointment_id != mine:
            return conflict(room, other)
    return None


def conflicts(room: Room, start: int, end: int, without: Collection[str] = _NOTHING) -> list[Taken]:
    """What is held of ``[start, end)``, in order of time."""
    return [one for one in _meeting(room.calendar, start, end) if one.appointment_id not in without]


def conflict(room: Room, other: Taken) -> RoomConflict:
    """The refusal that names what is in the way."""
    return RoomConflict(
        "the room is taken then",
        room_id=room.id,
        appointment_id=other.appointment_id,
        start_time=other.start,
        end_time=other.end,
        busy_from=other.busy_from,
        busy_to=other.busy_to,
    )


def neighbours(room: Room, start: int, end: int, without: Collection[str] = _NOTHING) -> Gaps:
    """How far ``[start, end)`` is from what is held before it and after it."""
    calendar = room.calendar
    at = bisect_right(calendar, start, key=busy_to)
    before = at - 1
    while before >= 0 and calendar[before].appointment_id in without:
        before -= 1
    after = bisect_left(calendar, end, lo=at, key=busy_from)
    while after < len(calendar) and calendar[after].appointment_id in without:
        after += 1
    return Gaps(
        start - calendar[before].busy_to if before >= 0 else None,
        calendar[after].busy_from - end if after < len(calendar) else None,
    )


def free_gaps(
    room: Room,
    from_: int,
    to: int,
    minimum: int,
    *,
    setup: int | None = None,
    cleaning: int | None = None,
    without: Collection[str] = _NOTHING,
    pending: Sequence[Taken] = (),
) -> Iterator[Bounds]:
    """Where in ``[from_, to)`` an appointment of ``minimum`` can be, in order: it fits wherever it lies in a stretch.

    The stretches are those of the appointment itself: ``setup`` before it and ``cleaning`` after it (µs; without
    them what the room's profile says) are kept clear of what is held, and may reach beyond the window.
    """
    if room.retired or not room.profile.is_available:
        return
    before = room.profile.setup_minutes * MINUTE if setup is None else setup
    after = room.profile.cleaning_minutes * MINUTE if cleaning is None else cleaning
    shut = [
        (one.busy_from - after, one.busy_to + before)
        for one in (*_meeting(room.calendar, from_ - before, to + after), *pending)
        if one.appointment_id not in without
    ]
    shut.extend(bounds for bounds, _ in closed_times(room, from_, to))
    shut.sort()
    free = from_
    for start, end in shut:
        until = min(start, to)
        if until - free >= minimum:
            yield Bounds(free, until)
        free = max(free, end)
    if to - free >= minimum:
        yield Bounds(free, to)


def _meeting(calendar: list[Taken], start: int, end: int) -> Iterator[Taken]:
    """The stretches that share a moment with ``[start, end)``."""
    at = bisect_right(calendar, start, key=busy_to)
    while at < len(calendar):
        one = calendar[at]
        if one.busy_from >= end:
            return
        yield one
        at += 1
