"""What people's appointments stand in the way of: slots over them, records that are removed or merged."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.decider import DAY, HOUR, MINUTE
from engine.decisions.attend_appointment import CheckInAppointment, CompleteAppointment, StartAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.doctors import RemoveDoctor
from engine.decisions.hold_room import HoldRoom
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import MergePatients, RemovePatient
from engine.decisions.slot_templates import AddSlotTemplate, GenerateSlots
from tests.engine.attending import House
from tests.engine.deciding import NINE, reason


def slot(house: House, doctor: str, start: int, minutes: int = 60) -> OpenSlot:
    wanted = house.wanted(start, minutes, doctor=doctor)
    return OpenSlot(doctor=doctor, start_time=wanted["start_time"], end_time=wanted["end_time"], max_capacity=5)


def test_no_slot_is_opened_over_an_appointment_of_its_doctor() -> None:
    house = House()
    house.room()
    doctor = house.doctor()
    id = house.booked(30, doctor=doctor)
    refused = house.refusal(slot(house, doctor, 0))
    assert (refused.code, refused.facts["appointment_id"]) == ("doctor_conflict", id)
    assert (refused.facts["start_time"], refused.facts["end_time"]) == (NINE + 30 * MINUTE, NINE + 60 * MINUTE)
    house.ask(slot(house, doctor, 60))
    house.ask(slot(house, house.doctor(), 0))
    house.ask(CancelAppointment(appointment_id=id))
    house.ask(slot(house, doctor, 0))


def test_an_appointment_that_reaches_over_midnight_is_seen_from_the_next_day() -> None:
    house = House()
    house.room()
    doctor = house.doctor()
    night = house.booked(14 * 60, 4 * 60, doctor=doctor)
    refused = house.refusal(slot(house, doctor, 17 * 60))
    assert (refused.code, refused.facts["appointment_id"]) == ("doctor_conflict", night)


def test_a_template_leaves_out_the_day_on_which_its_doctor_has_an_appointment() -> None:
    house = House()
    house.room()
    doctor = house.doctor()
    id = house.booked(at=NINE + DAY + HOUR, doctor=doctor)
    template = house.ask(
        AddSlotTemplate(
            doctor=doctor,
            weekdays=("MON", "THU"),
            start_time="09:00",
            end_time="12:00",
            max_capacity=5,
            valid_from=date(2026, 2, 1),
        )
    ).id
    command = GenerateSlots(template_id=template, from_date=date(2026, 2, 1), to_date=date(2026, 2, 7))
    view = house.ask(command)
    assert [one.date for one in view.created] == ["2026-02-05"]
    assert [(one.date, one.reason, one.appointment_id) for one in view.skipped] == [
        ("2026-02-02", "doctor_conflict", id)
    ]
    house.ask(CancelAppointment(appointment_id=id))
    assert [one.date for one in house.ask(command).created] == ["2026-02-02"]


def test_a_doctor_or_patient_with_an_open_appointment_cannot_be_removed() -> None:
    house = House()
    house.room()
    doctor, patient = house.doctor(), house.patient()
    hold = house.ask(HoldRoom(**house.wanted(doctor=doctor, patient=patient))).id
    for command in (RemoveDoctor(doctor_id=doctor), RemovePatient(patient_id=patient)):
        refused = house.refusal(command)
        assert (refused.code, refused.facts["appointment_ids"]) == ("has_active_appointments", [hold])
    house.later(5)
    id = house.booked(doctor=doctor, patient=patient)
    for command in (RemoveDoctor(doctor_id=doctor), RemovePatient(patient_id=patient)):
        assert house.refusal(command).facts["appointment_ids"] == [id]
    house.later(55)
    for step in (CheckInAppointment, StartAppointment, CompleteAppointment):
        house.ask(step(appointment_id=id))
    house.ask(RemoveDoctor(doctor_id=doctor))
    house.ask(RemovePatient(patient_id=patient))


def test_a_merge_takes_open_appointments_along_and_leaves_what_is_over() -> None:
    house = House()
    room = house.room()
    patient, into = house.patient(), house.patient()
    over = house.booked(patient=patient)
    house.ask(CancelAppointment(appointment_id=over))
    ids = [
        house.booked(60, patient=patient, note=reason("needs a lift")),
        house.booked(120, patient=patient),
        house.booked(at=NINE + DAY, patient=patient),
    ]
    own = house.booked(30, patient=into)
    house.ask(MergePatients(patient_id=patient, into=into))
    assert [house.appointment(id).patient_id for id in ids] == [into] * 3
    assert house.appointment(over).patient_id == patient
    assert house.agenda("patient", into) == [own, *ids[:2]]
    assert house.agenda("patient", into, "2026-02-02") == ids[2:]
    assert house.agenda("patient", patient) == house.agenda("patient", patient, "2026-02-02") == []
    note = house.appointment(ids[0]).note
    assert note is not None
    assert (note.text, note.subject, house.appointment(ids[0]).version) == ("needs a lift", into, 2)
    house.ask(CancelAppointment(appointment_id=ids[0]))
    assert house.agenda("patient", into) == [own, ids[1]]
    assert len(house.held(room)) == 3


def conflict(house: House, patient: str, into: str) -> dict[str, Any]:
    refused = house.refusal(MergePatients(patient_id=patient, into=into))
    assert (refused.code, refused.facts["cause"]) == ("merge_conflict", "patient_overlap")
    return refused.facts


def test_a_merge_is_refused_where_one_person_would_be_in_two_rooms() -> None:
    house = House()
    house.room()
    house.room()
    patient, into = house.patient(), house.patient()
    one, other = house.booked(patient=patient), house.booked(15, patient=into)
    assert conflict(house, patient, into)["appointments"] == [one, other]
    assert conflict(house, into, patient)["appointments"] == [other, one]
    house.ask(CancelAppointment(appointment_id=other))
    house.ask(MergePatients(patient_id=patient, into=into))


def test_a_merge_is_refused_where_a_night_of_one_reaches_into_the_others_day() -> None:
    house = House()
    house.room()
    house.room()
    patient, into = house.patient(), house.patient()
    night = house.booked(14 * 60, 4 * 60, patient=into)
    morning = house.booked(16 * 60, 60, patient=patient)
    assert conflict(house, patient, into)["appointments"] == [morning, night]
    assert conflict(house, into, patient)["appointments"] == [night, morning]


def test_where_the_policy_says_so_a_token_stands_in_the_way_of_a_merge() -> None:
    house = House(patient_overlap=True)
    house.room()
    patient, into = house.patient(), house.patient()
    token = house.book(house.slot(), into)
    id = house.booked(patient=patient)
    assert conflict(house, patient, into)["appointments"] == [id, token]
    facts = conflict(house, into, patient)
    assert (facts["tokens"], facts["appointments"]) == ([token], [id])


def test_who_may_be_in_two_places_may_after_a_merge_too() -> None:
    house = House()
    house.room()
    house.room()
    patient, into = house.patient(), house.patient()
    house.booked(patient=patient)
    id = house.booked(10, patient=patient, overlap_reason=reason("twins under one record"))
    own = house.booked(60, patient=into)
    house.ask(MergePatients(patient_id=patient, into=into))
    assert house.appointment(id).patient_id == into
    assert house.agenda("patient", into)[-1] == own
