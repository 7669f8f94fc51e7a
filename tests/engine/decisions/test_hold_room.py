"""A room, a doctor and a patient are kept for a while, then booked or given back."""

from __future__ import annotations

from typing import Any

from engine.decider import MINUTE, FreeText
from engine.decisions.attend_appointment import CheckInAppointment
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom, ReleaseAppointment
from tests.engine.booking import Booking


def hold(world: Booking, start: int = 0, minutes: int = 30, **more: Any) -> str:
    id: str = world.ask(HoldRoom(**world.wanted(start, minutes, **more))).id
    return id


def test_a_hold_takes_room_doctor_and_patient() -> None:
    world = Booking()
    room = world.room()
    doctor, patient = world.doctor(), world.patient()
    id = hold(world, doctor=doctor, patient=patient)
    one = world.appointment(id)
    assert (one.status, one.expires_at, one.release_at) == ("held", one.created_at + 5 * MINUTE, 0)
    assert world.no(room_id=room).code == "room_conflict"
    world.room()
    assert world.no(doctor=doctor).code == "doctor_conflict"
    assert world.no(patient=patient).code == "patient_overlap"
    world.sound()


def test_a_confirmed_hold_is_a_booking_with_its_room_and_its_clock() -> None:
    world = Booking()
    room = world.room()
    id = hold(world)
    answer = world.ask(ConfirmAppointment(appointment_id=id, note=FreeText("window seat")))
    assert (answer.status, answer.room_id, answer.expires_at) == ("booked", room, None)
    assert world.appointment(id).release_at == world.appointment(id).start + 15 * MINUTE
    world.later(6)
    assert world.appointment(id).status == "booked"
    assert world.refusal(ConfirmAppointment(appointment_id=id)).code == "invalid_transition"
    world.sound()


def test_a_hold_that_lapsed_is_gone_and_its_room_is_free() -> None:
    world = Booking(settings={"hold_minutes": 2})
    room = world.room()
    id = hold(world)
    world.later(3)
    assert world.held(room) == []
    refused = world.refusal(ConfirmAppointment(appointment_id=id))
    assert (refused.code, refused.family, refused.facts["how"]) == ("hold_expired", "gone", "expired")
    world.booked()
    world.sound()


def test_a_hold_is_not_confirmed_at_the_instant_at_which_it_lapses() -> None:
    world = Booking()
    world.room()
    id = hold(world)
    world.time = world.appointment(id).expires_at - 1  # the clock's own command has not come yet
    assert world.refusal(ConfirmAppointment(appointment_id=id)).code == "hold_expired"


def test_a_released_hold_is_gone() -> None:
    world = Booking()
    room = world.room()
    id = hold(world)
    world.ask(ReleaseAppointment(appointment_id=id))
    assert world.outcome == "removed"
    assert world.held(room) == []
    assert world.refusal(ReleaseAppointment(appointment_id=id)).facts["how"] == "released"
    world.sound()


def test_what_is_booked_is_not_released() -> None:
    world = Booking()
    world.room()
    id = world.booked()
    assert world.refusal(ReleaseAppointment(appointment_id=id)).code == "invalid_transition"


def test_the_same_client_gets_the_same_hold_while_it_lives() -> None:
    world = Booking(settings={"hold_minutes": 2})
    world.room()
    wanted = world.wanted(client_hold_id="form-7")
    first = world.ask(HoldRoom(**wanted))
    assert world.ask(HoldRoom(**wanted)) == first
    assert world.events == []
    world.who = "another desk"
    assert world.refusal(HoldRoom(**wanted)).code == "doctor_conflict"
    world.who = "desk"
    world.later(3)
    assert world.ask(HoldRoom(**wanted)).id != first.id


def test_nobody_checks_in_with_a_hold() -> None:
    world = Booking()
    world.room()
    assert world.refusal(CheckInAppointment(appointment_id=hold(world))).code == "invalid_transition"


def test_there_is_no_hold_without_a_room() -> None:
    world = Booking()
    world.room()
    world.booked()
    refused = world.refusal(HoldRoom(**world.wanted()))
    assert refused.code == "no_room_available"
    assert world.offered_times(refused) == [30, -30, 45]
