"""Assignments that somebody asks for: by hand, one carer changed, patients handed over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import calendar
from engine.decider import MINUTE, FreeText
from engine.decisions.admissions import AcknowledgeHandover, AdmitPatient
from engine.decisions.assign_admission import AssignAdmission, AssignManually, ReassignCarer
from engine.decisions.staff import ActivateStaff, HandOver
from engine.needs import Because
from tests.engine.house import House

WHY = Because("the family asked for it")


@pytest.fixture
def house() -> House:
    return House()


def test_by_hand_what_is_not_named_is_chosen_and_all_of_it_comes_together(house: House) -> None:
    ward = house.ward(beds=1)
    doctor, nurse = house.doctor(), house.nurse()
    one = house.admit(doctor_skills=("surgery",))
    assert one.reason == "no_skill"
    command = AssignManually(admission_id=one.id, reason=WHY, doctor_id=doctor)
    assert house.refusal(command).code == "lacks_skill"

    changed = house.ask(AssignManually(admission_id=one.id, reason=WHY, doctor_id=doctor, force=True))

    assert (changed.status, changed.doctor_id, changed.nurse_id, changed.ward_id) == ("assigned", doctor, nurse, ward)
    assert (changed.history[-1].by, changed.history[-1].how) == ("desk", "manual")
    assert changed.last_reason.text == WHY.text
    house.sound()


def test_by_hand_nothing_changes_where_something_is_missing(house: House) -> None:
    doctor = house.doctor()
    one = house.admit()
    refused = house.refusal(AssignManually(admission_id=one.id, reason=WHY, doctor_id=doctor))
    assert refused.code == "no_bed"
    house.ward(beds=1)
    assert house.refusal(AssignManually(admission_id=one.id, reason=WHY, doctor_id=doctor)).code == "no_staff"
    assert house.load(doctor) == 0


def test_nobody_is_given_more_than_the_maximum_unless_somebody_insists(house: House) -> None:
    house.ward(beds=3)
    full, _, nurse = house.doctor(max_load=1), house.admit(acuity="low"), house.nurse()
    one = house.admit()
    assert one.reason == "no_staff"

    command = AssignManually(admission_id=one.id, reason=WHY, doctor_id=full)
    assert house.refusal(command).code == "over_maximum"
    forced = house.ask(AssignManually(admission_id=one.id, reason=WHY, doctor_id=full, force=True))

    assert (forced.status, forced.doctor_id, forced.nurse_id) == ("assigned", full, nurse)
    assert forced.history[-1].choice.forced
    assert house.load(full) == 2
    house.sound()


def test_who_is_not_active_is_not_even_forced(house: House) -> None:
    house.ward(beds=1)
    doctor = house.doctor(is_active=False)
    house.nurse()
    one = house.admit()
    command = AssignManually(admission_id=one.id, reason=WHY, doctor_id=doctor, force=True)
    assert house.refusal(command).code == "staff_unavailable"


def test_the_role_of_who_is_named_is_asked(house: House) -> None:
    house.ward(beds=1)
    nurse = house.nurse()
    one = house.admit()
    refused = house.refusal(AssignManually(admission_id=one.id, reason=WHY, doctor_id=nurse))
    assert (refused.code, refused.facts["field"]) == ("invalid", "doctor_id")


def test_room_mates_of_another_gender_may_be_forced_and_a_bed_that_lacks_something_not(house: House) -> None:
    ward = house.ward()
    beds = [house.bed(ward, room="1"), house.bed(ward, room="1"), house.bed(ward, type="icu")]
    house.doctor(), house.nurse()
    house.admit(house.person("f", "1970-01-01"), bed_type="general")
    one = house.admit(house.person("m", "1970-01-01"), bed_type="general")
    assert one.reason == "no_bed"
    taken = house.admissions()[0].carers.bed_id
    beside = beds[1] if taken == beds[0] else beds[0]

    for force in (False, True):
        unfit = AssignManually(admission_id=one.id, reason=WHY, bed_id=beds[2], force=force)
        assert house.refusal(unfit).code == "bed_unfit"
        occupied = AssignManually(admission_id=one.id, reason=WHY, bed_id=taken, force=force)
        assert house.refusal(occupied).code == "invalid_transition"
    assert house.refusal(AssignManually(admission_id=one.id, reason=WHY, bed_id=beside)).code == "room_mates"
    assert house.ask(AssignManually(admission_id=one.id, reason=WHY, bed_id=beside, force=True)).bed_id == beside
    house.sound()


def test_what_is_entered_later_may_not_overlap_another_stay(house: House) -> None:
    ward = house.ward(beds=1)
    house.doctor(), house.nurse()
    (bed,) = house.states[f"ward:{ward}"].beds
    before = house.admit()
    house.later(60)
    house.discharge(before.id)
    left = house.time
    house.later(60)
    house.clean(bed)
    came = calendar.moment(left - 90 * MINUTE)
    one = house.admit(occurred_at=came, bed_type="icu")

    command = AssignManually(admission_id=one.id, reason=WHY, bed_id=bed, occurred_at=calendar.moment(left - MINUTE))
    assert house.refusal(command).code in ("bed_overlap", "bed_unfit")
    two = house.admit(occurred_at=came, ward_id=house.ward())
    command = AssignManually(admission_id=two.id, reason=WHY, bed_id=bed, occurred_at=calendar.moment(left - MINUTE))
    assert house.refusal(command).code == "bed_overlap"
    fits = AssignManually(admission_id=two.id, reason=WHY, bed_id=bed, occurred_at=calendar.moment(left + MINUTE))
    assert house.ask(fits).bed_id == bed
    assert house.the_bed(bed).since == calendar.instant(calendar.moment(left + MINUTE), "x")
    house.sound()


def test_nobody_lies_in_a_bed_before_having_been_admitted(house: House) -> None:
    ward = house.ward(beds=1)
    house.doctor(), house.nurse()
    (bed,) = house.states[f"ward:{ward}"].beds
    one = house.admit(bed_type="icu", ward_id=house.ward())
    before = calendar.moment(house.time - 60 * MINUTE)
    command = AssignManually(admission_id=one.id, reason=WHY, bed_id=bed, occurred_at=before)
    assert house.refusal(command).code == "before_admission"


def test_a_time_to_come_is_no_time_at_which_it_happened(house: House) -> None:
    later = calendar.moment(house.time) + timedelta(hours=1)
    refused = house.refusal(AdmitPatient(patient_id=house.person(), acuity="low", occurred_at=later))
    assert refused.facts["field"] == "occurred_at"


def test_one_carer_is_replaced_by_the_least_loaded_of_the_others_and_the_history_stays(house: House) -> None:
    house.ward(beds=2)
    doctor, nurse = house.doctor(), house.nurse()
    one = house.admit()
    other = house.doctor()

    changed = house.ask(ReassignCarer(admission_id=one.id, role="doctor", note=FreeText("allergic to penicillin")))

    assert (changed.doctor_id, changed.nurse_id, changed.acknowledged) == (other, nurse, False)
    assert [each.doctor_id for each in changed.history] == [doctor, other]
    assert changed.note.text == "allergic to penicillin"
    assert (house.load(doctor), house.load(other)) == (0, 1)
    assert house.ask(AcknowledgeHandover(admission_id=one.id)).acknowledged
    assert house.refusal(ReassignCarer(admission_id=one.id, role="nurse")).code == "no_staff"
    house.sound()


def test_what_a_reassignment_frees_goes_to_who_waits(house: House) -> None:
    house.ward(beds=2)
    house.nurse()
    doctor = house.doctor("surgery", max_load=1)
    one = house.admit()
    waits = house.admit(doctor_skills=("surgery",))
    assert waits.status == "waiting"
    house.doctor()

    house.ask(ReassignCarer(admission_id=one.id, role="doctor"))

    assert house.admission(waits.id).carers.doctor_id == doctor
    house.sound()


def test_all_patients_are_handed_over_the_most_urgent_first_each_to_the_least_loaded(house: House) -> None:
    house.ward(beds=4)
    doctor = house.doctor()
    house.nurse()
    low, high, critical = (house.admit(acuity=one) for one in ("low", "high", "critical"))
    others = [house.doctor(max_load=1), house.doctor(max_load=1)]

    outcome = house.ask(HandOver(staff_id=doctor, note=FreeText("rounds at eight")))

    assert {one.admission_id for one in outcome.moved} == {critical.id, high.id}
    assert house.admission(critical.id).carers.doctor_id == others[0]
    assert house.admission(high.id).carers.doctor_id == others[1]
    # Nobody was free for the third: who is still on duty keeps him.
    assert house.admission(low.id).carers.doctor_id == doctor
    assert not house.admission(high.id).acknowledged
    house.sound()


def test_a_hand_over_to_somebody_named_is_all_or_nothing(house: House) -> None:
    house.ward(beds=2)
    doctor = house.doctor()
    house.nurse()
    for _ in range(2):
        house.admit()
    other = house.doctor(max_load=1)
    assert house.refusal(HandOver(staff_id=doctor, to_staff_id=other)).code == "over_maximum"
    assert (house.load(doctor), house.load(other)) == (2, 0)


def test_who_is_sent_away_hands_everybody_over_and_who_is_left_waits_for_the_role(house: House) -> None:
    house.ward(beds=3)
    doctor, nurse = house.doctor(), house.nurse()
    low, high = house.admit(acuity="low"), house.admit(acuity="high")
    other = house.doctor(max_load=1)

    house.ask(ActivateStaff(staff_id=doctor, is_active=False))

    assert house.admission(high.id).carers.doctor_id == other
    left = house.admission(low.id)
    assert (left.status, left.carers.nurse_id, left.reason) == ("handed_over", nurse, "no_staff")
    assert house.intake().waiting[low.id].roles == ("doctor",)
    house.sound()

    house.discharge(high.id)
    assert house.admission(low.id).carers.doctor_id == other
    assert house.load(doctor) == 0
    house.sound()


def test_by_hand_the_missing_role_is_filled_for_who_was_handed_over(house: House) -> None:
    house.ward(beds=1)
    doctor, _ = house.doctor(), house.nurse()
    one = house.admit()
    house.ask(ActivateStaff(staff_id=doctor, is_active=False))
    new = house.doctor("surgery", max_load=1)
    assert house.admission(one.id).carers.doctor_id == new
    assert house.refusal(AssignAdmission(admission_id=one.id)).code == "not_waiting"
