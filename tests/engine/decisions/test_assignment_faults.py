"""Faults of another system that assigns doctors, nurses and beds, each as a test that it is not made again."""

from __future__ import annotations

import pytest

from engine.decisions.assign_admission import ReassignCarer
from engine.decisions.beds import ReserveBed
from tests.engine.house import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize("missing", ["doctor", "nurse", "bed"])
def test_no_part_of_an_assignment_is_left_behind(house: House, missing: str) -> None:
    """There, what had been done before the timeout was committed with the rest of the transaction."""
    if missing != "bed":
        house.ward(beds=1)
    people = [house.staff(role) for role in ("doctor", "nurse") if role != missing]
    one = house.admit()

    assert one.status == "waiting"
    assert {key.partition(":")[0] for key, _ in house.events} == {"admission", "intake"}
    assert [house.load(staff) for staff in people] == [0] * len(people)
    assert all(bed.state == "unoccupied" for ward in house.wards() for bed in ward.beds.values())


def test_the_first_bed_is_not_everybody_s(house: House) -> None:
    """There, the first free bed was read without a lock: two patients, one bed."""
    house.ward(beds=3)
    house.doctor(), house.nurse()
    given = [house.admit().bed_id for _ in range(4)]
    assert len({bed for bed in given if bed}) == 3
    assert given[3] is None
    house.sound()


def test_a_bed_that_is_kept_for_somebody_is_no_free_bed(house: House) -> None:
    ward = house.ward(beds=1)
    house.doctor(), house.nurse()
    patient = house.person()
    (bed,) = house.states[f"ward:{ward}"].beds
    house.ask(ReserveBed(bed_id=bed, patient_id=patient))
    assert house.admit().reason == "no_bed"
    assert house.admit(patient).bed_id == bed
    house.sound()


def test_load_is_of_patients_who_are_here(house: House) -> None:
    """There, every assignment ever made counted, and nothing was ever given back."""
    house.ward(beds=1)
    often, nurse = house.doctor(max_load=2), house.nurse()
    for _ in range(5):
        one = house.admit(needs_bed=False)
        house.discharge(one.id)
    assert (house.load(often), house.load(nurse)) == (0, 0)
    seldom = house.doctor(max_load=2)
    house.admit(needs_bed=False)
    assert house.load(seldom) == 1
    assert house.admit(needs_bed=False).doctor_id == often


def test_another_doctor_does_not_wipe_out_the_one_before(house: House) -> None:
    """There, reassigning deleted the assignment before."""
    house.ward(beds=1)
    first, _ = house.doctor(), house.nurse()
    one = house.admit()
    second = house.doctor()
    house.ask(ReassignCarer(admission_id=one.id, role="doctor"))
    house.discharge(one.id)
    assert [each.carers.doctor_id for each in house.admission(one.id).history] == [first, second]


def test_who_needs_no_bed_does_not_wait_for_one(house: House) -> None:
    """There, nobody was given to an outpatient while no bed was free."""
    house.doctor(), house.nurse()
    house.admit(acuity="critical")
    one = house.admit(acuity="low", needs_bed=False)
    assert (one.status, one.bed_id) == ("assigned", None)
    house.sound()


@pytest.mark.parametrize("state", ["inactive", "not approved"])
def test_who_is_not_active_or_not_approved_is_given_to_nobody(house: House, state: str) -> None:
    house.ward(beds=1)
    house.doctor(is_active=state != "inactive", is_approved=state != "not approved")
    house.nurse()
    assert house.admit().reason == "no_staff"
