"""One branch's local day: how many tests it received, finished and rejected, and how long they took.

It gets its events in the same decision as the referral's, and never says no. It knows no person and no result.

R1  A test counts on the day on which it is completed, once: an amendment leaves the duration as it was.
R2  Two durations of a test: from the referral to the result, and from receiving the sample to the result.
"""

from __future__ import annotations

from bisect import insort
from datetime import date
from typing import Any, Final, Literal, assert_never

import msgspec

from engine.decider import DAY, At, Decider, Event

LabStep = Literal[
    "referred", "received", "completed", "rejected", "recollected", "cancelled", "amended", "declined", "expired",
    "redirected", "critical",
]  # fmt: skip
"""What is counted: referrals for referred, declined, expired and redirected (away); else tests."""


class LabStepCounted(Event, frozen=True):
    """This happened at the branch."""

    step: LabStep
    times: int = 1


class LabTestTimed(Event, frozen=True):
    """R1, R2: a test is done. ``took`` since the referral, ``bench`` since the sample was received, µs."""

    referral_id: str
    referral_test_id: str
    test_id: str
    took: int
    bench: int


class ReferralTimed(Event, frozen=True):
    """A referral is complete; ``took`` since it was made, µs."""

    referral_id: str
    took: int


LabDayEvent = LabStepCounted | LabTestTimed | ReferralTimed


class CountSteps(msgspec.Struct, frozen=True):
    """What happened in one decision, as the events have it."""

    events: tuple[LabDayEvent, ...]


class LabDay(msgspec.Struct, gc=False):
    """State. Durations (µs) are sorted, so that a percentile is an index."""

    branch_id: str = ""
    day: str = ""
    counts: dict[LabStep, int] = {}
    tests: list[int] = []
    """From the referral to the result,"""
    bench: list[int] = []
    """from the sample to the result,"""
    referrals: list[int] = []
    """and from the referral to all of its results."""
    by_test: dict[str, tuple[int, int]] = {}
    """Test of the catalog → (how many, µs from the referral to the result, added up)."""
    version: int = 0


def lab_day_key(branch_id: str, day: str) -> str:
    """The actor of a branch's local day."""
    return f"lab_day:{branch_id}:{day}"


def decide(state: LabDay, command: CountSteps, at: At) -> tuple[LabDayEvent, ...]:
    """The events of a command: those that it brings."""
    return command.events


def evolve(state: LabDay, event: LabDayEvent) -> None:
    """Change the state."""
    state.version += 1
    match event:
        case LabStepCounted():
            state.counts[event.step] = state.counts.get(event.step, 0) + event.times
        case LabTestTimed():
            insort(state.tests, event.took)
            insort(state.bench, event.bench)
            count, total = state.by_test.get(event.test_id, (0, 0))
            state.by_test[event.test_id] = (count + 1, total + event.took)
        case ReferralTimed():
            insort(state.referrals, event.took)
        case _:
            assert_never(event)


def check(state: LabDay) -> None:
    """What always holds: every completed test was timed, and the sums are theirs."""
    assert state.counts.get("completed", 0) == len(state.tests) == len(state.bench), "R1: a test was not timed"
    for durations in (state.tests, state.bench, state.referrals):
        assert durations == sorted(durations), "the durations are in no order"
    assert sum(count for count, _ in state.by_test.values()) == len(state.tests), "the tests are counted otherwise"
    assert sum(total for _, total in state.by_test.values()) == sum(state.tests), "the sums are wrong"


def closed(state: LabDay, time: int) -> bool:
    """Three days after its midnight in UTC: over for more than a day in every zone."""
    if not state.version:
        return False
    began = (date.fromisoformat(state.day) - date(1970, 1, 1)).days * DAY
    return time > began + 3 * DAY


def _initial(key: str) -> LabDay:
    branch_id, _, day = key.rpartition(":")
    return LabDay(branch_id, day)


LAB_DAY: Final[Decider[Any]] = Decider(
    kind="lab_day",
    events=(LabStepCounted, LabTestTimed, ReferralTimed),
    initial=_initial,
    decide=decide,
    evolve=evolve,
    state=LabDay,
    check=check,
    closed=closed,
)
