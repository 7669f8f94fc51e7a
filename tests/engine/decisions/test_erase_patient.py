"""R1..R4 of the erasure of a patient."""

from __future__ import annotations

import pytest

from engine.decider import ERASED, Contact, PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.erase_patient import ErasePatient, ErasureReason
from engine.decisions.join_queue import JoinQueue
from engine.decisions.patients import MergePatients, RegisterPatient, RemovePatient, UpdatePatient
from engine.decisions.serve_ticket import CancelTicket
from engine.decisions.services import AddService
from engine.decisions.undo_ticket import UndoTicket
from engine.decisions.undo_token import UndoToken
from engine.errors import NotFound
from tests.engine.deciding import World
from tests.engine.house import House

UNKNOWN = "01900000-0000-7000-8000-000000000000"


def erase(patient: str) -> ErasePatient:
    return ErasePatient(patient_id=patient, reason=ErasureReason("Asked for in writing"))


def test_nothing_of_the_person_is_left_in_the_record():
    world = World()
    patient = world.ask(RegisterPatient(name=PersonName("Jane Doe"), phone=Contact("+1"), email=Contact("j@e"))).id
    view = world.ask(erase(patient))
    assert (view.patient_id, view.records) == (patient, [patient])
    state = world.states[f"patient:{patient}"]
    assert (state.name.text, state.phone, state.email, state.gender, state.dob) == (ERASED, None, None, None, None)
    assert state.erased_at == state.retired_at == world.time


def test_nothing_new_is_written_about_who_was_erased():
    world = World()
    patient, slot = world.patient(), world.slot()
    world.ask(erase(patient))
    for command in (
        UpdatePatient(patient_id=patient, name=PersonName("Jane")),
        BookToken(slot_id=slot, patient_id=patient, category="ONLINE"),
        RemovePatient(patient_id=patient),
        MergePatients(patient_id=patient, into=world.patient()),
        MergePatients(patient_id=world.patient(), into=patient),
    ):
        refused = world.refusal(command)
        assert (refused.code, refused.facts["patient_id"]) == ("patient_erased", patient)


def test_who_is_erased_twice_is_erased_once():
    world = World()
    patient = world.patient()
    first = world.ask(erase(patient))
    world.later(60)
    assert world.ask(erase(patient)) == first
    assert not world.events


def test_who_is_unknown_cannot_be_erased():
    assert isinstance(World().refusal(erase(UNKNOWN)), NotFound)


def test_a_token_is_in_the_way_until_it_is_over():
    world = World()
    patient = world.patient()
    token = world.book(world.slot(), patient)
    refused = world.refusal(erase(patient))
    assert (refused.code, refused.facts["token_ids"]) == ("has_active_tokens", [token])
    world.ask(CancelToken(token_id=token))
    assert world.ask(erase(patient)).records == [patient]


def test_a_ticket_is_in_the_way():
    world = World()
    patient = world.patient()
    service = world.ask(AddService(name="Blood tests", prefix="LAB")).id
    ticket = world.ask(JoinQueue(service_id=service, patient_id=patient)).id
    refused = world.refusal(erase(patient))
    assert (refused.code, refused.rule, refused.facts["ticket_ids"]) == ("has_tickets", "R1", [ticket])


def test_what_ended_just_before_cannot_be_undone():
    world = World()
    patient = world.patient()
    service = world.ask(AddService(name="Blood tests", prefix="LAB")).id
    ticket = world.ask(JoinQueue(service_id=service, patient_id=patient)).id
    token = world.book(world.slot(), patient)
    world.ask(CancelTicket(ticket_id=ticket))
    world.ask(CancelToken(token_id=token))
    world.ask(erase(patient))
    assert world.refusal(UndoTicket(ticket_id=ticket)).code == "patient_erased"
    assert world.refusal(UndoToken(token_id=token)).code == "patient_erased"


def test_an_admission_is_in_the_way_until_the_patient_has_left():
    house = House()
    house.ward(beds=1)
    house.doctor()
    house.nurse()
    patient = house.person()
    admission = house.ask(AdmitPatient(patient_id=patient, acuity="high")).id
    assert house.refusal(erase(patient)).code == "in_use"
    house.discharge(admission)
    assert house.ask(erase(patient)).records == [patient]


def test_a_removed_record_can_be_erased():
    world = World()
    patient = world.patient()
    world.ask(RemovePatient(patient_id=patient))
    removed = world.states[f"patient:{patient}"].retired_at
    world.later(5)
    world.ask(erase(patient))
    assert world.states[f"patient:{patient}"].retired_at == removed


def test_all_records_of_a_person_go_together():
    world = World()
    first, second, third = world.patient(), world.patient(), world.patient()
    world.ask(MergePatients(patient_id=first, into=second))
    world.ask(MergePatients(patient_id=second, into=third))
    refused = world.refusal(erase(first))
    assert (refused.code, refused.facts["merged_into"]) == ("patient_retired", second)
    assert world.ask(erase(third)).records == [third, second, first]
    for patient in (first, second, third):
        assert world.states[f"patient:{patient}"].name.text == ERASED
        assert world.tables["erased_patients"][patient] == f"patient:{patient}"
    # Asked again of any of them, nothing happens.
    world.ask(erase(first))
    assert not world.events


@pytest.mark.parametrize("merged", [False, True])
def test_what_is_open_of_any_record_is_in_the_way(merged: bool):
    world = World()
    first, second = world.patient(), world.patient()
    world.book(world.slot(), first)
    if merged:
        world.ask(MergePatients(patient_id=first, into=second))
        assert world.refusal(erase(second)).code == "has_active_tokens"
    else:
        assert world.ask(erase(second)).records == [second]
