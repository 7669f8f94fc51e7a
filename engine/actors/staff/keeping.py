"""What the engine needs to keep a member: invariants, the timer, and how the member, shifts and leaves are found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from engine.actors.staff.events import (
    LeaveAdded,
    LeaveRemoved,
    PlanTrimmed,
    ShiftAdded,
    ShiftRemoved,
    StaffAdded,
    StaffEvent,
)
from engine.actors.staff.state import Staff, available


def due(state: Staff) -> int | None:
    """R7: when another duty begins; nobody waits for who does not work here."""
    return state.until if state.until and available(state) else None


def check(state: Staff) -> None:
    """What always holds."""
    assert all(one.start < one.end for one in state.shifts), "R4: a shift has no length"
    assert all(one.start < one.end for one in state.leaves), "R6: a leave has no length"
    assert all(one.end <= next.start for one, next in pairwise(state.shifts)), "R2: two shifts overlap"
    assert all(one.start <= next.start for one, next in pairwise(state.leaves)), "leaves are out of order"
    assert state.rostered or not state.shifts, "R7: a shift was entered, and nobody knows"
    assert available(state) or (state.duty, state.until) == ("off", 0), "R7: on duty without working here"
    assert not state.on_break or state.duty == "off", "R7: in a break and on duty"


def files(state: Staff) -> Iterable[tuple[str, str]]:
    """A member is found for ever; shifts and leaves while they are in the plan."""
    if state.version:
        yield ("staff", state.id)
    for shift in state.shifts:
        yield ("shifts", shift.id)
    for leave in state.leaves:
        yield ("leaves", leave.id)


def filed(event: StaffEvent) -> Iterable[tuple[str, str, bool]]:
    """The same, by one event."""
    match event:
        case StaffAdded():
            yield ("staff", event.id, True)
        case ShiftAdded():
            yield ("shifts", event.shift.id, True)
        case ShiftRemoved():
            yield ("shifts", event.shift_id, False)
        case LeaveAdded():
            yield ("leaves", event.leave.id, True)
        case LeaveRemoved():
            yield ("leaves", event.leave_id, False)
        case PlanTrimmed():
            for id in event.shift_ids:
                yield ("shifts", id, False)
            for id in event.leave_ids:
                yield ("leaves", id, False)
        case _:
            return
