"""Shifts and leaves of the staff: planned, changed, taken out of the plan.

R1  The member says whether a shift or a leave can stand in the plan; the hospital says how much rest there must be.
R2  Where the plan changes what holds now, or until when, the roster knows it in the same decision, with all that
    follows: who comes takes who waits, and who goes is seen to (``duties``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.hospital import Id
from engine.actors.staff import commands as staff_commands
from engine.actors.staff.commands import PlanLeave, PlanShift, StaffCommand
from engine.actors.staff.planning import MAX_BREAKS
from engine.actors.staff.state import Break, Leave, Shift, Staff, staff_key
from engine.actors.staff.view import LeaveView, ShiftView, leave_view, shift_view
from engine.decider import HOUR, At, Deciding, Decision, Done, Find, FreeText, Propose, Value
from engine.decisions import finding
from engine.decisions.assigning.plan import Plan
from engine.decisions.duties import duty_changed
from engine.decisions.staff import the_staff
from engine.errors import NotFound

Moment = Annotated[datetime, Meta(tz=True)]


class BreakTime(Value, frozen=True):
    """``[start_time, end_time)`` inside a shift."""

    start_time: Moment
    end_time: Moment


class ShiftFields(Value, frozen=True, kw_only=True):
    """When a shift is: a day long at most. ``on_call``: called only where nobody of the role is on duty."""

    start_time: Moment
    end_time: Moment
    on_call: bool = False
    breaks: Annotated[tuple[BreakTime, ...], Meta(max_length=MAX_BREAKS)] = ()


class AddShift(ShiftFields, frozen=True, kw_only=True):
    """Plan a shift; from the first one on, a member works by the plan only."""

    staff_id: Id


class ChangeShift(ShiftFields, frozen=True, kw_only=True):
    """Plan a shift otherwise; one that is under way keeps its beginning."""

    shift_id: Id


class RemoveShift(Value, frozen=True):
    """Take a shift out of the plan; one that is under way ends now."""

    shift_id: Id


class AddLeave(Value, frozen=True):
    """Let a member be away, whatever shifts stand there. The reason is kept, and shown to nobody."""

    staff_id: Id
    start_time: Moment
    end_time: Moment
    reason: FreeText | None = None


class RemoveLeave(Value, frozen=True):
    """Take a leave back that is not over."""

    leave_id: Id


def add(command: AddShift, at: At) -> Deciding:
    """R1, R2."""
    staff = yield from the_staff(command.staff_id)
    shift = _shift(at.new_id(0), command)
    yield from _planned(staff.id, PlanShift(shift, (yield from _rest())), at)
    return _as_planned(staff.id, shift.id, "created")


def change(command: ChangeShift, at: At) -> Deciding:
    """R1, R2."""
    staff = yield from _of("shifts", command.shift_id, "shift")
    shift = _shift(command.shift_id, command)
    yield from _planned(staff.id, staff_commands.ChangeShift(shift, (yield from _rest())), at)
    return _as_planned(staff.id, shift.id)


def remove(command: RemoveShift, at: At) -> Deciding:
    """R1, R2."""
    staff = yield from _of("shifts", command.shift_id, "shift")
    yield from _planned(staff.id, staff_commands.RemoveShift(command.shift_id), at)
    return Done(outcome="removed")


def add_leave(command: AddLeave, at: At) -> Deciding:
    """R1, R2."""
    staff = yield from the_staff(command.staff_id)
    start, end = calendar.instant(command.start_time, "start_time"), calendar.instant(command.end_time, "end_time")
    leave = Leave(id=at.new_id(0), start=start, end=end)
    yield from _planned(staff.id, PlanLeave(leave, command.reason), at)

    def answer(look: Callable[[str], Any]) -> LeaveView:
        return leave_view(staff.id, leave)

    return Done(answer, "created")


def remove_leave(command: RemoveLeave, at: At) -> Deciding:
    """R1, R2."""
    staff = yield from _of("leaves", command.leave_id, "leave")
    yield from _planned(staff.id, staff_commands.RemoveLeave(command.leave_id), at)
    return Done(outcome="removed")


def _planned(staff_id: str, step: StaffCommand, at: At) -> finding.Deciding[None]:
    """R2."""
    hospital = yield from finding.the_hospital()
    events = yield Propose(staff_key(staff_id), step)
    plan = Plan(hospital, at)
    yield from duty_changed(plan, hospital.policy, staff_id, events, at.who)
    yield from plan.drain()
    yield from plan.propose()


def _rest() -> finding.Deciding[int]:
    """µs."""
    hospital = yield from finding.the_hospital()
    return hospital.policy.rest_hours * HOUR


def _of(table: str, id: str, what: str) -> finding.Deciding[Staff]:
    key: str | None = yield Find(table, id)
    if key is None:
        raise NotFound(f"there is no such {what}", field=f"{what}_id", **{f"{what}_id": id})
    return (yield from the_staff(key.partition(":")[2]))


def _shift(shift_id: str, fields: ShiftFields) -> Shift:
    breaks = [
        Break(calendar.instant(one.start_time, "breaks"), calendar.instant(one.end_time, "breaks"))
        for one in fields.breaks
    ]
    return Shift(
        id=shift_id,
        start=calendar.instant(fields.start_time, "start_time"),
        end=calendar.instant(fields.end_time, "end_time"),
        on_call=fields.on_call,
        breaks=tuple(sorted(breaks)),
    )


def _as_planned(staff_id: str, shift_id: str, outcome: str = "ok") -> Done:
    def answer(look: Callable[[str], Any]) -> ShiftView:
        staff: Staff = look(staff_key(staff_id))
        return next(shift_view(staff_id, one) for one in staff.shifts if one.id == shift_id)

    return Done(answer, outcome)


def _home_of(table: str, field: str) -> Callable[[Any, Callable[[str, str], str | None]], str | None]:
    return lambda command, find: find(table, getattr(command, field))


ADD_SHIFT = Decision(command=AddShift, run=add, home=_home_of("staff", "staff_id"))
CHANGE_SHIFT = Decision(command=ChangeShift, run=change, home=_home_of("shifts", "shift_id"))
REMOVE_SHIFT = Decision(command=RemoveShift, run=remove, home=_home_of("shifts", "shift_id"))
ADD_LEAVE = Decision(command=AddLeave, run=add_leave, home=_home_of("staff", "staff_id"))
REMOVE_LEAVE = Decision(command=RemoveLeave, run=remove_leave, home=_home_of("leaves", "leave_id"))
