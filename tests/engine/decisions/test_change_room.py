"""Another room at the same time, by a person's word and with a reason."""

from __future__ import annotations

from typing import Any

from engine.actors.clinic_day.commands import Reason
from engine.decisions.attend_appointment import CheckInAppointment, StartAppointment
from engine.decisions.change_room import ChangeAppointmentRoom
from engine.rules.kinds import PreferredRoom
from tests.engine.booking import Booking

WHY = Reason("the patient cannot climb stairs")


def into(id: str, room_id: str | None = None, **more: Any) -> ChangeAppointmentRoom:
    return ChangeAppointmentRoom(appointment_id=id, room_id=room_id, reason=WHY, **more)


def test_a_named_room_is_had_and_the_old_one_is_free() -> None:
    world = Booking()
    first, second = sorted((world.room(), world.room()))
    id = world.booked()
    answer = world.ask(into(id, second))
    assert (answer.room_id, answer.assignment.method, answer.reason) == (second, "chosen", WHY)
    assert (world.held(first), world.held(second)) == ([], [(id, 0, 30)])
    assert [type(event).__name__ for key, event in world.events if key.startswith("clinic_day")] == [
        "AppointmentRoomChanged"
    ]
    world.sound()


def test_without_a_name_the_best_of_the_others_is_had() -> None:
    world = Booking()
    rooms = sorted(world.room() for _ in range(3))
    world.rules(PreferredRoom(name="the last", rooms=(rooms[2],)))
    id = world.booked()
    assert world.room_of(id) == rooms[2]
    assert world.ask(into(id)).room_id == rooms[0]


def test_a_room_that_is_taken_is_refused_with_those_that_are_not() -> None:
    world = Booking()
    rooms = sorted(world.room() for _ in range(3))
    id, other = world.booked(), world.booked()
    refused = world.refusal(into(id, rooms[1]))
    assert (refused.code, refused.facts["appointment_id"]) == ("room_conflict", other)
    assert [one["room_id"] for one in refused.facts["alternatives"]["rooms"]] == [rooms[2]]


def test_no_room_is_left_for_nothing() -> None:
    world = Booking()
    room = world.room()
    id = world.booked()
    assert world.refusal(into(id)).code == "no_room_available"
    assert world.refusal(into(id, room)).code == "invalid"
    assert world.held(room) == [(id, 0, 30)]


def test_who_is_here_may_change_rooms_who_is_in_one_may_not() -> None:
    world = Booking()
    rooms = sorted((world.room(), world.room()))
    id = world.booked()
    world.ask(CheckInAppointment(appointment_id=id))
    world.ask(into(id))
    world.ask(StartAppointment(appointment_id=id))
    assert world.refusal(into(id, rooms[0])).code == "invalid_transition"
    world.sound()


def test_the_clock_that_calls_a_patient_absent_goes_on() -> None:
    world = Booking()
    world.room(), world.room()
    id = world.booked()
    before = world.appointment(id).release_at
    world.ask(into(id))
    assert world.appointment(id).release_at == before


def test_another_version_is_stale() -> None:
    world = Booking()
    world.room(), world.room()
    id = world.booked()
    assert world.refusal(into(id, if_version=3)).code == "stale_version"
    world.ask(into(id, if_version=1))
