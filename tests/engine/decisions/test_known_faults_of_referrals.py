"""Faults of the referral system that this one takes the place of: each one here, as what it must never do again."""

from __future__ import annotations

from itertools import product

import pytest

from engine.actors.referral.state import TRANSITIONS, TestStatus
from engine.actors.technician import Technician, TechnicianProfile
from engine.decider import FreeText, PersonName
from engine.decisions.facilities import ChangeBranch
from engine.decisions.patients import RegisterPatient
from engine.decisions.practitioners import AddTechnician
from engine.decisions.referrals import ChangeReferral
from tests.engine.referring import Lab

OLD: tuple[TestStatus, ...] = ("Pending", "Received", "Completed")
WAY: dict[TestStatus, tuple[TestStatus, ...]] = {
    "Pending": (),
    "Received": ("Received",),
    "Completed": ("Received", "Completed"),
}


@pytest.mark.parametrize(
    ("before", "after"), [pair for pair in product(OLD, OLD) if pair[1] not in TRANSITIONS[pair[0]]]
)
def test_any_status_became_any_other(before: TestStatus, after: TestStatus) -> None:
    lab = Lab()
    id = lab.refer()
    for status in WAY[before]:
        lab.step(id, status)
    assert lab.no(lab.to(id, after)).code in ("invalid_transition", "no_change")


def test_a_test_that_was_pending_again_kept_its_completion() -> None:
    lab = Lab()
    id = lab.refer()
    lab.done(id)
    assert lab.no(lab.to(id, "Pending")).code == "invalid_transition"
    other = lab.refer(lab.sugar)
    lab.step(other, "Received")
    lab.step(other, "Rejected")
    lab.step(other, "Pending")
    assert (lab.nth(other).received_at, lab.nth(other).completed_at, lab.referral(other).status) == (0, 0, "Pending")


def test_the_status_of_a_referral_was_entered_by_hand() -> None:
    assert "status" not in ChangeReferral.__struct_fields__
    lab = Lab()
    id = lab.refer(lab.blood, lab.sugar)
    lab.done(id)
    assert lab.referral(id).status == "Received"
    lab.done(id, 1)
    assert lab.referral(id).status == "Completed"


def test_namesakes_shared_one_record() -> None:
    lab = Lab()
    first, second = (lab.ask(RegisterPatient(name=PersonName("Jane Doe"))).id for _ in range(2))
    id = lab.refer(patient_id=first)
    assert lab.listed(f"referrals:patient:{first}") == [id]
    assert lab.listed(f"referrals:patient:{second}") == []


def test_unknown_tests_were_left_out_in_silence() -> None:
    lab = Lab()
    unknown = [f"01890000-0000-7000-8000-00000000000{n}" for n in range(3)]
    refusal = lab.no(lab.wanted(unknown[0], lab.blood, *unknown[1:]))
    assert (refusal.family, refusal.facts["test_ids"]) == ("invalid", unknown)
    assert lab.listed("referrals") == []


def test_a_branch_that_was_closed_took_referrals() -> None:
    lab = Lab()
    lab.ask(ChangeBranch(branch_id=lab.near, name="Near", active=False, service_id=lab.queue))
    assert lab.no(lab.wanted()).code == "branch_inactive"


def test_a_technician_of_two_branches_saw_the_first_alone() -> None:
    lab = Lab()
    both = lab.ask(AddTechnician(name=PersonName("Vi"), branch_ids=(lab.far, lab.near), principal="vi")).id
    state: Technician = lab.states[f"technician:{both}"]
    profile: TechnicianProfile = state.profile
    assert profile.branch_ids == (lab.far, lab.near)
    for branch in (lab.near, lab.far):
        id = lab.refer(branch_id=branch)
        with lab.asked_by("vi"):
            lab.step(id, "Received")
            lab.step(id, "Completed", result=FreeText("4.5"))
        assert lab.nth(id).branch_id == branch


def test_a_second_result_moved_the_turnaround() -> None:
    lab = Lab()
    id = lab.refer()
    lab.later(60)
    lab.done(id)
    first = lab.step(id, "Amended", result=FreeText("5.4"))
    lab.later(60)
    again = lab.step(id, "Amended", result=FreeText("5.5"))
    assert first.turnaround_hours == again.turnaround_hours == 1.0
    assert first.tests[0].completed_at == again.tests[0].completed_at
