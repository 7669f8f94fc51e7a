"""Records of patients who are admitted: merged, they take all along; removed, they are not."""

from __future__ import annotations

import pytest

from engine.decisions.beds import ReserveBed
from engine.decisions.patients import MergePatients, RemovePatient
from tests.engine.house import House


@pytest.fixture
def house() -> House:
    house = House()
    house.doctor(), house.nurse()
    return house


def test_who_is_admitted_or_for_whom_a_bed_is_kept_is_not_removed(house: House) -> None:
    ward = house.ward(beds=1)
    (bed,) = house.states[f"ward:{ward}"].beds
    patient = house.person()
    house.ask(ReserveBed(bed_id=bed, patient_id=patient))
    refused = house.refusal(RemovePatient(patient_id=patient))
    assert (refused.code, refused.facts["bed_id"]) == ("in_use", bed)

    one = house.admit(patient)
    refused = house.refusal(RemovePatient(patient_id=patient))
    assert (refused.code, refused.facts["admission_id"]) == ("in_use", one.id)
    house.discharge(one.id)
    house.ask(RemovePatient(patient_id=patient))


def test_a_merge_takes_admission_bed_and_place_in_the_line_along(house: House) -> None:
    house.ward(beds=1)
    lies, waits = house.admit(), house.admit()
    others = [house.person(), house.person()]

    for one, into in zip((lies, waits), others, strict=True):
        house.ask(MergePatients(patient_id=one.patient_id, into=into))

    assert [house.admission(one.id).patient_id for one in (lies, waits)] == others
    occupant = house.the_bed(lies.bed_id or "").occupant
    assert occupant is not None
    assert occupant.patient_id == others[0]
    assert house.intake().waiting[waits.id].patient_id == others[1]
    assert house.intake().open == {others[0]: lies.id, others[1]: waits.id}
    house.sound()
    house.discharge(lies.id)
    house.sound()


def test_a_merge_takes_a_bed_that_is_kept_along_or_gives_it_back(house: House) -> None:
    ward = house.ward(beds=2)
    beds = list(house.states[f"ward:{ward}"].beds)
    first, second, third = house.person(), house.person(), house.person()
    for bed, patient in zip(beds, (first, second), strict=True):
        house.ask(ReserveBed(bed_id=bed, patient_id=patient))
    waits = house.admit()

    house.ask(MergePatients(patient_id=first, into=third))
    assert house.the_bed(beds[0]).occupant.patient_id == third  # type: ignore[union-attr]
    house.ask(MergePatients(patient_id=second, into=third))

    assert house.admission(waits.id).carers.bed_id == beds[1]
    assert house.admit(third).bed_id == beds[0]
    house.sound()


def test_two_who_are_both_admitted_are_not_merged(house: House) -> None:
    house.ward(beds=2)
    one, other = house.admit(), house.admit()
    refused = house.refusal(MergePatients(patient_id=one.patient_id, into=other.patient_id))
    assert refused.code == "merge_conflict"
    assert set(refused.facts["admission_ids"]) == {one.id, other.id}


def test_who_waits_and_turns_out_to_be_somebody_for_whom_a_bed_is_kept_gets_it(house: House) -> None:
    ward = house.ward(beds=1)
    (bed,) = house.states[f"ward:{ward}"].beds
    other = house.person()
    house.ask(ReserveBed(bed_id=bed, patient_id=other))
    one = house.admit()
    house.ask(MergePatients(patient_id=one.patient_id, into=other))
    assert house.admission(one.id).carers.bed_id == bed
    house.sound()


def test_whoever_waits_and_takes_over_a_record_for_which_a_bed_is_kept_gets_it(house: House) -> None:
    ward = house.ward(beds=1)
    (bed,) = house.states[f"ward:{ward}"].beds
    known = house.person()
    house.ask(ReserveBed(bed_id=bed, patient_id=known))
    house.admit()  # waits before him, for the same
    waits = house.admit()
    assert waits.status == "waiting"

    house.ask(MergePatients(patient_id=known, into=waits.patient_id))

    assert house.admission(waits.id).carers.bed_id == bed
    house.sound()
