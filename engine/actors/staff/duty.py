"""What duty a member of the staff has at an instant, and until when: from the plan alone. Nothing here changes a state.

A leave goes before whatever shift stands there, a break before its shift. Until a shift was ever entered somebody is
on duty whenever available, so that a hospital may do without plans; who was ever planned works by the plan.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from heapq import merge
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from engine.actors.staff.state import Duty, Shift, Staff, available

_end: Final = attrgetter("end")
_Presence = Literal["on", "on_call", "break", "away"]


class Held(NamedTuple):
    """A duty, and the instant (µs) at which something else begins; 0: nothing else is planned."""

    duty: Duty
    until: int
    on_break: bool
    """Off, but in the middle of a shift."""


def duty_at(staff: Staff, time: int) -> tuple[Duty, int]:
    """The duty at this instant, and until when it holds (µs; 0: for as long as the plan is not changed)."""
    held = held_at(staff, time)
    return held.duty, held.until


def held_at(staff: Staff, time: int) -> Held:
    """The same, and whether it is but a break. Where a shift ends after a break, both instants are told."""
    if not available(staff):
        return Held("off", 0, on_break=False)
    now = _presence(staff, time)
    until = next((then for then in _boundaries(staff, time) if _presence(staff, then) != now), 0)
    return Held("off" if now == "break" or now == "away" else now, until, now == "break")


def _presence(staff: Staff, time: int) -> _Presence:
    if any(leave.start <= time < leave.end for leave in staff.leaves):
        return "away"
    at = bisect_right(staff.shifts, time, key=_end)
    shift = staff.shifts[at] if at < len(staff.shifts) else None
    if shift is None or shift.start > time:
        return "away" if staff.rostered else "on"
    if any(one.start <= time < one.end for one in shift.breaks):
        return "break"
    return "on_call" if shift.on_call else "on"


def _boundaries(staff: Staff, time: int) -> Iterator[int]:
    """The instants after ``time`` at which something of the plan begins or ends, in order."""
    leaves = sorted(edge for leave in staff.leaves for edge in (leave.start, leave.end))
    return (edge for edge in merge(_edges(staff, time), leaves) if edge > time)


def _edges(staff: Staff, time: int) -> Iterator[int]:
    for at in range(bisect_right(staff.shifts, time, key=_end), len(staff.shifts)):
        shift: Shift = staff.shifts[at]
        yield shift.start
        for one in shift.breaks:
            yield one.start
            yield one.end
        yield shift.end
