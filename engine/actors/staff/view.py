"""How members of the staff, their shifts and leaves are answered, as they are at ``time`` (µs).

How many patients somebody has comes from the roster; why somebody is away is nobody's to read here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from engine import calendar
from engine.actors.staff.duty import duty_at
from engine.actors.staff.state import Duty, Leave, Role, Shift, Staff
from engine.decider import PersonName
from engine.needs import Care


class BreakView(msgspec.Struct, frozen=True):
    """``[start_time, end_time)`` inside a shift."""

    start_time: datetime
    end_time: datetime


class PlannedShift(msgspec.Struct, frozen=True):
    """A shift as it stands in a member's plan."""

    id: str
    start_time: datetime
    end_time: datetime
    on_call: bool
    breaks: list[BreakView]


class PlannedLeave(msgspec.Struct, frozen=True):
    """A leave as it stands in a member's plan."""

    id: str
    start_time: datetime
    end_time: datetime


class StaffView(msgspec.Struct, frozen=True):
    """A member. ``shifts`` and ``leaves`` that are not over; ``load`` is the number of patients."""

    id: str
    name: PersonName
    role: Role
    skills: list[str]
    max_load: int
    ward_ids: list[str]
    doctor_id: str | None
    is_approved: bool
    is_active: bool
    retired: bool
    duty: Duty
    duty_until: datetime | None
    """Null: for as long as nothing is changed."""
    load: int
    shifts: list[PlannedShift]
    leaves: list[PlannedLeave]
    created_at: datetime
    version: int


class ShiftView(PlannedShift, frozen=True):
    """A shift by itself."""

    staff_id: str


class LeaveView(PlannedLeave, frozen=True):
    """A leave by itself."""

    staff_id: str


class MovedView(msgspec.Struct, frozen=True):
    """An admission that another member has now, in this role."""

    admission_id: str
    role: Care
    staff_id: str


class HandoverView(msgspec.Struct, frozen=True):
    """What became of a member's patients: who has them now, and for whom nobody else was free; ``load`` stays."""

    staff_id: str
    moved: list[MovedView]
    left: list[str]
    load: int


class StaffOutcome(StaffView, frozen=True):
    """A member after a change, and what became of the patients of somebody who does not work here any more."""

    moved: list[MovedView]
    left: list[str]


def staff_view(staff: Staff, load: int, time: int) -> StaffView:
    """A member with ``load`` patients."""
    profile = staff.profile
    duty, until = duty_now(staff, time)
    return StaffView(
        id=staff.id,
        name=profile.name,
        role=profile.role,
        skills=list(profile.skills),
        max_load=profile.max_load,
        ward_ids=list(profile.ward_ids),
        doctor_id=profile.doctor_id or None,
        is_approved=staff.approved,
        is_active=staff.active,
        retired=bool(staff.retired_at),
        duty=duty,
        duty_until=calendar.moment(until) if until else None,
        load=load,
        shifts=[planned_shift(one) for one in staff.shifts if one.end > time],
        leaves=[
            PlannedLeave(one.id, calendar.moment(one.start), calendar.moment(one.end))
            for one in staff.leaves
            if one.end > time
        ],
        created_at=calendar.moment(staff.created_at),
        version=staff.version,
    )


def duty_now(staff: Staff, time: int) -> tuple[Duty, int]:
    """What was told last, unless its end is past and the timer has yet to say so."""
    return (staff.duty, staff.until) if not 0 < staff.until <= time else duty_at(staff, time)


def staff_outcome(view: StaffView, moved: Iterable[MovedView], left: Iterable[str]) -> StaffOutcome:
    """The same, with what became of the patients."""
    fields = {name: getattr(view, name) for name in view.__struct_fields__}
    return StaffOutcome(**fields, moved=list(moved), left=list(left))


def planned_shift(shift: Shift) -> PlannedShift:
    """A shift in its plan."""
    return PlannedShift(
        id=shift.id,
        start_time=calendar.moment(shift.start),
        end_time=calendar.moment(shift.end),
        on_call=shift.on_call,
        breaks=[BreakView(calendar.moment(one.start), calendar.moment(one.end)) for one in shift.breaks],
    )


def shift_view(staff_id: str, shift: Shift) -> ShiftView:
    """A shift."""
    view = planned_shift(shift)
    return ShiftView(**{name: getattr(view, name) for name in view.__struct_fields__}, staff_id=staff_id)


def leave_view(staff_id: str, leave: Leave) -> LeaveView:
    """A leave."""
    return LeaveView(leave.id, calendar.moment(leave.start), calendar.moment(leave.end), staff_id)
