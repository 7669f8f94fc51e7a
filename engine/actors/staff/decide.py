"""What a member of the staff answers to a command. Which rule is which is in the package's docstring.

Whatever changes the plan ends by saying what duty holds then, so that the roster is told in the same decision.
"""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

from engine.actors.staff.commands import (
    Activate,
    Approve,
    ChangeShift,
    Create,
    PlanLeave,
    PlanShift,
    ReachBoundary,
    RemoveLeave,
    RemoveShift,
    Retire,
    Revise,
    StaffCommand,
)
from engine.actors.staff.duty import held_at
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
from engine.actors.staff.evolve import evolve
from engine.actors.staff.planning import can_be_away, changes, ended, fits, the_leave, the_shift
from engine.actors.staff.refusals import StaffGone
from engine.actors.staff.state import Profile, Shift, Staff
from engine.decider import DAY, At, FreeText
from engine.errors import NotFound, Stale

KEPT: Final = 7 * DAY
TRIMMED_AT: Final = 16
"""R8: what is over stays for a while, and goes together with others."""


def decide(state: Staff, command: StaffCommand, at: At) -> list[StaffEvent]:
    """The events of a command to a member."""
    events = _events(state, command, at.time)
    then = replace(state, shifts=list(state.shifts), leaves=list(state.leaves))
    for event in events:
        evolve(then, event)
    held = held_at(then, at.time)
    if held != (then.duty, then.until, then.on_break):
        events.append(DutyReached(duty=held.duty, until=held.until, time=at.time, on_break=held.on_break))
    return events + _trimmed(then, at.time) if events else events


def in_service(state: Staff | None, if_version: int | None = None) -> Staff:
    """R1: the member, if known and not gone, and as the caller knows him or her."""
    if state is None or not state.version:
        raise NotFound("there is no such member of the staff", field="staff_id")
    if state.retired_at:
        raise StaffGone("the member of the staff has left", staff_id=state.id)
    if if_version not in (None, state.version):
        raise Stale("the member of the staff has changed", staff_id=state.id, version=state.version)
    return state


def _events(state: Staff, command: StaffCommand, time: int) -> list[StaffEvent]:
    if isinstance(command, Create):
        assert not state.version, "ids are given once"
        profile = _sealed(command.profile)
        return [StaffAdded(id=state.id, profile=profile, approved=command.approved, active=command.active, time=time)]
    in_service(state, command.if_version if isinstance(command, Revise | Retire) else None)
    match command:
        case Revise():
            profile = _sealed(command.profile)
            return [StaffChanged(profile=profile)] if profile != state.profile else []
        case Approve():
            if command.approved == state.approved:
                return []
            return [StaffApproved(approved=command.approved, reason=_about_us(command.reason))]
        case Activate():
            if command.active == state.active:
                return []
            return [StaffActivated(active=command.active, reason=_about_us(command.reason))]
        case Retire():
            return [StaffRetired(time=time)]
        case PlanShift():
            fits(state, command.shift, command.rest, time)
            return [ShiftAdded(shift=command.shift)]
        case ChangeShift():
            changes(state, command.shift, command.rest, time)
            return [ShiftChanged(shift=command.shift)] if command.shift not in state.shifts else []
        case RemoveShift():
            return [_removed(the_shift(state, command.shift_id, time), time)]
        case PlanLeave():
            can_be_away(state, command.leave, time)
            return [LeaveAdded(leave=command.leave, reason=_about_us(command.reason))]
        case RemoveLeave():
            return [LeaveRemoved(leave_id=the_leave(state, command.leave_id, time).id)]
        case ReachBoundary():
            return []
        case _:
            assert_never(command)


def _removed(shift: Shift, time: int) -> StaffEvent:
    """R5."""
    return ShiftRemoved(shift_id=shift.id) if shift.start >= time else ShiftChanged(shift=ended(shift, time))


def _trimmed(state: Staff, time: int) -> list[StaffEvent]:
    """R8."""
    shifts = tuple([one.id for one in state.shifts if one.end <= time - KEPT])
    leaves = tuple([one.id for one in state.leaves if one.end <= time - KEPT])
    return [PlanTrimmed(shift_ids=shifts, leave_ids=leaves)] if len(shifts) + len(leaves) >= TRIMMED_AT else []


def _sealed(profile: Profile) -> Profile:
    return replace(profile, name=profile.name.about(""))


def _about_us(reason: FreeText | None) -> FreeText | None:
    return None if reason is None else reason.about("")
