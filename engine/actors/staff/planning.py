"""The plan of a member: whether a shift or a leave can stand in it. Nothing here changes a state.

Shifts never overlap, so they are in order of both ends, and what is near is found by halves.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import attrgetter
from typing import Final, NoReturn

from msgspec.structs import replace

from engine.actors.staff.refusals import (
    LeaveEnded,
    RestTooShort,
    ShiftEnded,
    ShiftOverlap,
    TooManyLeaves,
    TooManyShifts,
)
from engine.actors.staff.state import Break, Leave, Shift, Staff
from engine.decider import DAY, HOUR, MINUTE
from engine.errors import Invalid, NotFound

LONGEST_SHIFT: Final = 24 * HOUR
LONGEST_LEAVE: Final = 1_000 * DAY
MAX_SHIFTS: Final = 500
"""R4: of a member, not over: more than a year of days."""
MAX_LEAVES: Final = 100
MAX_BREAKS: Final = 20

_start: Final = attrgetter("start")
_end: Final = attrgetter("end")


def the_shift(staff: Staff, shift_id: str, time: int) -> Shift:
    """R5: a shift that is not over."""
    for shift in staff.shifts:
        if shift.id == shift_id:
            if shift.end <= time:
                raise ShiftEnded("the shift is over", shift_id=shift_id)
            return shift
    raise NotFound("there is no such shift", field="shift_id", shift_id=shift_id)


def the_leave(staff: Staff, leave_id: str, time: int) -> Leave:
    """R5: a leave that is not over."""
    for leave in staff.leaves:
        if leave.id == leave_id:
            if leave.end <= time:
                raise LeaveEnded("the leave is over", leave_id=leave_id)
            return leave
    raise NotFound("there is no such leave", field="leave_id", leave_id=leave_id)


def fits(staff: Staff, shift: Shift, rest: int, time: int) -> None:
    """R2, R3, R4: refuses what cannot stand in the plan, where a shift of the same id stands no more."""
    if shift.start >= shift.end:
        raise Invalid("a shift ends after it begins", field="end_time")
    if shift.end - shift.start > LONGEST_SHIFT:
        raise Invalid("a shift lasts 24 hours at most", field="end_time")
    if shift.end <= time:
        raise Invalid("the shift is over already", field="end_time")
    _breaks(shift)
    others = [one for one in staff.shifts if one.id != shift.id]
    at = bisect_right(others, shift.start, key=_end)
    if at < len(others) and others[at].start < shift.end:
        other = others[at]
        raise ShiftOverlap(
            "the member has another shift then", shift_id=other.id, start_time=other.start, end_time=other.end
        )
    if at > 0 and shift.start - others[at - 1].end < rest:
        _too_short(others[at - 1], shift.start - others[at - 1].end, rest)
    if at < len(others) and others[at].start - shift.end < rest:
        _too_short(others[at], others[at].start - shift.end, rest)
    if len(others) - bisect_right(others, time, key=_end) >= MAX_SHIFTS:
        raise TooManyShifts(f"a member has {MAX_SHIFTS} shifts to come at most", limit=MAX_SHIFTS)


def changes(staff: Staff, shift: Shift, rest: int, time: int) -> None:
    """R5: refuses what cannot take the place of the shift of the same id."""
    known = the_shift(staff, shift.id, time)
    if known.start <= time and shift.start != known.start:
        raise Invalid("the shift has begun, and keeps its beginning", field="start_time")
    fits(staff, shift, rest, time)


def ended(shift: Shift, time: int) -> Shift:
    """R5: a shift that is under way, cut off now."""
    breaks = tuple([Break(one.start, min(one.end, time)) for one in shift.breaks if one.start < time])
    return replace(shift, end=time, breaks=breaks)


def can_be_away(staff: Staff, leave: Leave, time: int) -> None:
    """R6."""
    if leave.start >= leave.end:
        raise Invalid("a leave ends after it begins", field="end_time")
    if leave.end - leave.start > LONGEST_LEAVE:
        raise Invalid("a leave lasts 1,000 days at most", field="end_time")
    if leave.end <= time:
        raise Invalid("the leave is over already", field="end_time")
    if sum(one.end > time for one in staff.leaves) >= MAX_LEAVES:
        raise TooManyLeaves(f"a member has {MAX_LEAVES} leaves to come at most", limit=MAX_LEAVES)


def put(shifts: list[Shift], shift: Shift) -> None:
    """Have a shift in the plan, in its place, instead of what was there of the same id."""
    shifts[:] = without(shifts, (shift.id,))
    shifts.insert(bisect_left(shifts, shift.start, key=_start), shift)


def without(shifts: Iterable[Shift], ids: tuple[str, ...]) -> list[Shift]:
    """These shifts less some."""
    return [one for one in shifts if one.id not in ids]


def _breaks(shift: Shift) -> None:
    if len(shift.breaks) > MAX_BREAKS:
        raise Invalid(f"a shift has {MAX_BREAKS} breaks at most", field="breaks")
    free = shift.start
    for one in shift.breaks:
        if one.start >= one.end:
            raise Invalid("a break ends after it begins", field="breaks")
        if one.start < free or one.end > shift.end:
            raise Invalid("breaks lie inside their shift, and none in another", field="breaks")
        free = one.end


def _too_short(other: Shift, rest: int, least: int) -> NoReturn:
    raise RestTooShort(
        "there is too little rest between two shifts",
        shift_id=other.id,
        start_time=other.start,
        end_time=other.end,
        rest_minutes=rest // MINUTE,
        least_minutes=least // MINUTE,
    )
