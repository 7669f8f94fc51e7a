"""Closures of rooms: added, changed, taken back; and what becomes of the appointments that they meet.

R1  A closure meets an appointment whose own time it overlaps; the cleaning may lie in it. What is over is not met.
R2  ``keep``: they stay where they are, and the answer lists them. ``move``: each gets another room by the clinic's
    rules or, where there is none, waits for one; all of them in the same decision. Who is in the room stays; a hold
    for which there is no other room ends.
R3  What was is never rewritten: a change ends the closure for what is to come, and another one takes its place.
R4  What is given back of a room goes to who waits for one, in the same decision.
R5  A dry run says what would become of whom, and changes nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.clinic_day.commands import EndHold
from engine.actors.clinic_day.state import Appointment
from engine.actors.clinic_day.view import AppointmentView
from engine.actors.hospital import Id
from engine.actors.room import room_key
from engine.actors.room.calendar import busy_to
from engine.actors.room.closing import times
from engine.actors.room.decide import change_closures, the_closure
from engine.actors.room.state import Closure, ClosureKind, Room, Taken
from engine.actors.room.view import ClosureView, closure_view
from engine.decider import At, Deciding, Decision, Done, Find, FreeText, Value
from engine.decisions import finding
from engine.decisions.rooming.plan import Plan
from engine.decisions.rooming.wanting import again
from engine.decisions.rooms import MAX_AFFECTED, appointments, days_of, the_room
from engine.errors import NotFound, Rejected
from engine.recurrence import MAX_TEXT, parse_rrule

Moment = Annotated[datetime, Meta(tz=True)]
Fate = Literal["kept", "moved", "waiting", "released"]


class ClosureFields(Value, frozen=True, kw_only=True):
    """When and why a room is closed. ``rrule``: again and again, by RFC 5545 on the hospital's wall clock."""

    kind: ClosureKind
    start_time: Moment
    end_time: Moment
    rrule: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)] | None = None
    reason: FreeText | None = None
    affected: Literal["keep", "move"] = "keep"
    """What becomes of the appointments that it meets."""
    dry_run: bool = False


class AddClosure(ClosureFields, frozen=True, kw_only=True):
    """Close a room."""

    room_id: Id


class ChangeClosure(ClosureFields, frozen=True, kw_only=True):
    """Close the room otherwise from now on: the answer is another closure, with an id of its own."""

    closure_id: Id


class RemoveClosure(Value, frozen=True):
    """Open the room again from now on."""

    closure_id: Id


class TooManyAffected(Rejected):
    """R2: more appointments are met than one decision moves. Facts ``affected`` and ``limit``."""

    code = "too_many_affected"
    rule = "R2"


class MetAppointment(msgspec.Struct, frozen=True):
    """What becomes of one appointment that a closure meets; ``room_id``: where it is then."""

    appointment_id: str
    outcome: Fate
    room_id: str | None


class ClosureOutcome(ClosureView, frozen=True, kw_only=True):
    """A closure, and the appointments that it meets: the first of ``affected_count``."""

    dry_run: bool
    affected: list[AppointmentView]
    affected_count: int
    outcomes: list[MetAppointment]


def add(command: AddClosure, at: At) -> Deciding:
    """R1, R2."""
    room = yield from the_room(command.room_id)
    return (yield from _close(room, _closure(command, at), "", command, at))


def change(command: ChangeClosure, at: At) -> Deciding:
    """R3."""
    room = yield from _room_of(command.closure_id)
    the_closure(room, command.closure_id, at.time)
    return (yield from _close(room, _closure(command, at, another=True), command.closure_id, command, at))


def remove(command: RemoveClosure, at: At) -> Deciding:
    """R3, R4."""
    hospital = yield from finding.the_hospital()
    room = yield from _room_of(command.closure_id)
    change_closures(room, command.closure_id, None, at.time)
    plan = Plan(hospital, at)
    yield from plan.alter_room(room.id, end_closure=command.closure_id)
    yield from plan.fill()
    yield from plan.propose()
    return _outcome(room, command.closure_id, at)


def affected(room: Room, closure: Closure, time: int) -> list[Taken]:
    """R1: what a closure of this room meets, in order of time."""
    calendar = room.calendar
    return [
        one
        for one in calendar[bisect_right(calendar, time, key=busy_to) :]
        if (end := min(one.end, one.busy_to)) > time and any(times(closure, room.time_zone, max(one.start, time), end))
    ]


