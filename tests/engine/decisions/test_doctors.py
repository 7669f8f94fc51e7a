"""Doctors, and what the hospital knows of them."""

from __future__ import annotations

import pytest

from engine.decider import PersonName
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.doctors import AddDoctor, HasActiveSlots, RemoveDoctor, UpdateDoctor
from engine.errors import Invalid, NotFound
from tests.engine.deciding import NINE, World

UNKNOWN = "01900000-0000-7000-8000-000000000000"
DAY_OF_MINUTES = 24 * 60


def test_a_doctor_gets_a_prefix_that_nobody_else_has():
    world = World()
    views = [world.ask(AddDoctor(name=PersonName("Dr. John Smith"), specialization=" Cardiology ")) for _ in range(2)]
    assert [(view.ticket_prefix, view.specialization) for view in views] == [
        ("CAR", "Cardiology"),
        ("CA2", "Cardiology"),
    ]
    assert world.outcome == "created"


@pytest.mark.parametrize("specialization", [" ", "\t\n"])
def test_a_blank_specialization_is_invalid(specialization: str):
    refused = World().refusal(AddDoctor(name=PersonName("Dr. X"), specialization=specialization))
    assert (type(refused), refused.facts["field"]) == (Invalid, "specialization")


def test_an_update_of_the_specialization_keeps_the_prefix_and_moves_among_colleagues():
    world = World()
    doctor = world.doctor("Cardiology")
    view = world.ask(UpdateDoctor(doctor_id=doctor, specialization="ENT", if_version=1))
    assert (view.specialization, view.ticket_prefix, view.version) == ("ENT", "CAR", 2)
    assert world.states["hospital:self"].doctors == {doctor: "ENT"}
    world.ask(UpdateDoctor(doctor_id=doctor, name=PersonName("Dr. New")))
    assert [key for key, _ in world.events] == [f"doctor:{doctor}"]


def test_a_doctor_with_a_slot_ahead_cannot_be_removed():
    world = World()
    doctor = world.doctor()
    slot = world.slot(doctor=doctor)
    refused = world.refusal(RemoveDoctor(doctor_id=doctor))
    assert (type(refused), refused.facts["slot_ids"]) == (HasActiveSlots, [slot])
    world.ask(CancelSlot(slot_id=slot))
    world.ask(RemoveDoctor(doctor_id=doctor))
    assert (world.outcome, world.states[f"doctor:{doctor}"].retired_at) == ("removed", world.time)
    assert world.states["hospital:self"].doctors == {}


def test_a_doctor_whose_slot_is_over_can_be_removed_once_nobody_is_open_in_it():
    world = World(no_show_grace_minutes=0)
    doctor = world.doctor()
    empty = world.slot(doctor=doctor, start=NINE)
    busy = world.slot(doctor=doctor, start=NINE + 3_600_000_000)
    world.book(busy)
    world.later(5 * 60)
    assert world.state(empty).status == "CLOSED"
    assert world.refusal(RemoveDoctor(doctor_id=doctor)).facts["slot_ids"] == [busy]
    world.later(4 * DAY_OF_MINUTES)  # a day that is closed is not looked at again
    world.ask(RemoveDoctor(doctor_id=doctor))


def test_a_doctor_who_left_is_neither_changed_nor_removed_again():
    world = World()
    doctor = world.doctor()
    world.ask(RemoveDoctor(doctor_id=doctor))
    for command in (RemoveDoctor(doctor_id=doctor), UpdateDoctor(doctor_id=doctor, specialization="ENT")):
        assert world.refusal(command).code == "doctor_retired"


def test_an_unknown_doctor_is_not_found():
    for command in (RemoveDoctor(doctor_id=UNKNOWN), UpdateDoctor(doctor_id=UNKNOWN)):
        assert isinstance(World().refusal(command), NotFound)
