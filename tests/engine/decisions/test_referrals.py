"""Referrals: who may make them, for what, and what becomes of them as a whole."""

from __future__ import annotations

import re

import pytest

from engine import calendar
from engine.actors.referral.refusals import ReferralTransition
from engine.actors.service.state import Service
from engine.decider import DAY as A_DAY
from engine.decider import HOUR, FreeText, PersonName
from engine.decisions.facilities import AddBranch, AddFacility, ChangeBranch, ChangeTest
from engine.decisions.practitioners import AddPractitioner, RemovePractitioner
from engine.decisions.referral_tests import JoinLab
from engine.decisions.referrals import (
    CancelReferral,
    ChangeReferral,
    CreateReferral,
    DeclineReferral,
    RedirectReferral,
)
from engine.decisions.referring.asker import Forbidden
from engine.decisions.referring.catalog import BranchInactive, NotOffered
from engine.errors import Invalid, NotFound
from tests.engine.deciding import reason
from tests.engine.referring import Lab

NOBODY = "01890000-0000-7000-8000-000000000000"


def test_a_practitioner_refers_with_his_own_credential() -> None:
    lab = Lab()
    with lab.asked_by("dr"):
        made = lab.ask(CreateReferral(patient_id=lab.pat, branch_id=lab.near, tests=(lab.blood, lab.scan)))
    assert (made.practitioner_id, made.status, made.created_by) == (lab.dr, "Pending", "dr")
    assert re.fullmatch("[A-Z0-9]{10}", made.reference)
    assert lab.tables["references"][made.reference] == f"referral:{made.id}"
    assert lab.outcome == "created"
    assert [(one.price_minor, one.currency) for one in made.tests] == [(1_250, "INR"), (0, None)]
    assert lab.lab_day().counts == {"referred": 1}


def test_r1_only_a_practitioner_refers_and_only_for_himself() -> None:
    lab = Lab()
    other = lab.ask(AddPractitioner(name=PersonName("Dr. Bo"))).id
    assert isinstance(lab.no(lab.wanted(), "lab"), Forbidden)
    assert isinstance(lab.no(lab.wanted(practitioner_id=other), "dr"), Forbidden)
    assert lab.no(lab.wanted(practitioner_id=None)).facts["field"] == "practitioner_id"
    assert isinstance(lab.no(lab.wanted(practitioner_id=NOBODY)), NotFound)


def test_r2_all_tests_that_cannot_be_had_are_named_at_once() -> None:
    lab = Lab()
    south = lab.ask(AddFacility(name="South")).id
    foreign = lab.test("Urine", south)
    lab.ask(ChangeTest(test_id=lab.sugar, name="Glucose", test_type_id=lab.type, active=False))
    refusal = lab.no(lab.wanted(lab.blood, NOBODY, foreign, lab.sugar, lab.scan, branch_id=lab.far))
    assert isinstance(refusal, NotOffered)
    assert refusal.family == "invalid"
    assert refusal.facts["reasons"] == {
        NOBODY: "unknown",
        foreign: "foreign",
        lab.sugar: "inactive",
        lab.scan: "not_at_branch",
    }
    assert refusal.facts["test_ids"] == [NOBODY, foreign, lab.sugar, lab.scan]


def test_r2_no_test_is_asked_for_twice() -> None:
    lab = Lab()
    assert isinstance(lab.no(lab.wanted(lab.blood, lab.blood)), Invalid)


def test_an_inactive_branch_takes_no_referral_and_an_unknown_one_is_not_found() -> None:
    lab = Lab()
    lab.ask(ChangeBranch(branch_id=lab.far, name="Far", active=False))
    assert isinstance(lab.no(lab.wanted(branch_id=lab.far)), BranchInactive)
    assert lab.no(lab.wanted(branch_id=NOBODY)).facts["field"] == "branch_id"
    assert isinstance(lab.no(lab.wanted(patient_id=NOBODY)), NotFound)
    kept = lab.refer()
    assert isinstance(lab.no(RedirectReferral(referral_id=kept, branch_id=lab.far)), BranchInactive)


def test_what_was_ordered_keeps_its_price() -> None:
    lab = Lab()
    id = lab.refer()
    lab.ask(ChangeTest(test_id=lab.blood, name="Blood", test_type_id=lab.type, price_minor=9_999, currency="USD"))
    assert (lab.nth(id).price_minor, lab.nth(id).currency) == (1_250, "INR")


