"""R1..R4 of a patient."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from engine.actors.patient import (
    PATIENT,
    Absorb,
    BirthDate,
    CreatePatient,
    Gender,
    MergeConflict,
    MergeInto,
    PatientGone,
    RetirePatient,
    RevisePatient,
    patient_view,
)
from engine.decider import Contact, PersonName
from engine.errors import Invalid, NotFound, Stale
from tests.engine.actors.asked import Actor

TODAY = "2026-02-02"


def create(**fields: Any) -> CreatePatient:
    blank = {"phone": None, "email": None, "gender": None, "dob": None, "today": TODAY}
    return CreatePatient(name=PersonName("Jane Doe"), **{**blank, **fields})


def revise(if_version: int | None = None, **fields: Any) -> RevisePatient:
    blank = dict.fromkeys(("name", "phone", "email", "gender", "dob"), UNSET)
    return RevisePatient(today=TODAY, if_version=if_version, **{**blank, **fields})


def patient(**fields: Any) -> Actor:
    actor = Actor(PATIENT, "p1")
    actor.ask(create(**fields))
    return actor


def test_only_a_name_is_required():
    view = patient_view(patient().state)
    assert (view.name.text, view.phone, view.email, view.gender, view.dob) == ("Jane Doe", None, None, None, None)


def test_all_that_identifies_is_sealed_under_the_patients_own_key():
    actor = patient(phone=Contact("+1"), email=Contact("j@e"), gender=Gender("f"), dob=BirthDate("1990-02-28"))
    state = actor.state
    assert {one.subject for one in (state.name, state.phone, state.email, state.gender, state.dob)} == {"p1"}
    actor.ask(revise(phone=Contact("+2")))
    assert (actor.state.phone.text, actor.state.phone.subject, actor.state.dob.subject) == ("+2", "p1", "p1")


def test_what_an_update_leaves_out_stays_and_null_takes_away():
    actor = patient(phone=Contact("+1"), email=Contact("j@e"))
    actor.ask(revise(email=None))
    assert (actor.state.phone.text, actor.state.email) == ("+1", None)
    assert actor.ask(revise(email=None, phone=Contact("+1"))) == []


@pytest.mark.parametrize("dob", ["1850-01-01", TODAY, "2000-02-29"])
def test_a_date_of_birth_may_be_any_date_up_to_today(dob: str):
    assert patient(dob=BirthDate(dob)).state.dob.text == dob


@pytest.mark.parametrize(
    "dob",
    ["1849-12-31", "2026-02-03", "9999-12-31", "2001-02-29", "2000-W01-1", "20000101  ", "yesterday", "１９９０-02-02"],
)
def test_what_is_no_date_of_birth_is_invalid(dob: str):
    for ask in (lambda: patient(dob=BirthDate(dob)), lambda: patient().ask(revise(dob=BirthDate(dob)))):
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.facts["field"] == "dob"
        assert dob not in refused.value.detail


def test_an_update_of_another_version_is_stale():
    actor = patient()
    actor.ask(revise(phone=Contact("+1"), if_version=1))
    for command in (revise(phone=None, if_version=1), RetirePatient(1), MergeInto("p2", 1)):
        with pytest.raises(Stale):
            actor.ask(command)


def test_a_removed_record_is_readable_and_cannot_be_changed():
    actor = patient()
    actor.ask(RetirePatient(None))
    assert patient_view(actor.state).retired
    for command in (revise(phone=None), RetirePatient(None), MergeInto("p2", None), Absorb("p2")):
        with pytest.raises(PatientGone):
            actor.ask(command)


def test_a_merged_record_names_the_one_that_goes_on():
    actor = patient()
    actor.ask(MergeInto("p2", None))
    assert patient_view(actor.state).merged_into == "p2"
    with pytest.raises(PatientGone) as refused:
        actor.ask(MergeInto("p3", None))
    assert refused.value.facts["merged_into"] == "p2"


def test_a_record_is_not_merged_into_itself():
    with pytest.raises(MergeConflict):
        patient().ask(MergeInto("p1", None))


def test_an_unknown_patient_is_not_found():
    with pytest.raises(NotFound):
        Actor(PATIENT, "p1").ask(RetirePatient(None))
