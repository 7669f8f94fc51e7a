"""Beds and wards from the desk: each step, and who is served by it in the same decision."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.ward.state import ward_key
from engine.calendar import moment
from engine.decider import MINUTE, SECOND, FreeText
from engine.decisions.assign_admission import AssignManually
from engine.decisions.beds import (
    AddBed,
    ChangeBed,
    CloseBed,
    ContaminateBed,
    DecontaminateBed,
    IsolateBed,
    ReleaseBed,
    RemoveBed,
    ReopenBed,
    ReserveBed,
    WhyText,
)
from engine.decisions.wake_ward import WakeWard
from engine.decisions.wards import AddWard, ChangeWard, RemoveWard
from engine.needs import Because
from tests.engine.ward_world import Wards

WHY = WhyText("as it has to be")


def ids(world: Wards, name: str) -> list[str]:
    """Admissions that had such an event in the last decision."""
    return [key.partition(":")[2] for key, event in world.events if type(event).__name__ == name]


# -- who is served ------------------------------------------------------------------------------------------------


def test_a_new_bed_goes_to_who_waits_in_the_same_decision():
    world = Wards()
    waits = world.admit()
    assert world.waiting == {waits}
    bed = world.new_bed()
    assert ids(world, "PatientAssigned") == [waits]
    assert (world.lies_in(waits), world.bed(bed).state, world.waiting) == (bed, "occupied", set())


def test_a_bed_that_is_left_is_nobodys_until_it_is_clean_and_then_goes_to_the_most_urgent():
    world = Wards()
    bed = world.new_bed()
    first = world.admit()
    world.later(1)
    low = world.admit()
    world.later(1)
    high = world.admit(acuity="high")
    world.discharge(first)
    assert (world.bed(bed).state, world.waiting) == ("housekeeping", {low, high})
    shown = world.clean(bed)
    assert (shown.state, shown.admission_id) == ("occupied", high)
    assert world.waiting == {low}


def test_a_contaminated_bed_serves_nobody_until_it_is_cleaned_as_usual():
    world = Wards()
    bed = world.new_bed()
    first = world.admit()
    waits = world.admit()
    world.discharge(first)
    assert world.ask(ContaminateBed(bed_id=bed, reason=WHY)).state == "contaminated"
    assert world.refusal(ReserveBed(bed_id=bed, patient_id=world.person())).code == "invalid_transition"
    assert world.ask(DecontaminateBed(bed_id=bed)).state == "housekeeping"
    world.clean(bed)
    assert world.lies_in(waits) == bed


@pytest.mark.parametrize("close", [CloseBed, IsolateBed])
def test_a_bed_out_of_use_serves_nobody_and_does_when_it_is_reopened(close: Any):
    world = Wards()
    bed = world.new_bed()
    assert world.ask(close(bed_id=bed, reason=WHY)).reason == FreeText("as it has to be", "")
    waits = world.admit()
    assert world.waiting == {waits}
    world.ask(ReopenBed(bed_id=bed))
    assert world.lies_in(waits) == bed


def test_a_bed_that_becomes_what_somebody_waits_for_is_given():
    world = Wards()
    bed = world.new_bed()
    waits = world.admit(bed_type="intensive", equipment=("ventilator",))
    assert world.waiting == {waits}
    world.ask(ChangeBed(bed_id=bed, label="1", type="intensive", equipment=("monitor", "ventilator")))
    assert world.lies_in(waits) == bed


def test_a_ward_that_lets_others_share_rooms_takes_who_waits():
    world = Wards()
    for label in "12":
        world.new_bed(label, room="A")
    world.admit(world.person("female"))
    he = world.admit(world.person("male"))
    assert world.waiting == {he}
    world.ask(ChangeWard(ward_id=world.ward_id, name="Medicine", mixed_rooms=True))
    assert world.waiting == set()


def test_who_is_served_needs_staff_too():
    world = Wards(load=1)
    world.new_bed("1")
    first = world.admit()
    waits = world.admit()
    world.new_bed("2")
    assert world.waiting == {waits}
    world.discharge(first)
    assert world.waiting == set()


# -- reservations -------------------------------------------------------------------------------------------------


def test_a_bed_is_kept_as_long_as_the_policy_says_and_then_goes_to_who_waits():
    world = Wards(bed_reserve_minutes=30)
    bed = world.new_bed()
    kept = world.ask(ReserveBed(bed_id=bed, patient_id=world.person()))
    assert (kept.state, kept.admission_id) == ("reserved", None)
    assert world.bed(bed).reserved_until == world.time + 30 * MINUTE
    waits = world.admit()
    world.later(29)
    assert world.waiting == {waits}
    world.later(1)
    assert world.lies_in(waits) == bed


def test_who_a_bed_is_kept_for_is_given_it():
    world = Wards()
    world.new_bed("1")
    bed = world.new_bed("2", equipment=("lamp",))
    patient = world.person()
    world.ask(ReserveBed(bed_id=bed, patient_id=patient, minutes=5))
    assert world.lies_in(world.admit(patient)) == bed
    assert patient not in world.tables["bed_reservations"]


def test_a_patient_has_one_bed_kept_in_whichever_ward():
    world = Wards()
    here, patient = world.new_bed("1"), world.person()
    there = world.new_bed("1", world.ward())
    world.ask(ReserveBed(bed_id=here, patient_id=patient))
    assert world.refusal(ReserveBed(bed_id=there, patient_id=patient)).code == "already_reserved"
    world.ask(ReleaseBed(bed_id=here))
    world.ask(ReserveBed(bed_id=there, patient_id=patient))


def test_a_bed_is_not_kept_for_whom_the_ward_or_the_room_does_not_take():
    world = Wards(ward={"gender": "female"})
    bed = world.new_bed("1", room="A")
    refused = world.refusal(ReserveBed(bed_id=bed, patient_id=world.person("male")))
    assert (refused.code, refused.facts["why"]) == ("bed_unfit", "gender")
    other = Wards()
    one, next_to_it = other.new_bed("1", room="A"), other.new_bed("2", room="A")
    other.ask(ReserveBed(bed_id=one, patient_id=other.person("male")))
    refused = other.refusal(ReserveBed(bed_id=next_to_it, patient_id=other.person("female")))
    assert (refused.code, refused.facts["why"]) == ("room_mates", "gender")


def test_a_released_bed_is_anybodys():
    world = Wards()
    bed = world.new_bed()
    world.ask(ReserveBed(bed_id=bed, patient_id=world.person()))
    waits = world.admit()
    assert world.ask(ReleaseBed(bed_id=bed)).admission_id == waits


def test_closing_a_kept_bed_lets_others_into_its_room():
    world = Wards()
    kept, free = world.new_bed("1", room="A"), world.new_bed("2", room="A")
    world.ask(ReserveBed(bed_id=kept, patient_id=world.person("male")))
    she = world.admit(world.person("female"))
    assert world.waiting == {she}
    world.ask(CloseBed(bed_id=kept, reason=WHY))
    assert world.lies_in(she) == free


def test_a_waking_that_was_overtaken_does_nothing():
    world = Wards()
    bed = world.new_bed()
    world.ask(ReserveBed(bed_id=bed, patient_id=world.person(), minutes=5))
    world.ask(WakeWard(ward_id=world.ward_id, due=world.time))
    assert (world.events, world.bed(bed).state) == ([], "reserved")
    world.ask(WakeWard(ward_id=world.person(), due=world.time))
    assert world.events == []


# -- what is refused ------------------------------------------------------------------------------------------------


def test_nothing_is_done_with_a_bed_that_is_not_there_or_not_any_more():
    world = Wards()
    bed = world.new_bed()
    world.ask(RemoveBed(bed_id=bed, if_version=1))
    assert world.outcome == "removed"
    for id in (bed, world.ward_id):
        assert world.refusal(ReopenBed(bed_id=id)).code == "not_found"
    assert world.refusal(AddBed(ward_id=bed, label="1")).code == "not_found"
    assert world.refusal(ReserveBed(bed_id=world.new_bed(), patient_id=bed)).code == "not_found"


def test_a_bed_in_which_somebody_lies_is_not_removed_or_closed():
    world = Wards()
    bed = world.new_bed()
    world.admit()
    assert world.refusal(RemoveBed(bed_id=bed)).code == "in_use"
    refused = world.refusal(CloseBed(bed_id=bed, reason=WHY))
    assert (refused.facts["from_state"], refused.facts["to_state"]) == ("occupied", "closed")


@pytest.mark.parametrize("fields", [{"name": " "}, {"name": "A", "min_age": 20, "max_age": 10}])
def test_a_ward_has_a_name_and_ages_in_order(fields: dict[str, Any]):
    assert Wards().refusal(AddWard(**fields)).family == "invalid"


def test_a_ward_for_which_somebody_waits_is_not_closed():
    world = Wards()
    waits = world.admit(ward_id=world.ward_id)
    refused = world.refusal(RemoveWard(ward_id=world.ward_id))
    assert (refused.code, refused.facts["admission_ids"]) == ("in_use", [waits])
    other = world.ward()
    world.ask(RemoveWard(ward_id=other))
    assert world.states[ward_key(other)].retired_at == world.time
    assert world.refusal(ChangeWard(ward_id=other, name="B")).code == "ward_retired"


def test_nobody_is_entered_by_hand_for_a_time_when_somebody_else_lay_there():
    world = Wards()
    bed = world.new_bed("1", room="A")
    she = world.admit(world.person("female"))
    world.new_bed("2", room="A")
    world.admit(world.person("female"))
    he = world.admit(world.person("male"))
    world.later(60)
    world.discharge(she)
    left = world.time
    world.later(30)
    world.clean(bed)
    assert world.waiting == {he}
    by_hand: Any = {"admission_id": he, "reason": Because("no other bed is left"), "bed_id": bed, "force": True}
    refused = world.refusal(AssignManually(**by_hand, occurred_at=moment(left - SECOND)))
    assert (refused.code, refused.facts["end_time"]) == ("bed_overlap", left)
    world.ask(AssignManually(**by_hand, occurred_at=moment(left)))
    assert (world.bed(bed).since, world.waiting) == (left, set())