def test_it_stands_in_every_list_of_its_owners_and_of_its_status() -> None:
    lab = Lab()
    first, second = lab.refer(lab.blood, lab.scan), lab.refer(lab.sugar, branch_id=lab.far)
    lab.step(first, "Received")
    assert lab.listed("referrals") == [first, second]
    assert lab.listed("referrals:Pending") == [second]
    assert lab.listed("referrals:Received") == [first]
    assert lab.listed(f"referrals:practitioner:{lab.dr}") == [first, second]
    assert lab.listed(f"referrals:branch:{lab.near}:Received") == [first]
    assert lab.listed(f"referrals:branch:{lab.near}:Pending") == []
    assert lab.listed(f"referrals:pair:{lab.far}:{lab.dr}:Pending") == [second]
    assert lab.listed(f"referrals:patient:{lab.pat}") == [first, second]
    assert lab.listed(f"referrals:test:{lab.scan}") == [first]


def test_the_referrer_changes_what_he_says_and_nobody_else_does() -> None:
    lab = Lab()
    id = lab.refer(note=FreeText("fasting"))
    command = ChangeReferral(referral_id=id, priority="urgent", note=None)
    assert isinstance(lab.no(command, "lab"), Forbidden)
    with lab.asked_by("dr"):
        changed = lab.ask(command)
    assert (changed.priority, changed.note, changed.clinical_information) == ("urgent", None, None)
    assert lab.ask(ChangeReferral(referral_id=id)).version == changed.version


def test_another_practitioner_takes_over_when_the_referrer_has_left() -> None:
    lab = Lab()
    id = lab.refer()
    lab.ask(AddPractitioner(name=PersonName("Dr. Bo"), principal="bo"))
    assert isinstance(lab.no(CancelReferral(referral_id=id), "bo"), Forbidden)
    lab.ask(RemovePractitioner(practitioner_id=lab.dr))
    with lab.asked_by("bo"):
        assert lab.ask(CancelReferral(referral_id=id)).status == "Cancelled"


def test_the_branch_declines_with_a_reason() -> None:
    lab = Lab()
    id = lab.refer()
    command = DeclineReferral(referral_id=id, reason=reason("no reagent"))
    assert isinstance(lab.no(command, "other"), Forbidden)
    assert isinstance(lab.no(command, "dr"), Forbidden)
    with lab.asked_by("lab"):
        assert lab.ask(command).status == "Declined"
    assert lab.lab_day().counts == {"referred": 1, "declined": 1}
    assert lab.states[f"patient_referrals:{lab.pat}"].open == []
    assert isinstance(lab.no(command), ReferralTransition)


def test_redirected_it_is_the_other_branchs_alone() -> None:
    lab = Lab()
    id = lab.refer(lab.blood, lab.sugar)
    lab.done(id)
    command = RedirectReferral(referral_id=id, branch_id=lab.far, reason=reason())
    assert isinstance(lab.no(command, "other"), Forbidden)
    with lab.asked_by("lab"):
        moved = lab.ask(command)
    assert (moved.branch_id, moved.came_from, moved.status) == (lab.far, [lab.near], "Received")
    assert isinstance(lab.no(lab.to(id, "Received", 1), "lab"), Forbidden)
    with lab.asked_by("other"):
        lab.step(id, "Received", 1)
    assert lab.listed(f"referrals:branch:{lab.near}") == []
    assert lab.lab_day().counts["redirected"] == 1
    assert lab.lab_day(lab.far).counts == {"referred": 1, "received": 1}


def test_only_what_is_open_must_be_offered_where_it_is_redirected() -> None:
    lab = Lab()
    id = lab.refer(lab.blood, lab.scan)
    refusal = lab.no(RedirectReferral(referral_id=id, branch_id=lab.far))
    assert (type(refusal), refusal.facts["test_ids"]) == (NotOffered, [lab.scan])
    lab.done(id, 1)
    lab.ask(RedirectReferral(referral_id=id, branch_id=lab.far))


def test_a_declined_referral_is_open_again_when_it_is_redirected() -> None:
    lab = Lab()
    id = lab.refer()
    lab.ask(DeclineReferral(referral_id=id, reason=reason()))
    with lab.asked_by("dr"):
        assert lab.ask(RedirectReferral(referral_id=id, branch_id=lab.far)).status == "Pending"
    assert lab.states[f"patient_referrals:{lab.pat}"].open == [id]


