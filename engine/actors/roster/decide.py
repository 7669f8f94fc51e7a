"""What the roster answers to a command: its events, or a refusal. Which rule is which is in the package's docstring."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from engine.actors.roster.choosing import after, objection
from engine.actors.roster.commands import (
    DelistStaff,
    ListStaff,
    ReleasePatient,
    RosterCommand,
    RosterStep,
    SetDuty,
    TakePatient,
    Together,
)
from engine.actors.roster.events import (
    DutyChanged,
    PatientReleased,
    PatientTaken,
    RosterEvent,
    StaffDelisted,
    StaffListed,
)
from engine.actors.roster.state import Listed, Roster
from engine.decider import At


def decide(state: Roster, command: RosterCommand, at: At) -> list[RosterEvent]:
    """The events of a command to the roster; of several steps each sees what the ones before it left."""
    steps = command.do if isinstance(command, Together) else (command,)
    events: list[RosterEvent] = []
    changed: dict[str, Listed | None] = {}
    for step in steps:
        id = step.staff_id
        before = changed[id] if id in changed else state.members.get(id)
        refused = objection(before, step, at.time)
        if refused is not None:
            raise refused
        then = after(before, step, at.time)
        if then != before:
            changed[id] = then
            events.append(_event(before, step, at.time))
    return events


def _event(before: Listed | None, step: RosterStep, time: int) -> RosterEvent:
    match step:
        case ListStaff():
            return StaffListed(
                staff_id=step.staff_id,
                role=step.role,
                max_load=step.max_load,
                available=step.available,
                skills=step.skills,
                ward_ids=step.ward_ids,
            )
        case DelistStaff():
            return StaffDelisted(staff_id=step.staff_id)
        case SetDuty():
            return DutyChanged(staff_id=step.staff_id, duty=step.duty, until=step.until)
        case TakePatient():
            # Somebody's word is written down where a rule would have said no, and only there.
            forced = step.force and objection(before, replace(step, force=False), time) is not None
            return PatientTaken(staff_id=step.staff_id, admission_id=step.admission_id, time=time, forced=forced)
        case ReleasePatient():
            return PatientReleased(staff_id=step.staff_id, admission_id=step.admission_id)
        case _:
            assert_never(step)
