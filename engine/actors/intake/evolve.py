"""What an event does to the intake. It never refuses."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import assert_never

from msgspec.structs import replace

from engine.actors.intake.events import (
    IntakeContinues,
    IntakeEnded,
    IntakeEvent,
    IntakeOpened,
    IntakeRepointed,
    IntakeServed,
    IntakeWaits,
)
from engine.actors.intake.state import Intake, Waiter, line_of, turn_of


def evolve(state: Intake, event: IntakeEvent) -> None:
    """Change the state."""
    state.version += 1
    match event:
        case IntakeOpened():
            state.open[event.patient_id] = event.admission_id
            state.assigned += event.assigned
        case IntakeWaits():
            _leave(state, event.waiter.admission_id)
            line_up(state, event.waiter)
        case IntakeServed():
            _leave(state, event.admission_id)
            state.assigned += event.assigned
        case IntakeEnded():
            _leave(state, event.admission_id)
            state.open.pop(event.patient_id, None)
            state.ended += 1
        case IntakeRepointed():
            state.open.pop(event.from_patient_id, None)
            state.open[event.to_patient_id] = event.admission_id
            waiter = state.waiting.get(event.admission_id)
            if waiter is not None:
                _leave(state, event.admission_id)
                line_up(state, replace(waiter, patient_id=event.to_patient_id))
        case IntakeContinues():
            state.due = event.due
        case _:
            assert_never(event)


def line_up(state: Intake, waiter: Waiter) -> None:
    """One more waits; used where a snapshot's indexes are made, too."""
    state.waiting[waiter.admission_id] = waiter
    insort(state.lines.setdefault(line_of(waiter), []), turn_of(waiter))
    state.reasons[waiter.reason] = state.reasons.get(waiter.reason, 0) + 1


def _leave(state: Intake, admission_id: str) -> None:
    waiter = state.waiting.pop(admission_id, None)
    if waiter is None:
        return
    line = state.lines[line_of(waiter)]
    del line[bisect_left(line, turn_of(waiter))]
    if not line:
        del state.lines[line_of(waiter)]
    state.reasons[waiter.reason] -= 1
    if not state.reasons[waiter.reason]:
        del state.reasons[waiter.reason]
