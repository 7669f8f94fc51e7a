"""Patients get other beds: moved, or exchanged; and what becomes of the beds they leave."""

from __future__ import annotations

import pytest

from engine.decisions.admissions import ChangeAdmission
from engine.decisions.transfer_bed import SwapBeds, TransferPatient
from tests.engine.house import House


@pytest.fixture
def house() -> House:
    house = House()
    house.doctor(), house.nurse()
    return house


def test_a_transfer_takes_the_new_bed_and_leaves_the_old_to_be_cleaned_in_one_entry(house: House) -> None:
    house.ward(beds=1)
    there = house.ward()
    one = house.admit()
    bed = house.bed(there)

    moved = house.ask(TransferPatient(admission_id=one.id, ward_id=there))

    assert (moved.ward_id, moved.bed_id) == (there, bed)
    assert house.the_bed(one.bed_id or "").state == "housekeeping"
    assert [each.bed_id for each in moved.history] == [one.bed_id, bed]
    assert moved.history[-1].how == "transfer"
    assert {key.partition(":")[0] for key, _ in house.events} == {"admission", "ward"}
    house.sound()


def test_without_a_bed_a_transfer_changes_nothing(house: House) -> None:
    house.ward(beds=1)
    there = house.ward()
    one = house.admit()
    assert house.refusal(TransferPatient(admission_id=one.id, ward_id=there)).code == "no_bed"
    assert house.refusal(TransferPatient(admission_id=one.id)).code == "no_bed"
    taken = house.bed(there)
    house.admit()
    assert house.refusal(TransferPatient(admission_id=one.id, bed_id=taken)).code == "invalid_transition"
    house.sound()


def test_within_one_ward_the_patient_is_nobody_s_room_mate_of_his_own(house: House) -> None:
    ward = house.ward()
    beds = [house.bed(ward, room="1"), house.bed(ward, room="1")]
    one = house.admit(house.person("f"), acuity="low")
    other = beds[1] if one.bed_id == beds[0] else beds[0]
    assert house.ask(TransferPatient(admission_id=one.id, bed_id=other)).bed_id == other
    house.sound()


def test_a_carer_who_does_not_work_there_is_replaced_or_nothing_changes(house: House) -> None:
    here, there = house.ward(beds=1), house.ward()
    local = house.nurse("wound care", ward_ids=(here,))
    one = house.admit(nurse_skills=("wound care",))
    assert one.nurse_id == local
    house.bed(there)

    assert house.refusal(TransferPatient(admission_id=one.id, ward_id=there)).code in ("no_skill", "no_staff")
    other = house.nurse("wound care", ward_ids=(there,))
    moved = house.ask(TransferPatient(admission_id=one.id, ward_id=there))

    assert (moved.nurse_id, moved.ward_id) == (other, there)
    assert (house.load(local), house.load(other)) == (0, 1)
    house.sound()


@pytest.mark.parametrize("wards", [1, 2])
def test_two_patients_change_places_and_no_bed_is_to_be_cleaned(house: House, wards: int) -> None:
    for _ in range(wards):
        house.ward(beds=2 // wards)
    one, other = house.admit(), house.admit()

    swapped = house.ask(SwapBeds(admission_id=one.id, other_admission_id=other.id))

    assert swapped.bed_id == other.bed_id
    assert house.admission(other.id).carers.bed_id == one.bed_id
    assert {bed.state for ward in house.wards() for bed in ward.beds.values()} == {"occupied"}
    assert house.refusal(SwapBeds(admission_id=one.id, other_admission_id=one.id)).code == "invalid"
    house.sound()


def test_who_does_not_fit_where_the_other_was_is_not_exchanged(house: House) -> None:
    ward = house.ward()
    for _ in range(2):
        house.bed(ward, room="1", type="a")
    house.bed(ward, room="2", type="b")
    women = [house.admit(house.person("f", "1980-01-01"), bed_type="a") for _ in range(2)]
    man = house.admit(house.person("m", "1980-01-01"), bed_type="b")
    for needs in (women[0], man):
        house.ask(ChangeAdmission(admission_id=needs.id, bed_type=None))

    refused = house.refusal(SwapBeds(admission_id=women[0].id, other_admission_id=man.id))

    assert refused.code == "room_mates"
    house.sound()


def test_who_has_no_bed_cannot_exchange_one_or_be_moved(house: House) -> None:
    house.ward(beds=2)
    lies, walks = house.admit(), house.admit(needs_bed=False)
    assert house.refusal(SwapBeds(admission_id=lies.id, other_admission_id=walks.id)).code == "not_in_bed"
    assert house.refusal(TransferPatient(admission_id=walks.id)).code == "not_in_bed"


def test_who_comes_to_need_a_bed_gets_one_or_nothing_changes(house: House) -> None:
    walks = house.admit(needs_bed=False)
    command = ChangeAdmission(admission_id=walks.id, needs_bed=True)
    assert house.refusal(command).code == "no_bed"
    house.ward(beds=1)

    changed = house.ask(command)
    assert (changed.status, bool(changed.bed_id)) == ("assigned", True)
    house.sound()

    left = house.ask(ChangeAdmission(admission_id=walks.id, needs_bed=False))
    assert (left.status, left.bed_id) == ("assigned", None)
    assert house.the_bed(changed.bed_id).state == "housekeeping"
    house.sound()


def test_who_must_be_isolated_where_he_lies_keeps_others_out_of_the_room(house: House) -> None:
    ward = house.ward(mixed_rooms=True, mixed_ages=True)
    for _ in range(2):
        house.bed(ward, room="1", isolation=True)
    one = house.admit()
    house.ask(ChangeAdmission(admission_id=one.id, isolation="flu"))
    occupant = house.the_bed(one.bed_id or "").occupant
    assert occupant is not None
    assert occupant.isolation == "flu"

    assert house.admit().reason == "no_bed"
    assert house.admit(isolation="flu").status == "assigned"
    house.sound()


def test_a_transfer_passes_over_a_ward_in_which_nobody_could_care_for_the_patient(house: House) -> None:
    here = house.ward(beds=1)
    others = sorted((house.ward(), house.ward()))
    house.nurse("wound care", ward_ids=(here,))
    one = house.admit(nurse_skills=("wound care",))
    for ward in others:
        house.bed(ward)
    there = house.nurse("wound care", ward_ids=(others[1],))

    moved = house.ask(TransferPatient(admission_id=one.id))

    assert (moved.ward_id, moved.nurse_id) == (others[1], there)
    house.sound()
