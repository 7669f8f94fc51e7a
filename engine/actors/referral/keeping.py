"""What the engine needs to keep a referral: its invariants and when it wants to be woken."""

from __future__ import annotations

from engine.actors.referral.state import KEPT, RESULTED, Referral, derived, is_open, nothing_begun
from engine.decider import DAY

MEMORY = 366 * DAY


def due(state: Referral) -> int | None:
    """When it expires, or when somebody is told that its result was not acknowledged."""
    instants = []
    if state.expires_at and nothing_begun(state):
        instants.append(state.expires_at)
    if state.acknowledge_by:
        instants.append(state.acknowledge_by)
    return min(instants, default=None)


def closed(state: Referral, time: int) -> bool:
    """Over, acknowledged, and untouched for a year: pages of lists, which would load one by one, rarely reach it."""
    return not is_open(state.status) and due(state) is None and state.updated_at + MEMORY < time


def check(state: Referral) -> None:
    """What always holds."""
    if not state.version:
        return
    tests = state.tests.values()
    assert state.tests, "R1: a referral asks for something"
    assert state.status == (state.ended_as or derived(test.status for test in tests)), "R5: the status is not derived"
    for test in tests:
        assert (test.completed_at > 0) == (test.status in RESULTED), "a result has its instant, and nothing else has"
        assert test.attempt >= 1
    assert not state.result_at or any(test.status in RESULTED for test in tests), "R9: nothing to acknowledge"
    assert len(state.history) <= KEPT, "R12: the history grows without bound"
    assert all(id == test.id for id, test in state.tests.items()), "a test is kept under another id"
