"""What happens at the intake when a decision asks it. The rules stand in the package's docstring."""

from __future__ import annotations

from typing import assert_never

from engine.actors.intake.commands import (
    Await,
    Continue,
    End,
    IntakeCommand,
    IntakeStep,
    Open,
    Repoint,
    Serve,
    Together,
)
from engine.actors.intake.events import (
    IntakeContinues,
    IntakeEnded,
    IntakeEvent,
    IntakeOpened,
    IntakeRepointed,
    IntakeServed,
    IntakeWaits,
)
from engine.actors.intake.refusals import AlreadyAdmitted, BothAdmitted
from engine.actors.intake.state import Intake
from engine.decider import At

Opened = dict[str, str | None]


def decide(state: Intake, command: IntakeCommand, at: At) -> list[IntakeEvent]:
    """The events of a command to the intake."""
    if not isinstance(command, Together):
        return _step(state, command, {})
    changed: Opened = {}
    """By patient: which admission is open after the steps before; all that a later step asks about."""
    events: list[IntakeEvent] = []
    for step in command.do:
        for event in _step(state, step, changed):
            events.append(event)
            _note(event, changed)
    return events


def open_of(state: Intake, patient_id: str, changed: Opened | None = None) -> str | None:
    """R1: the patient's open admission, if there is one."""
    if changed and patient_id in changed:
        return changed[patient_id]
    return state.open.get(patient_id)


def _step(state: Intake, command: IntakeStep, changed: Opened) -> list[IntakeEvent]:
    match command:
        case Open():
            there = open_of(state, command.patient_id, changed)
            if there is not None:
                raise AlreadyAdmitted(
                    "the patient is admitted already", patient_id=command.patient_id, admission_id=there
                )
            opened = IntakeOpened(
                admission_id=command.admission_id, patient_id=command.patient_id, assigned=command.waiter is None
            )
            return [opened] if command.waiter is None else [opened, IntakeWaits(waiter=command.waiter)]
        case Await():
            assert open_of(state, command.waiter.patient_id, changed) == command.waiter.admission_id, "R2: not open"
            same = state.waiting.get(command.waiter.admission_id) == command.waiter
            return [] if same else [IntakeWaits(waiter=command.waiter)]
        case Serve():
            return [IntakeServed(admission_id=command.admission_id, assigned=command.assigned)]
        case End():
            assert open_of(state, command.patient_id, changed) == command.admission_id, "R2: not open"
            return [IntakeEnded(admission_id=command.admission_id, patient_id=command.patient_id)]
        case Repoint():
            return _repoint(state, command, changed)
        case Continue():
            return [] if command.due == state.due else [IntakeContinues(due=command.due)]
        case _:
            assert_never(command)


def _repoint(state: Intake, command: Repoint, changed: Opened) -> list[IntakeEvent]:
    moved = open_of(state, command.from_patient_id, changed)
    if moved is None or command.from_patient_id == command.to_patient_id:
        return []
    other = open_of(state, command.to_patient_id, changed)
    if other is not None:
        raise BothAdmitted("both records have an open admission; end one of them first", admission_ids=[moved, other])
    return [
        IntakeRepointed(
            admission_id=moved, from_patient_id=command.from_patient_id, to_patient_id=command.to_patient_id
        )
    ]


def _note(event: IntakeEvent, changed: Opened) -> None:
    match event:
        case IntakeOpened():
            changed[event.patient_id] = event.admission_id
        case IntakeEnded():
            changed[event.patient_id] = None
        case IntakeRepointed():
            changed[event.from_patient_id] = None
            changed[event.to_patient_id] = event.admission_id
        case IntakeWaits() | IntakeServed() | IntakeContinues():
            pass
        case _:
            assert_never(event)
