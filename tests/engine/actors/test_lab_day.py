"""A branch's day, and the list of a patient's open referrals: what they count, and that they agree with themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.actors.lab_day import LAB_DAY, CountSteps, LabStepCounted, LabTestTimed, ReferralTimed
from engine.actors.patient_referrals import PATIENT_REFERRALS, NoteReferrals
from engine.decider import DAY, HOUR
from tests.engine.actors.asked import NOW, Actor


def timed(took: int, bench: int = 1, test: str = "c1") -> LabTestTimed:
    return LabTestTimed(referral_id="r", referral_test_id="t", test_id=test, took=took, bench=bench)


def test_a_day_knows_its_branch_and_counts_what_happened() -> None:
    day = Actor(LAB_DAY, "b1:2026-02-02")
    day.ask(CountSteps((LabStepCounted(step="received", times=2), LabStepCounted(step="received"))))
    assert (day.state.branch_id, day.state.day, day.state.counts) == ("b1", "2026-02-02", {"received": 3})


@given(st.lists(st.integers(0, 90 * 24), max_size=20))
def test_durations_are_kept_in_order_whatever_the_order_they_came_in(hours: list[int]) -> None:
    day = Actor(LAB_DAY, "b1:2026-02-02")
    for n, one in enumerate(hours):
        steps = (LabStepCounted(step="completed"), timed(one * HOUR, one, f"c{n % 3}"))
        day.ask(CountSteps((*steps, ReferralTimed(referral_id="r", took=one * HOUR))))
    assert day.state.tests == day.state.referrals == sorted(one * HOUR for one in hours)
    assert sum(count for count, _ in day.state.by_test.values()) == len(hours)


def test_a_day_that_is_long_over_may_leave_memory() -> None:
    day = Actor(LAB_DAY, "b1:2026-02-02")
    assert not LAB_DAY.closed(day.state, NOW)
    day.ask(CountSteps((LabStepCounted(step="referred"),)))
    assert not LAB_DAY.closed(day.state, NOW + DAY)
    assert LAB_DAY.closed(day.state, NOW + 4 * DAY)


def test_a_referral_is_open_once_and_ends_once() -> None:
    patient = Actor(PATIENT_REFERRALS, "p1")
    assert len(patient.ask(NoteReferrals(opened=("a", "b")))) == 2
    assert patient.ask(NoteReferrals(opened=("a",))) == []
    patient.ask(NoteReferrals(ended=("a",), opened=("c",)))
    assert patient.state.open == ["b", "c"]
    assert patient.ask(NoteReferrals(ended=("a",))) == []
