"""When a room is closed: the times of its closures, recurring ones included.

An endless rule is looked at only where somebody asks: by stretches of some weeks, each counted once and remembered
beside the state, as it follows from the closure alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final

from engine import recurrence
from engine.actors.room.refusals import RoomClosed
from engine.actors.room.state import Closure, Room
from engine.calendar import Bounds
from engine.decider import DAY

NEVER: Final = 1 << 62
"""An instant that never comes, and is first of none."""
_STRETCH: Final = 32 * DAY
"""Counted at a time: about 10 µs for each time of a rule, and 50 µs for the first."""
_LONG: Final = 64 * DAY  # whoever asks for more counts for himself, and leaves what others ask for remembered
_LONGEST_STEP: Final = (recurrence.MAX_INTERVAL * 7 + 14) * DAY
"""Between two times of a rule; whatever has a time left has one within it."""
_MANY: Final = 1 << 31

_end: Final = attrgetter("end")


def times(closure: Closure, time_zone: str, start: int, end: int) -> Iterator[Bounds]:
    """The times of a closure that share a moment with ``[start, end)``, as far as it counts, in order; µs."""
    start = max(start, closure.since)
    end = min(end, closure.until or NEVER)
    if start >= end or closure.removed:
        return
    for bounds in _uncut(closure, time_zone, start, end):
        yield Bounds(max(bounds.start, closure.since), min(bounds.end, closure.until or NEVER))


def closed(
    room: Room, start: int, end: int, ended: Collection[str] = frozenset(), new: Sequence[Closure] = ()
) -> RoomClosed | None:
    """The first closure found that shares a moment with ``[start, end)``; ``ended`` ones do not count, ``new`` do."""
    for closure in (*standing(room, start), *new):
        # Most are once and at another time: of 500 these are told in 50 µs.
        if closure.rrule or (closure.start < end and start < closure.end):
            if closure.id in ended:
                continue
            for bounds in times(closure, room.time_zone, start, end):
                return RoomClosed(
                    "the room is closed then",
                    room_id=room.id,
                    closure_id=closure.id,
                    kind=closure.kind,
                    start_time=bounds.start,
                    end_time=bounds.end,
                )
    return None


def closed_times(
    room: Room, start: int, end: int, ended: Collection[str] = frozenset(), new: Sequence[Closure] = ()
) -> list[tuple[Bounds, Closure]]:
    """All closed times that share a moment with ``[start, end)``, in order of their start."""
    found = [
        (bounds, closure)
        for closure in (*standing(room, start), *new)
        if closure.id not in ended
        for bounds in times(closure, room.time_zone, start, end)
    ]
    found.sort(key=_start)
    return found


def standing(room: Room, start: int) -> Iterable[Closure]:
    """The closures that may count at ``start`` or later."""
    closing = room.closing
    if not closing:
        return ()
    return [room.closures[id] for _, id in closing[bisect_right(closing, (start, "\U0010ffff")) :]]


def over_at(closure: Closure, time_zone: str) -> int:
    """An instant by which the closure is over for good; ``NEVER``: it has no end."""
    if closure.removed:
        return 0
    over = closure.end
    if closure.rrule:
        rule = recurrence.parse_rrule(closure.rrule, "rrule")
        over = recurrence.ends_by(rule, closure.start, closure.end, time_zone) or NEVER
    return min(over, closure.until or NEVER)


def begun(closure: Closure, time: int) -> bool:
    """Whether some of it is in the past."""
    return max(closure.start, closure.since) < time


def next_time(closure: Closure, time_zone: str, time: int) -> Bounds | None:
    """The time that is under way or comes next; ``None``: none does."""
    start = max(time, closure.since)
    if closure.removed or start >= over_at(closure, time_zone):
        return None
    begins = max(closure.start, start)
    for reach in (_LONG, _LONGEST_STEP):  # most come again within weeks, which are remembered
        for bounds in times(closure, time_zone, start, begins + reach):
            return bounds
    return None


def _uncut(closure: Closure, time_zone: str, start: int, end: int) -> Iterator[Bounds]:
    if not closure.rrule:
        if closure.start < end and closure.end > start:
            yield Bounds(closure.start, closure.end)
    elif end - start > _LONG:
        rule = recurrence.parse_rrule(closure.rrule, "rrule")
        yield from recurrence.occurrences(rule, closure.start, closure.end, time_zone, start, end, _MANY)
    else:
        last = -1
        for number in range(start // _STRETCH, -(-end // _STRETCH)):
            counted = _counted(closure.rrule, closure.start, closure.end, time_zone, number)
            for at in range(bisect_right(counted, start, key=_end), len(counted)):
                bounds = counted[at]
                if bounds.start >= end:
                    return
                if bounds.start > last:  # a night stands in two stretches
                    last = bounds.start
                    yield bounds


@lru_cache(maxsize=16_384)
def _counted(rrule: str, start: int, end: int, time_zone: str, number: int) -> tuple[Bounds, ...]:
    """The times that share a moment with a stretch of ``_STRETCH``, numbered from 1970."""
    rule = recurrence.parse_rrule(rrule, "rrule")
    window = number * _STRETCH, (number + 1) * _STRETCH
    return tuple(recurrence.occurrences(rule, start, end, time_zone, *window, _MANY))


def _start(found: tuple[Bounds, Closure]) -> int:
    return found[0].start