def _close(room: Room, closure: Closure, ended: str, command: ClosureFields, at: At) -> Deciding:
    hospital = yield from finding.the_hospital()
    change_closures(room, ended, closure, at.time)
    met = affected(room, closure, at.time)
    plan = Plan(hospital, at)
    yield from plan.alter_room(room.id, closure=closure, end_closure=ended)
    if command.affected == "keep":
        outcomes = [MetAppointment(one.appointment_id, "kept", room.id) for one in met[:MAX_AFFECTED]]
    elif len(met) > MAX_AFFECTED:
        raise TooManyAffected(
            "the closure meets too many appointments to move at once", affected=len(met), limit=MAX_AFFECTED
        )
    else:
        outcomes = []
        for one in met:
            outcomes.append((yield from _move(plan, room, one)))
    # Who leaves gives back more of the room than is closed.
    yield from plan.fill()
    for place, told in enumerate(outcomes):
        if told.outcome == "waiting":
            outcomes[place] = yield from _after(plan, told)
    listed = yield from days_of(room.clinic_id, met)
    if not command.dry_run:
        yield from plan.propose()
    shown = None if not command.dry_run else closure
    return _outcome(room, closure.id, at, listed, len(met), outcomes, shown, "ok" if ended else "created")


def _move(plan: Plan, room: Room, taken: Taken) -> finding.Deciding[MetAppointment]:
    """R2."""
    found = yield from plan.found(taken.appointment_id)
    one: Appointment = found.appointment
    if one.status == "in_progress" or one.status == "completed":
        return MetAppointment(one.id, "kept", room.id)
    want = again(found.clinic.id, found.day, one)
    place = yield from plan.place(want)
    if place is None and one.status == "held":
        plan.step(found.clinic.id, found.day, one, EndHold(one.id, "released"))
        return MetAppointment(one.id, "released", None)
    fate: Fate = "moved"
    if place is None:
        fate, place = "waiting", (yield from plan.unplaced(want, "closure"))
    yield from plan.move(found.clinic.id, found.day, one, place, "room", None)
    return MetAppointment(one.id, fate, place.room_id or None)


def _after(plan: Plan, met: MetAppointment) -> finding.Deciding[MetAppointment]:
    """R4: who waits may have a room that the change gives back."""
    one = (yield from plan.found(met.appointment_id)).appointment
    return MetAppointment(one.id, "moved", one.room_id) if one.room_id else met


def _outcome(
    room: Room,
    closure_id: str,
    at: At,
    listed: list[tuple[str, str]] | None = None,
    count: int = 0,
    outcomes: list[MetAppointment] | None = None,
    planned: Closure | None = None,
    outcome: str = "ok",
) -> Done:
    key = room_key(room.id)

    def answer(look: Callable[[str], Any]) -> ClosureOutcome:
        state: Room = look(key)
        view = closure_view(state, planned or state.closures[closure_id], at.time)
        return ClosureOutcome(
            **{name: getattr(view, name) for name in view.__struct_fields__},
            dry_run=planned is not None,
            affected=appointments(look, room.clinic_id, listed or []),
            affected_count=count,
            outcomes=outcomes or [],
        )

    return Done(answer, outcome if planned is None else "ok")


def _closure(command: ClosureFields, at: At, another: bool = False) -> Closure:
    """R3: what takes the place of ``another``, and what comes again and again, counts from now on."""
    start = calendar.instant(command.start_time, "start_time")
    return Closure(
        id=at.new_id(0),
        kind=command.kind,
        start=start,
        end=calendar.instant(command.end_time, "end_time"),
        rrule="" if command.rrule is None else parse_rrule(command.rrule, "rrule").text,
        reason=None if command.reason is None else command.reason.about(""),
        created_at=at.time,
        since=at.time if start < at.time and (another or command.rrule) else 0,
    )


def _room_of(closure_id: str) -> finding.Deciding[Room]:
    key: str | None = yield Find("closures", closure_id)
    if key is None:
        raise NotFound("there is no such closure", field="closure_id", closure_id=closure_id)
    return (yield from the_room(key.partition(":")[2]))


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("closures", command.closure_id)


ADD_CLOSURE = Decision(command=AddClosure, run=add, home=lambda command, find: find("rooms", command.room_id))
CHANGE_CLOSURE = Decision(command=ChangeClosure, run=change, home=_home)
REMOVE_CLOSURE = Decision(command=RemoveClosure, run=remove, home=_home)
