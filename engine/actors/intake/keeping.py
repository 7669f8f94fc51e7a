"""What the engine needs to keep the intake: its invariants, its timer and its snapshot."""

from __future__ import annotations

from msgspec.structs import replace

from engine.actors.intake.evolve import line_up
from engine.actors.intake.state import Intake, line_of, turn_of


def freeze(state: Intake) -> Intake:
    """The snapshot of a state: the same without its indexes."""
    return replace(state, lines={}, reasons={})


def thaw(stored: Intake) -> Intake:
    """The state of a snapshot, its indexes rebuilt."""
    waiting, stored.waiting = stored.waiting, {}
    stored.lines, stored.reasons = {}, {}
    for waiter in waiting.values():
        line_up(stored, waiter)
    return stored


def check(state: Intake) -> None:
    """What always holds."""
    assert len(set(state.open.values())) == len(state.open), "R1: an admission is two patients'"
    assert sum(map(len, state.lines.values())) == len(state.waiting), "somebody stands in no line, or in two"
    for id, waiter in state.waiting.items():
        assert id == waiter.admission_id, "an admission waits under another id"
        assert state.open.get(waiter.patient_id) == id, "R2: an admission waits that is not open"
        assert waiter.roles or waiter.bed, "R2: nothing is missing"
        assert turn_of(waiter) in state.lines[line_of(waiter)], "R3: somebody stands in another line"
    assert all(line == sorted(line) and line for line in state.lines.values()), "R3: a line is out of order"
    reasons: dict[str, int] = {}
    for waiter in state.waiting.values():
        reasons[waiter.reason] = reasons.get(waiter.reason, 0) + 1
    assert state.reasons == reasons, "the reasons are counted wrongly"


def due(state: Intake) -> int | None:
    """R4: when the next are served."""
    return state.due or None
