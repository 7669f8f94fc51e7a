"""Clinics are opened, changed, and retired when nothing is left to do in them."""

from __future__ import annotations

from engine.actors.clinic.state import ClinicSettings
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.clinics import AddClinic, ChangeClinic, RemoveClinic
from engine.decisions.rooms import AddRoom, RemoveRoom
from tests.engine.attending import House

UNKNOWN = "ffffffff-0000-7000-8000-000000000000"


def test_a_clinic_is_added_without_rooms_and_rules():
    house = House()
    made = house.ask(AddClinic(name=" Ear,  nose "))
    assert house.outcome == "created"
    assert (made.name, made.rooms, made.rule_version, made.has_draft, made.version) == ("Ear, nose", 0, 0, False, 1)
    assert house.tables["clinics"][made.id] == f"clinic:{made.id}"


def test_a_clinic_is_changed_whole_and_only_in_its_present_version():
    house = House()
    change = ChangeClinic(
        clinic_id=house.clinic_id, name="Eyes", settings=ClinicSettings(hold_minutes=10), if_version=1
    )
    changed = house.ask(change)
    assert (changed.settings.hold_minutes, changed.version) == (10, 2)
    assert house.refusal(change).code == "stale_version"


def test_an_unknown_clinic_is_not_found():
    refused = House().refusal(ChangeClinic(clinic_id=UNKNOWN, name="x", settings=ClinicSettings()))
    assert refused.code == "not_found"


def test_a_clinic_that_has_a_room_is_in_use():
    house = House()
    room = house.room()
    assert house.refusal(RemoveClinic(clinic_id=house.clinic_id)).code == "in_use"
    house.ask(RemoveRoom(room_id=room))
    house.ask(RemoveClinic(clinic_id=house.clinic_id))
    assert house.outcome == "removed"
    assert house.states[f"clinic:{house.clinic_id}"].retired


def test_a_clinic_in_which_somebody_waits_for_a_room_is_in_use():
    house = House()
    waiting = house.booked(fallback="unassigned")
    refused = house.refusal(RemoveClinic(clinic_id=house.clinic_id))
    assert (refused.code, refused.facts["appointment_id"]) == ("in_use", waiting)
    house.ask(CancelAppointment(appointment_id=waiting))
    house.ask(RemoveClinic(clinic_id=house.clinic_id))


def test_an_appointment_that_was_over_by_the_clock_days_ago_keeps_no_clinic_in_use():
    house = House(settings={"release_minutes": None})
    forgotten = house.booked(fallback="unassigned")
    house.later(24 * 60)
    assert house.refusal(RemoveClinic(clinic_id=house.clinic_id)).facts["appointment_id"] == forgotten
    house.later(24 * 60)
    house.ask(RemoveClinic(clinic_id=house.clinic_id))


def test_a_retired_clinic_takes_no_room():
    house = House()
    house.ask(RemoveClinic(clinic_id=house.clinic_id))
    assert house.refusal(AddRoom(clinic_id=house.clinic_id, name="Room", type="exam")).code == "clinic_retired"
    assert house.refusal(RemoveClinic(clinic_id=house.clinic_id)).code == "clinic_retired"
