"""R1, R2 of a doctor."""

from __future__ import annotations

import pytest

from engine.actors.doctor import DOCTOR, CreateDoctor, DoctorGone, RetireDoctor, ReviseDoctor, doctor_view
from engine.decider import PersonName
from engine.errors import NotFound, Stale
from tests.engine.actors.asked import Actor


def doctor() -> Actor:
    actor = Actor(DOCTOR, "d1")
    actor.ask(CreateDoctor(PersonName("Dr. Asha Rao"), "Cardiology", "CAR"))
    return actor


def test_a_doctor_is_answered_with_the_fields_of_the_interface():
    view = doctor_view(doctor().state)
    assert (view.id, view.name.text, view.specialization, view.ticket_prefix) == (
        "d1", "Dr. Asha Rao", "Cardiology", "CAR",
    )  # fmt: skip
    assert view.created_at.utcoffset() is not None
    assert (view.version, view.retired) == (1, False)


def test_a_name_is_sealed_under_the_hospitals_key():
    actor = doctor()
    actor.ask(ReviseDoctor(PersonName("Dr. A. Rao"), None, None))
    assert actor.state.name.subject == ""


def test_what_an_update_leaves_out_stays():
    actor = doctor()
    actor.ask(ReviseDoctor(None, "ENT", None))
    assert (actor.state.name.text, actor.state.specialization, actor.state.prefix) == ("Dr. Asha Rao", "ENT", "CAR")
    assert actor.ask(ReviseDoctor(PersonName("Dr. Asha Rao"), "ENT", None)) == []


def test_an_update_of_another_version_is_stale():
    actor = doctor()
    actor.ask(ReviseDoctor(None, "ENT", 1))
    with pytest.raises(Stale):
        actor.ask(ReviseDoctor(None, "GP", 1))
    with pytest.raises(Stale):
        actor.ask(RetireDoctor(1))


def test_a_doctor_who_left_is_readable_and_cannot_be_changed():
    actor = doctor()
    actor.ask(RetireDoctor(None))
    assert doctor_view(actor.state).retired
    assert actor.state.name.text == "Dr. Asha Rao"
    for command in (ReviseDoctor(None, "ENT", None), RetireDoctor(None)):
        with pytest.raises(DoctorGone):
            actor.ask(command)


def test_an_unknown_doctor_is_not_found():
    with pytest.raises(NotFound):
        Actor(DOCTOR, "d1").ask(RetireDoctor(None))
