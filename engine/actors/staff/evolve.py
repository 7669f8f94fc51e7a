"""What an event does to a member of the staff. It never refuses."""

from __future__ import annotations

from bisect import insort
from operator import attrgetter
from typing import Final, assert_never

from engine.actors.staff.events import (
    DutyReached,
    LeaveAdded,
    LeaveRemoved,
    PlanTrimmed,
    ShiftAdded,
    ShiftChanged,
    ShiftRemoved,
    StaffActivated,
    StaffAdded,
    StaffApproved,
    StaffChanged,
    StaffEvent,
    StaffRetired,
)
from engine.actors.staff.planning import put, without
from engine.actors.staff.state import Staff

_start: Final = attrgetter("start")


def evolve(state: Staff, event: StaffEvent) -> None:
    """Change the state."""
    match event:
        case StaffAdded():
            state.id, state.profile = event.id, event.profile
            state.approved, state.active = event.approved, event.active
            state.created_at = event.time
            state.version = 1
        case StaffChanged():
            state.profile = event.profile
            state.version += 1
        case StaffApproved():
            state.approved = event.approved
            state.version += 1
        case StaffActivated():
            state.active = event.active
            state.version += 1
        case StaffRetired():
            state.retired_at = event.time
            state.version += 1
        case ShiftAdded():
            state.rostered = True
            put(state.shifts, event.shift)
        case ShiftChanged():
            put(state.shifts, event.shift)
        case ShiftRemoved():
            state.shifts[:] = without(state.shifts, (event.shift_id,))
        case LeaveAdded():
            insort(state.leaves, event.leave, key=_start)
        case LeaveRemoved():
            state.leaves[:] = [one for one in state.leaves if one.id != event.leave_id]
        case DutyReached():
            state.duty, state.until, state.on_break = event.duty, event.until, event.on_break
        case PlanTrimmed():
            state.shifts[:] = without(state.shifts, event.shift_ids)
            state.leaves[:] = [one for one in state.leaves if one.id not in event.leave_ids]
        case _:
            assert_never(event)
