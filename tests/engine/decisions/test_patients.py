"""Patients' records, and the merge of two that are one person."""

from __future__ import annotations

from engine.actors.patient import BirthDate
from engine.decider import Contact, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.patients import (
    HasActiveTokens,
    MergePatients,
    RegisterPatient,
    RemovePatient,
    UpdatePatient,
)
from engine.errors import Invalid, NotFound
from tests.engine.deciding import EIGHT, NINE, World

UNKNOWN = "01900000-0000-7000-8000-000000000000"
DAY = 86_400_000_000


def test_namesakes_are_two_records():
    world = World()
    command = RegisterPatient(name=PersonName("Jane Doe"), phone=Contact("+1234567890"), email=Contact("j@example.com"))
    assert world.ask(command).id != world.ask(command).id


def test_today_is_the_hospitals_day():
    # 20:00 UTC on 1 February is 2 February in India.
    world = World(zone="Asia/Kolkata", time=EIGHT + 12 * 3_600_000_000)
    assert world.ask(RegisterPatient(name=PersonName("Baby"), dob=BirthDate("2026-02-02"))).dob.text == "2026-02-02"
    refused = world.refusal(RegisterPatient(name=PersonName("Baby"), dob=BirthDate("2026-02-03")))
    assert (type(refused), refused.facts["field"]) == (Invalid, "dob")


def test_an_update_leaves_what_it_does_not_name():
    world = World()
    patient = world.ask(RegisterPatient(name=PersonName("Jane Doe"), phone=Contact("+1"), email=Contact("j@e"))).id
    view = world.ask(UpdatePatient(patient_id=patient, email=None, if_version=1))
    assert (view.phone.text, view.email, view.version) == ("+1", None, 2)


def test_a_patient_with_a_token_cannot_be_removed():
    world = World()
    patient = world.patient()
    token = world.book(world.slot(), patient)
    refused = world.refusal(RemovePatient(patient_id=patient))
    assert (type(refused), refused.facts["token_ids"]) == (HasActiveTokens, [token])


def test_a_patient_who_waits_cannot_be_removed():
    world = World()
    slot, _ = world.full_slot(1)
    patient = world.patient()
    world.book(slot, patient)
    assert world.refusal(RemovePatient(patient_id=patient)).code == "has_active_tokens"


def test_a_removed_patient_stays_readable_and_books_nothing():
    world = World()
    patient, slot = world.patient(), world.slot()
    world.ask(RemovePatient(patient_id=patient))
    assert world.outcome == "removed"
    assert world.tables["patients"][patient] == f"patient:{patient}"
    assert world.refusal(BookToken(slot_id=slot, patient_id=patient, category="ONLINE")).code == "patient_retired"


def test_a_merge_repoints_tokens_and_waiting_entries_of_all_days():
    world = World()
    first, second = world.patient(), world.patient()
    today, tomorrow = world.book(world.slot(), first), world.book(world.slot(start=NINE + DAY), first)
    full, _ = world.full_slot(1, start=NINE + 2 * DAY)
    waits = world.book(full, first)
    view = world.ask(MergePatients(patient_id=first, into=second))
    assert (view.id, view.merged_into) == (second, None)
    assert {world.token(id).patient_id for id in (today, tomorrow, waits)} == {second}
    assert world.states[f"patient:{first}"].merged_into == second
    for day, id, state in (("01", today, "active"), ("02", tomorrow, "active"), ("03", waits, "waiting")):
        theirs = world.patient_day(second, f"2026-02-{day}").commitments
        assert [(one.token_id, one.state) for one in theirs] == [(id, state)]
        assert [one.state for one in world.patient_day(first, f"2026-02-{day}").commitments] == ["over"]


def test_after_a_merge_one_person_cannot_book_twice():
    world = World()
    first, second = world.patient(), world.patient()
    held = world.book(world.slot(), first)
    world.ask(MergePatients(patient_id=first, into=second))
    refused = world.refusal(BookToken(slot_id=world.slot(), patient_id=second, category="ONLINE"))
    assert (refused.code, refused.facts["token_id"]) == ("double_booking", held)


def test_a_merge_that_would_book_one_person_twice_is_refused_and_names_both_tokens():
    world = World()
    first, second = world.patient(), world.patient()
    one, other = world.book(world.slot(), first), world.book(world.slot(), second)
    refused = world.refusal(MergePatients(patient_id=first, into=second))
    assert (refused.code, refused.facts["tokens"]) == ("merge_conflict", [one, other])


def test_a_merge_of_two_who_wait_in_one_list_is_refused():
    world = World()
    slot, _ = world.full_slot(1)
    first, second = world.patient(), world.patient()
    entries = [world.book(slot, first), world.book(slot, second)]
    assert world.refusal(MergePatients(patient_id=first, into=second)).facts["tokens"] == entries


def test_a_merge_goes_neither_in_a_circle_nor_into_nothing():
    world = World()
    first, second, third = world.patient(), world.patient(), world.patient()
    assert world.refusal(MergePatients(patient_id=first, into=first)).code == "merge_conflict"
    world.ask(MergePatients(patient_id=first, into=second))
    for patient, into in ((second, first), (third, first), (first, third)):
        assert world.refusal(MergePatients(patient_id=patient, into=into)).code == "patient_retired"
    for patient, into in ((UNKNOWN, second), (second, UNKNOWN)):
        assert isinstance(world.refusal(MergePatients(patient_id=patient, into=into)), NotFound)
