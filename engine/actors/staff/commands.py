"""What decisions ask of a member of the staff. None of these is stored. Times are µs.

Each step ends by saying what duty holds then, where that changes, so that the decision can tell the roster.
"""

from __future__ import annotations

import msgspec

from engine.actors.staff.state import Leave, Profile, Shift
from engine.decider import FreeText


class Create(msgspec.Struct, frozen=True):
    """A new member."""

    profile: Profile
    approved: bool
    active: bool


class Revise(msgspec.Struct, frozen=True):
    """Another profile."""

    profile: Profile
    if_version: int | None = None


class Approve(msgspec.Struct, frozen=True):
    """Approved, or not any more."""

    approved: bool
    reason: FreeText | None = None


class Activate(msgspec.Struct, frozen=True):
    """Active, or not any more."""

    active: bool
    reason: FreeText | None = None


class Retire(msgspec.Struct, frozen=True):
    """Leaves for good."""

    if_version: int | None = None


class PlanShift(msgspec.Struct, frozen=True):
    """A shift more; refused where it overlaps another or leaves less than ``rest`` µs between two."""

    shift: Shift
    rest: int


class ChangeShift(msgspec.Struct, frozen=True):
    """The shift of the same id is otherwise."""

    shift: Shift
    rest: int


class RemoveShift(msgspec.Struct, frozen=True):
    """A shift that has not begun is taken out of the plan; one under way ends now."""

    shift_id: str


class PlanLeave(msgspec.Struct, frozen=True):
    """Away for a while."""

    leave: Leave
    reason: FreeText | None = None


class RemoveLeave(msgspec.Struct, frozen=True):
    """Not away after all."""

    leave_id: str


class ReachBoundary(msgspec.Struct, frozen=True):
    """Look whether another duty holds now."""


StaffCommand = (
    Create | Revise | Approve | Activate | Retire | PlanShift | ChangeShift | RemoveShift | PlanLeave | RemoveLeave
    | ReachBoundary
)  # fmt: skip
