"""Patients are admitted: doctor, nurse and bed, all or none; and who waits is served when something frees up."""

from __future__ import annotations

import pytest

from engine import calendar
from engine.decider import HOUR
from engine.decisions.discharge import DischargePatient
from engine.decisions.staff import ActivateStaff
from tests.engine.house import House


@pytest.fixture
def house() -> House:
    return House()


def test_an_admission_gets_doctor_nurse_and_bed_in_its_own_entry(house: House) -> None:
    ward = house.ward(beds=1)
    doctor, nurse = house.doctor(), house.nurse()

    one = house.admit()

    assert (one.status, one.doctor_id, one.nurse_id, one.ward_id) == ("assigned", doctor, nurse, ward)
    assert house.the_bed(one.bed_id or "").state == "occupied"
    assert (house.load(doctor), house.load(nurse)) == (1, 1)
    assert {key.partition(":")[0] for key, _ in house.events} == {"admission", "intake", "roster", "ward"}
    house.sound()


def test_without_a_bed_nothing_at_all_is_taken(house: House) -> None:
    doctor, nurse = house.doctor(), house.nurse()
    house.ward()

    one = house.admit()

    assert (one.status, one.reason, one.doctor_id, one.nurse_id) == ("waiting", "no_bed", None, None)
    assert (house.load(doctor), house.load(nurse)) == (0, 0)
    house.sound()


def test_no_bed_keeps_nobody_from_a_doctor_who_needs_no_bed(house: House) -> None:
    house.doctor(), house.nurse()
    house.admit()

    assert house.admit(needs_bed=False).status == "assigned"
    house.sound()


def test_a_bed_that_is_cleaned_goes_to_the_most_urgent_of_those_who_waited_longest(house: House) -> None:
    ward = house.ward(beds=1)
    house.doctor(), house.nurse()
    first = house.admit()
    low, high, later = house.admit(acuity="low"), house.admit(acuity="high"), house.admit(acuity="high")
    assert house.backlog() == [high.id, later.id, low.id]
    bed = house.admission(first.id).carers.bed_id

    house.discharge(first.id)
    assert house.the_bed(bed).state == "housekeeping"
    assert house.backlog() == [high.id, later.id, low.id]
    house.clean(bed)

    assert house.admission(high.id).carers.bed_id == bed
    assert house.admission(high.id).history[-1].how == "backlog"
    assert house.backlog() == [later.id, low.id]
    assert {key.partition(":")[0] for key, _ in house.events} == {"admission", "intake", "roster", "ward"}
    assert house.states[f"ward:{ward}"].counts == {"occupied": 1}
    house.sound()


def test_who_was_entered_later_and_has_left_by_then_lay_there_for_no_time(house: House) -> None:
    ward = house.ward(beds=1)
    house.doctor(), house.nurse()
    came, left = calendar.moment(house.time - 3 * HOUR), calendar.moment(house.time - HOUR)
    one = house.admit(occurred_at=came)
    assert (one.admitted_at, one.status) == (came, "assigned")

    house.discharge(one.id, occurred_at=left)

    state = house.admission(one.id)
    assert (state.status, calendar.moment(state.ended_at)) == ("discharged", left)
    assert house.states[f"ward:{ward}"].counts == {"housekeeping": 1}
    refused = house.refusal(DischargePatient(admission_id=one.id))
    assert (refused.code, refused.facts["from_state"]) == ("invalid_transition", "discharged")
    house.sound()


def test_the_role_order_follows_the_acuity(house: House) -> None:
    house.ward(beds=4)
    assert house.admit(acuity="critical").reason == "no_staff"
    house.doctor(), house.nurse()

    assert [house.admit(acuity=one).history[-1].choice.order for one in ("high", "low")] == [  # type: ignore[union-attr]
        ["doctor", "nurse"],
        ["nurse", "doctor"],
    ]


def test_who_lacks_only_a_skill_is_told_apart_from_nobody(house: House) -> None:
    house.ward(beds=1)
    house.doctor(), house.nurse("dialysis")

    assert house.admit(doctor_skills=("surgery",)).reason == "no_skill"
    assert house.admit(nurse_skills=("dialysis",)).status == "assigned"
    house.sound()


def test_a_ward_without_its_own_staff_is_passed_over_for_one_that_has_some(house: House) -> None:
    wards = sorted((house.ward(beds=1), house.ward(beds=1)))
    house.doctor(), house.nurse(ward_ids=(wards[1],))

    one = house.admit()

    assert one.ward_id == wards[1]
    assert house.admit(acuity="low").reason == "no_staff"
    house.sound()


def test_who_is_sent_away_leaves_the_patient_with_bed_and_nurse_and_the_next_doctor_takes_over(house: House) -> None:
    house.ward(beds=1)
    doctor, nurse = house.doctor(), house.nurse()
    one = house.admit()

    house.ask(ActivateStaff(staff_id=doctor, is_active=False))
    state = house.admission(one.id)
    assert (state.status, state.carers.doctor_id, state.carers.nurse_id) == ("handed_over", "", nurse)
    assert state.carers.bed_id == one.bed_id
    house.sound()
    other = house.doctor()

    assert house.admission(one.id).status == "assigned"
    assert house.admission(one.id).carers.doctor_id == other
    assert [each.carers.doctor_id for each in house.admission(one.id).history] == [doctor, "", other]
    house.sound()
