"""What can happen to a member of the staff. Names and fields are for ever; new fields carry defaults. Times are µs."""

from __future__ import annotations

from engine.actors.staff.state import Duty, Leave, Profile, Shift
from engine.decider import Event, FreeText


class StaffAdded(Event, frozen=True):
    """A new member; works only once approved."""

    id: str
    profile: Profile
    approved: bool
    active: bool
    time: int


class StaffChanged(Event, frozen=True):
    """The profile from now on, whole."""

    profile: Profile


class StaffApproved(Event, frozen=True):
    """Somebody vouches for the member, or does not any more."""

    approved: bool
    reason: FreeText | None = None


class StaffActivated(Event, frozen=True):
    """The member works here, or does not for now."""

    active: bool
    reason: FreeText | None = None


class StaffRetired(Event, frozen=True):
    """The member has left; the name stays readable."""

    time: int


class ShiftAdded(Event, frozen=True):
    """A shift more."""

    shift: Shift


class ShiftChanged(Event, frozen=True):
    """A shift is otherwise than planned: other times, other breaks, or ended early."""

    shift: Shift


class ShiftRemoved(Event, frozen=True):
    """A shift will not take place."""

    shift_id: str


class LeaveAdded(Event, frozen=True):
    """Away for a while."""

    leave: Leave
    reason: FreeText | None = None


class LeaveRemoved(Event, frozen=True):
    """Not away after all."""

    leave_id: str


class DutyReached(Event, frozen=True):
    """A boundary of the plan was reached, or the plan was changed: what holds from ``time`` on, and until when."""

    duty: Duty
    until: int
    time: int
    on_break: bool = False
    """Off in the middle of a shift only."""


class PlanTrimmed(Event, frozen=True):
    """Shifts and leaves that were over long ago are not kept in mind any more; the log has them."""

    shift_ids: tuple[str, ...] = ()
    leave_ids: tuple[str, ...] = ()


StaffEvent = (
    StaffAdded
    | StaffChanged
    | StaffApproved
    | StaffActivated
    | StaffRetired
    | ShiftAdded
    | ShiftChanged
    | ShiftRemoved
    | LeaveAdded
    | LeaveRemoved
    | DutyReached
    | PlanTrimmed
)
