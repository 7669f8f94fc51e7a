"""Rooms of a clinic: opened, changed, shown, retired, and who gets them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.clinic.refusals import ClinicRetired
from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.room.display import InvalidColor
from engine.actors.room.refusals import RoomGone, RoomInUse
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.clinics import RemoveClinic
from engine.decisions.rooms import AddRoom, ChangeRoom, RemoveRoom, SetRoomDisplay
from engine.errors import Invalid, NotFound, Stale
from tests.engine.attending import House


def listed(house: House) -> dict[str, Any]:
    clinic: Clinic = house.states[clinic_key(house.clinic_id)]
    return clinic.rooms


def test_a_room_is_listed_by_its_clinic_as_it_is():
    house = House()
    room = house.ask(
        AddRoom(
            clinic_id=house.clinic_id,
            name="  Exam   1 ",
            type="exam",
            equipment=("slit lamp", "chair", "slit  lamp"),
            floor=2,
            genders=("male", "female"),
            setup_minutes=5,
            cleaning_minutes=10,
        )
    )
    assert house.outcome == "created"
    assert (room.name, room.equipment, room.genders) == ("Exam 1", ["chair", "slit lamp"], ["female", "male"])
    assert (room.state, room.is_available, room.version) == ("available", True, 1)
    assert room.calendar_link.text.startswith(f"/api/v1/rooms/{room.id}/calendar.ics?token=")
    assert listed(house)[room.id] == house.states[f"room:{room.id}"].profile


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "   "}, "name"),
        ({"min_age": 18, "max_age": 17}, "min_age"),
        ({"equipment": (" ",)}, "equipment"),
        ({"type": "  "}, "type"),
    ],
)
def test_a_room_that_means_nothing_is_refused_with_its_field(fields: dict[str, Any], field: str):
    house = House()
    refused = house.refusal(AddRoom(clinic_id=house.clinic_id, **({"name": "1", "type": "exam"} | fields)))
    assert isinstance(refused, Invalid)
    assert refused.facts["field"] == field


def test_a_room_of_an_unknown_clinic_or_doctor_is_refused():
    house = House()
    unknown = "0190aaaa-0000-7000-8000-000000000000"
    assert isinstance(house.refusal(AddRoom(clinic_id=unknown, name="1", type="exam")), NotFound)
    refused = house.refusal(AddRoom(clinic_id=house.clinic_id, name="1", type="exam", doctors=(unknown,)))
    assert isinstance(refused, NotFound)
    assert refused.facts["doctor_id"] == unknown
    house.ask(RemoveClinic(clinic_id=house.clinic_id))
    assert isinstance(house.refusal(AddRoom(clinic_id=house.clinic_id, name="1", type="exam")), ClinicRetired)


def test_a_new_room_goes_to_who_waits_in_order_of_their_times():
    house = House()
    first, second = house.booked(60, fallback="unassigned"), house.booked(0, fallback="unassigned")
    overlapping = house.booked(10, fallback="unassigned")
    room = house.room(cleaning_minutes=10)
    assert house.held(room) == [(second, 0, 40), (first, 60, 100)]
    assert not house.appointment(overlapping).room_id
    one = house.appointment(first)
    assert one.assignment is not None
    assert one.assignment.method == "freed"
    assert one.escalation is not None
    assert one.escalation.status == "assigned"


def test_a_new_room_that_cannot_be_had_goes_to_nobody():
    house = House()
    waiting = house.booked(0, fallback="unassigned")
    room = house.room(is_available=False)
    assert house.held(room) == []
    assert not house.appointment(waiting).room_id


def test_a_room_that_cannot_be_had_any_more_keeps_what_is_booked_and_lists_it():
    house = House()
    room = house.room()
    booked = house.booked(0)
    house.booked(60)
    answer = house.ask(ChangeRoom(room_id=room, name="Room", type="exam", is_available=False))
    assert answer.affected[0].id == booked
    assert (answer.affected_count, answer.state, answer.version) == (2, "closed", 2)
    assert house.appointment(booked).room_id == room
    assert not listed(house)[room].is_available
    waiting = house.booked(120, fallback="unassigned")
    assert not house.appointment(waiting).room_id
    again = house.ask(ChangeRoom(room_id=room, name="Room", type="exam"))
    assert (again.affected, again.affected_count) == ([], 0)
    assert house.appointment(waiting).room_id == room


def test_what_is_over_is_not_listed():
    house = House()
    room = house.room()
    house.booked(0)
    house.later(200)
    answer = house.ask(ChangeRoom(room_id=room, name="Room", type="exam", is_available=False))
    assert answer.affected_count == 0


def test_a_room_that_fits_now_goes_to_who_waited_for_such_a_one():
    house = House()
    room = house.room()
    waiting = house.booked(0, required_equipment=("laser",), fallback="unassigned")
    assert not house.appointment(waiting).room_id
    house.ask(ChangeRoom(room_id=room, name="Room", type="exam", equipment=("laser",)))
    assert house.appointment(waiting).room_id == room


def test_a_change_of_another_version_is_stale():
    house = House()
    room = house.room()
    refused = house.refusal(ChangeRoom(room_id=room, name="Other", type="exam", if_version=2))
    assert isinstance(refused, Stale)
    assert house.ask(ChangeRoom(room_id=room, name="Other", type="exam", if_version=1)).version == 2


def test_a_room_that_changes_by_nothing_stays_as_it_was():
    house = House()
    room = house.room()
    assert house.ask(ChangeRoom(room_id=room, name="Room", type="exam")).version == 1
    assert house.events == []


def test_a_room_with_something_to_come_is_not_retired():
    house = House()
    room = house.room()
    booked = house.booked(0)
    refused = house.refusal(RemoveRoom(room_id=room))
    assert isinstance(refused, RoomInUse)
    assert refused.code == "in_use"
    house.ask(CancelAppointment(appointment_id=booked))
    house.ask(RemoveRoom(room_id=room))
    assert house.outcome == "removed"
    assert listed(house) == {}
    assert isinstance(house.refusal(RemoveRoom(room_id=room)), RoomGone)
    assert isinstance(house.refusal(ChangeRoom(room_id=room, name="Room", type="exam")), RoomGone)


def test_a_room_is_shown_as_said_and_by_null_in_its_own_colour():
    house = House()
    room = house.room()
    shown = house.ask(SetRoomDisplay(room_id=room, color_hex="#ff8800", label=" Left ", display_order=3)).display
    assert (shown.color_hex, shown.color_source, shown.contrast_text_color) == ("#FF8800", "custom", "#000000")
    assert (shown.label, shown.display_order) == ("Left", 3)
    assert shown.auto_generated_color != shown.color_hex
    own = house.ask(SetRoomDisplay(room_id=room, color_hex=None)).display
    assert (own.color_hex, own.color_source) == (own.auto_generated_color, "auto")
    assert isinstance(house.refusal(SetRoomDisplay(room_id=room, color_hex="orange")), InvalidColor)
    assert isinstance(house.refusal(SetRoomDisplay(room_id=room, if_version=1)), Stale)


def test_an_unknown_room_is_not_found():
    house = House()
    unknown = "0190aaaa-0000-7000-8000-000000000000"
    for command in (
        ChangeRoom(room_id=unknown, name="1", type="exam"),
        RemoveRoom(room_id=unknown),
        SetRoomDisplay(room_id=unknown),
    ):
        assert isinstance(house.refusal(command), NotFound)
