"""One referral by itself: which steps its tests may take, what it is after them, and in which lists it stands."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.referral import REFERRAL
from engine.actors.referral.commands import (
    Acknowledge,
    Cancel,
    Create,
    Decline,
    Queue,
    Redirect,
    Repoint,
    Revise,
    Step,
    Wake,
)
from engine.actors.referral.refusals import IllegalStep, NoChange, NoResult, ReferralTransition, SampleInHand
from engine.actors.referral.state import KEPT, TRANSITIONS, Ordered, TestStatus, derived
from engine.actors.referral.view import referral_view
from engine.decider import DAY, HOUR, FreeText
from engine.errors import Invalid, NotFound, Rejected, Stale
from tests.engine.actors.asked import NOW, Actor

STATUSES: tuple[TestStatus, ...] = ("Pending", "Received", "Completed", "Rejected", "Cancelled", "Amended")
WAY: dict[TestStatus, tuple[TestStatus, ...]] = {
    "Pending": (),
    "Received": ("Received",),
    "Completed": ("Received", "Completed"),
    "Rejected": ("Rejected",),
    "Cancelled": ("Cancelled",),
    "Amended": ("Received", "Completed", "Amended"),
}


def to(status: TestStatus, test: str = "t1", **more: Any) -> Step:
    """A step with all that such a step needs."""
    if status in ("Rejected", "Amended"):
        more.setdefault("reason", FreeText("clotted"))
    if status == "Amended":
        more.setdefault("result", FreeText("another value"))
    return Step(referral_test_id=test, to=status, acknowledge=24 * HOUR, **more)


def referral(*steps: Step, tests: int = 1, expires: int = 0) -> Actor:
    """A referral for so many tests after these steps."""
    actor = Actor(REFERRAL, "r1")
    actor.ask(
        Create(
            reference="ABCDEFGHJ1",
            patient_id="pat",
            practitioner_id="dr",
            facility_id="f1",
            branch_id="b1",
            tests=tuple(Ordered(id=f"t{n}", test_id=f"c{n}") for n in range(1, tests + 1)),
            expires_at=NOW + expires if expires else 0,
            note=FreeText("fasting"),
        )
    )
    for step in steps:
        actor.ask(step)
    return actor


def refused(actor: Actor, command: Any) -> Rejected:
    with pytest.raises(Rejected) as raised:
        actor.ask(command)
    return raised.value


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STATUSES)))
def test_r3_a_test_takes_the_legal_steps_and_no_other(before: TestStatus, after: TestStatus) -> None:
    actor = referral(*(to(status) for status in WAY[before]))
    assert actor.state.tests["t1"].status == before
    if after in TRANSITIONS[before]:
        actor.ask(to(after, result=FreeText("once more")) if after == "Amended" else to(after))
        assert actor.state.tests["t1"].status == after
    elif after == before:
        assert isinstance(refused(actor, to(after)), NoChange)
    else:
        refusal = refused(actor, to(after))
        assert isinstance(refusal, IllegalStep)
        assert (refusal.facts["from_state"], refusal.facts["to_state"]) == (before, after)


def test_r1_a_referral_begins_pending_with_all_its_tests() -> None:
    state = referral(tests=3).state
    assert (state.status, list(state.tests), state.version) == ("Pending", ["t1", "t2", "t3"], 1)
    assert state.note.subject == "pat"
    assert [one.what for one in state.history] == ["created"]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (("Pending", "Pending"), "Pending"),
        (("Pending", "Cancelled"), "Pending"),
        (("Pending", "Received"), "Received"),
        (("Pending", "Completed"), "Received"),
        (("Rejected", "Completed"), "Received"),
        (("Rejected",), "Received"),
        (("Completed", "Cancelled"), "Completed"),
        (("Amended", "Completed"), "Completed"),
        (("Cancelled", "Cancelled"), "Cancelled"),
    ],
)
def test_r5_the_status_follows_from_the_tests(statuses: tuple[TestStatus, ...], status: str) -> None:
    assert derived(statuses) == status


@pytest.mark.parametrize("status", ["Rejected", "Amended"])
@pytest.mark.parametrize("reason", [None, FreeText("  ")])
def test_r4_a_rejection_and_an_amendment_say_why(status: Any, reason: FreeText | None) -> None:
    actor = referral(*((to("Received"), to("Completed")) if status == "Amended" else ()))
    refusal = refused(actor, to(status, reason=reason))
    assert isinstance(refusal, Invalid)
    assert refusal.facts["field"] == "reason"


def test_r4_what_is_no_result_has_no_value_and_is_not_critical() -> None:
    actor = referral()
    assert refused(actor, to("Received", result=FreeText("4.5"))).facts["field"] == "result"
    assert refused(actor, to("Received", critical=True)).facts["field"] == "critical"


def test_r3_a_rejected_test_is_collected_again_and_its_history_stays() -> None:
    actor = referral(to("Received"), to("Rejected", reason=FreeText("haemolysed")), to("Pending"), to("Received"))
    actor.ask(to("Completed", result=FreeText("4.5")))
    test = actor.state.tests["t1"]
    assert (test.attempt, test.status, test.result.text) == (2, "Completed", "4.5")
    assert [one.what for one in actor.state.history] == [
        "created", "received", "rejected", "recollected", "received", "completed",
    ]  # fmt: skip
    assert [one.reason.text for one in actor.state.history if one.reason] == ["haemolysed"]


def test_r3_an_amendment_keeps_the_instant_of_the_first_result() -> None:
    actor = referral(to("Received"), to("Completed", result=FreeText("4.5")))
    first = actor.state.tests["t1"].completed_at
    before = referral_view(actor.state)
    actor.time += HOUR
    actor.ask(to("Amended", result=FreeText("5.4")))
    test = actor.state.tests["t1"]
    assert (test.completed_at, test.amended_at > first, test.result.text) == (first, True, "5.4")
    after = referral_view(actor.state)
    assert after.tests[0].turnaround_hours == before.tests[0].turnaround_hours
    assert (after.completed_at, after.turnaround_hours) == (before.completed_at, before.turnaround_hours)


def test_r3_an_amendment_that_changes_nothing_is_none() -> None:
    actor = referral(to("Received"), to("Completed", result=FreeText("4.5"), critical=True))
    assert isinstance(refused(actor, to("Amended", result=FreeText("4.5"))), NoChange)
    actor.ask(to("Amended", result=None, critical=False))
    assert (actor.state.tests["t1"].critical, actor.state.tests["t1"].result.text) == (False, "4.5")


def test_r2_a_change_of_another_version_is_stale() -> None:
    actor = referral()
    for command in (
        Revise(priority="stat", note=None, clinical_information=None, if_version=7),
        to("Received", if_version=7),
        Decline(FreeText("no"), 7),
        Cancel(if_version=7),
        Redirect(facility_id="f1", branch_id="b2", if_version=7),
    ):
        assert isinstance(refused(actor, command), Stale)


def test_r2_what_is_over_is_not_changed_any_more() -> None:
    actor = referral(to("Cancelled"))
    again = Revise(priority="stat", note=None, clinical_information=None)
    assert isinstance(refused(actor, again), ReferralTransition)


def test_r2_saying_the_same_again_is_no_event() -> None:
    actor = referral()
    assert actor.ask(Revise(priority="routine", note=FreeText("fasting"), clinical_information=None)) == []
    actor.ask(Revise(priority="urgent", note=None, clinical_information=FreeText("fever")))
    assert (actor.state.priority, actor.state.note) == ("urgent", None)


def test_r6_declined_while_pending_and_then_nothing_becomes_of_its_tests() -> None:
    actor = referral()
    assert isinstance(refused(actor, Decline(FreeText(" "))), Invalid)
    actor.ask(Decline(FreeText("no reagent")))
    assert (actor.state.status, actor.state.reason.text) == ("Declined", "no reagent")
    refusal = refused(actor, to("Received"))
    assert (type(refusal), refusal.facts["from_state"]) == (IllegalStep, "Declined")
    assert isinstance(refused(actor, Decline(FreeText("again"))), ReferralTransition)
    assert isinstance(refused(actor, Cancel()), ReferralTransition)
    assert isinstance(refused(actor, Queue("t1", "k1", "s1")), IllegalStep)


def test_r6_what_the_branch_has_begun_it_does_not_decline() -> None:
    actor = referral(to("Received"))
    assert isinstance(refused(actor, Decline(FreeText("no reagent"))), ReferralTransition)


def test_r7_redirected_it_stands_in_the_lists_of_the_other_branch() -> None:
    actor = referral(expires=HOUR)
    actor.ask(Redirect(facility_id="f2", branch_id="b2", reason=FreeText("nearer"), expires_at=NOW + 9 * HOUR))
    state = actor.state
    assert (state.branch_id, state.facility_id, state.came_from) == ("b2", "f2", ("b1",))
    assert (state.status, state.expires_at) == ("Pending", NOW + 9 * HOUR)
    assert not any("b1" in table for table, _ in actor.filed)
    assert ("referrals:pair:b2:dr:Pending", "r1") in actor.filed


def test_r7_a_declined_referral_lives_again_at_another_branch() -> None:
    actor = referral()
    actor.ask(Decline(FreeText("no reagent")))
    actor.ask(Redirect(facility_id="f1", branch_id="b2"))
    actor.ask(to("Received"))
    assert actor.state.status == "Received"


def test_r7_what_a_branch_has_in_hand_is_not_redirected() -> None:
    actor = referral(to("Received"), tests=2)
    refusal = refused(actor, Redirect(facility_id="f1", branch_id="b2"))
    assert (type(refusal), refusal.facts["referral_test_ids"]) == (SampleInHand, ["t1"])
    assert isinstance(refused(actor, Redirect(facility_id="f1", branch_id="b1")), NoChange)
    actor.ask(to("Completed", result=FreeText("4.5")))
    actor.ask(Redirect(facility_id="f1", branch_id="b2"))
    assert actor.state.status == "Received"
    actor.ask(to("Received", "t2"))
    actor.ask(to("Completed", "t2"))
    assert [test.branch_id for test in actor.state.tests.values()] == ["b1", "b2"]


def test_r7_what_is_complete_is_not_redirected() -> None:
    actor = referral(to("Received"), to("Completed"))
    assert isinstance(refused(actor, Redirect(facility_id="f1", branch_id="b2")), ReferralTransition)


def test_r8_cancelled_is_what_is_open_of_it() -> None:
    actor = referral(to("Received"), to("Completed"), tests=3)
    actor.ask(Cancel(reason=FreeText("went home"), acknowledge=HOUR))
    assert [test.status for test in actor.state.tests.values()] == ["Completed", "Cancelled", "Cancelled"]
    assert (actor.state.status, actor.state.acknowledge_by) == ("Completed", actor.time + HOUR)
    other = referral(tests=2)
    other.ask(Cancel())
    assert other.state.status == "Cancelled"
    assert isinstance(refused(other, Cancel()), NoChange)


def test_r9_a_complete_referral_waits_to_be_acknowledged_and_somebody_is_told_once() -> None:
    actor = referral(to("Received"), to("Completed"))
    done = actor.time
    assert (actor.state.result_at, REFERRAL.due(actor.state)) == (done, done + 24 * HOUR)
    actor.time = done + 24 * HOUR
    assert [type(event).__name__ for event in actor.ask(Wake())] == ["ResultOverdue"]
    assert REFERRAL.due(actor.state) is None
    assert actor.ask(Wake()) == []
    actor.ask(Acknowledge())
    assert (actor.state.result_at, actor.state.alerted) == (0, ())
    assert isinstance(refused(actor, Acknowledge()), NoChange)


def test_r9_nothing_is_acknowledged_before_there_is_a_result() -> None:
    actor = referral(to("Received"), tests=2)
    assert isinstance(refused(actor, Acknowledge()), NoResult)
    actor.ask(to("Completed"))
    assert actor.state.result_at == 0
    actor.ask(Acknowledge())
    actor.ask(to("Received", "t2"))
    actor.ask(to("Completed", "t2"))
    assert actor.state.result_at == actor.time
    assert actor.state.acknowledged_at == 0


def test_r9_a_critical_result_waits_at_once_and_an_amended_one_again() -> None:
    actor = referral(to("Received"), to("Completed", critical=True), tests=2)
    assert actor.state.acknowledge_by == actor.time + 24 * HOUR
    assert actor.state.alerted == ("result_critical",)
    actor.ask(Acknowledge())
    assert actor.state.acknowledge_by == 0
    actor.ask(to("Amended", critical=False))
    assert actor.state.acknowledge_by == actor.time + 24 * HOUR


def test_r10_expires_only_while_nothing_has_begun() -> None:
    actor = referral(expires=HOUR)
    assert REFERRAL.due(actor.state) == NOW + HOUR
    assert actor.ask(Wake()) == []
    actor.time = NOW + HOUR
    actor.ask(Wake())
    assert actor.state.status == "Expired"
    assert isinstance(refused(actor, to("Received")), IllegalStep)
    for steps in ((to("Received"),), (to("Rejected"),), (to("Rejected"), to("Pending")), (to("Cancelled"),)):
        begun = referral(*steps, expires=HOUR)
        assert REFERRAL.due(begun.state) is None
        begun.time = NOW + HOUR
        assert begun.ask(Wake()) == []


def test_r11_in_line_only_for_what_is_pending() -> None:
    actor = referral()
    actor.ask(Queue("t1", "k1", "s1"))
    assert (actor.state.tests["t1"].ticket_id, actor.state.tests["t1"].service_id) == ("k1", "s1")
    actor.ask(to("Received"))
    refusal = refused(actor, Queue("t1", "k2", "s1"))
    assert (type(refusal), refusal.facts["from_state"]) == (IllegalStep, "Received")
    assert isinstance(refused(actor, Queue("t9", "k2", "s1")), NotFound)


def test_r12_the_history_is_bounded_and_keeps_the_latest() -> None:
    actor = referral(to("Received"), to("Completed"))
    for n in range(KEPT + 5):
        actor.ask(to("Amended", result=FreeText(str(n))))
    assert len(actor.state.history) == KEPT
    assert actor.state.history[0].what == "amended"


def test_r13_a_merged_patient_changes_only_the_patients_list() -> None:
    actor = referral()
    before = actor.filed - {("referrals:patient:pat", "r1")}
    actor.ask(Repoint("other"))
    assert actor.filed == before | {("referrals:patient:other", "r1")}


COMMANDS = st.one_of(
    st.builds(to, st.sampled_from(STATUSES), st.sampled_from(("t1", "t2", "t3")), critical=st.none()),
    st.builds(lambda test: to("Completed", test, critical=True), st.sampled_from(("t1", "t2", "t3"))),
    st.builds(lambda branch: Redirect(facility_id="f1", branch_id=branch), st.sampled_from(("b1", "b2", "b3"))),
    st.just(Decline(FreeText("no"))),
    st.just(Cancel(acknowledge=HOUR)),
    st.just(Acknowledge()),
    st.builds(Repoint, st.sampled_from(("pat", "other"))),
    st.integers(0, 30),
)


@given(st.lists(COMMANDS, max_size=25))
def test_any_commands_leave_a_derived_status_legal_steps_and_the_lists_of_a_restart(commands: list[Any]) -> None:
    actor = referral(tests=3, expires=20 * HOUR)
    for command in commands:
        before = {id: test.status for id, test in actor.state.tests.items()}
        try:
            if isinstance(command, int):
                actor.time += command * HOUR
                actor.ask(Wake())
            else:
                actor.ask(command)
        except Rejected:
            continue
        for id, test in actor.state.tests.items():
            assert test.status == before[id] or test.status in TRANSITIONS[before[id]]


def test_r3_what_is_entered_afterwards_counts_from_when_it_happened() -> None:
    actor = referral(tests=2)
    actor.time += 9 * HOUR
    for test, received, completed in (("t1", 1, 5), ("t2", 2, 3)):
        actor.ask(to("Received", test, happened_at=NOW + received * HOUR))
        early = refused(actor, to("Completed", test, happened_at=NOW + received * HOUR - 1))
        assert (type(early), early.facts["field"]) == (Invalid, "occurred_at")
        actor.ask(to("Completed", test, happened_at=NOW + completed * HOUR))
    assert [test.completed_at for test in actor.state.tests.values()] == [NOW + 5 * HOUR, NOW + 3 * HOUR]
    assert actor.state.completed_at == NOW + 5 * HOUR
    assert actor.state.result_at == actor.time


def test_r3_nothing_is_received_before_it_was_asked_for_nor_rejected_afterwards() -> None:
    actor = referral()
    assert refused(actor, to("Received", happened_at=NOW - HOUR)).facts["field"] == "occurred_at"
    assert refused(actor, to("Rejected", happened_at=NOW + HOUR)).facts["field"] == "occurred_at"


def test_it_leaves_memory_a_year_after_nothing_was_expected_of_it_any_more() -> None:
    actor = referral(to("Received"), to("Completed"))
    later = actor.time + 400 * DAY
    assert not REFERRAL.closed(actor.state, later)
    actor.ask(Acknowledge())
    assert REFERRAL.closed(actor.state, later)
    assert not REFERRAL.closed(actor.state, actor.time + 300 * DAY)
    assert not REFERRAL.closed(referral().state, later)