def test_it_goes_to_a_branch_of_another_facility_that_offers_the_same_tests_only() -> None:
    lab = Lab()
    south = lab.ask(AddFacility(name="South")).id
    there = lab.ask(AddBranch(facility_id=south, name="Near")).id
    refusal = lab.no(RedirectReferral(referral_id=lab.refer(), branch_id=there))
    assert refusal.facts["reasons"] == {lab.blood: "foreign"}


@pytest.mark.parametrize("ending", ["cancel", "decline", "redirect", "expire", "reject"])
def test_nobody_stays_in_line_for_what_is_not_to_be_done(ending: str) -> None:
    lab = Lab(referral_expiry_days=1)
    id = lab.refer()
    lab.ask(JoinLab(referral_id=id, referral_test_id=lab.nth(id).id))
    service: Service = lab.states[f"service:{lab.queue}"]
    assert len(service.tickets) == 1
    if ending == "cancel":
        lab.ask(CancelReferral(referral_id=id))
    elif ending == "decline":
        lab.ask(DeclineReferral(referral_id=id, reason=reason()))
    elif ending == "redirect":
        lab.ask(RedirectReferral(referral_id=id, branch_id=lab.far))
        assert lab.nth(id).ticket_id == ""
    elif ending == "reject":
        lab.step(id, "Rejected")
    else:
        lab.later(24 * 60)
        assert lab.referral(id).status == "Expired"
    assert service.tickets == {}


def test_it_expires_by_the_clock_while_nothing_has_begun() -> None:
    lab = Lab(referral_expiry_days=3)
    idle, begun = lab.refer(), lab.refer(lab.sugar)
    assert lab.referral(idle).expires_at == lab.referral(idle).created_at + 3 * A_DAY
    lab.step(begun, "Received")
    lab.later(3 * 24 * 60 + 1)
    assert (lab.referral(idle).status, lab.referral(begun).status) == ("Expired", "Received")
    assert lab.listed("referrals:Expired") == [idle]
    assert lab.lab_day(day="2026-02-04").counts == {"expired": 1}
    assert lab.states[f"patient_referrals:{lab.pat}"].open == [begun]


def test_without_an_expiry_it_waits_for_ever() -> None:
    lab = Lab(referral_expiry_days=None)
    id = lab.refer()
    lab.later(2_000 * 24 * 60)
    assert lab.referral(id).status == "Pending"


def test_two_references_are_never_the_same() -> None:
    lab = Lab()
    made = {lab.referral(lab.refer()).reference for _ in range(20)}
    assert len(made) == 20


def test_a_reference_that_is_taken_is_drawn_again() -> None:
    lab = Lab()
    twin = Lab()
    reference = twin.referral(twin.refer()).reference
    lab.tables["references"] = {reference: "referral:another"}
    assert lab.referral(lab.refer()).reference not in ("", reference)


def test_turnaround_is_from_the_referral_and_from_the_sample_to_the_result() -> None:
    lab = Lab()
    id = lab.refer(lab.blood, lab.sugar)
    lab.later(60)
    lab.step(id, "Received")
    lab.later(30)
    lab.step(id, "Completed", result=FreeText("4.5"))
    lab.later(60)
    lab.done(id, 1)
    day = lab.lab_day()
    test, whole = lab.nth(id), lab.referral(id)
    assert test.completed_at - whole.created_at in day.tests
    assert test.completed_at - test.received_at in day.bench
    assert day.referrals == [whole.completed_at - whole.created_at]
    assert day.by_test[lab.blood] == (1, test.completed_at - whole.created_at)
    before = (list(day.tests), list(day.referrals))
    lab.step(id, "Amended", result=FreeText("5.4"))
    assert (day.tests, day.referrals) == before
    assert HOUR < day.tests[0] < 2 * HOUR


def test_what_happened_during_a_downtime_counts_from_then() -> None:
    lab = Lab()
    id = lab.refer()
    made = lab.referral(id).created_at
    lab.later(6 * 60)
    lab.step(id, "Received", occurred_at=calendar.moment(made + HOUR))
    lab.step(id, "Completed", occurred_at=calendar.moment(made + 3 * HOUR))
    assert (lab.lab_day().tests, lab.lab_day().bench, lab.lab_day().referrals) == ([3 * HOUR], [2 * HOUR], [3 * HOUR])
    late = lab.refer(lab.sugar)
    assert isinstance(lab.no(lab.to(late, "Received", occurred_at=calendar.moment(lab.time + HOUR))), Invalid)
