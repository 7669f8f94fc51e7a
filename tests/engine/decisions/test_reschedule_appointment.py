"""Another time for an appointment: the old place is given up and the new one is had in one decision, or neither."""

from __future__ import annotations

from typing import Any

import pytest

from engine.decider import FreeText
from engine.decisions.attend_appointment import CheckInAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.rules.kinds import PreferredRoom
from tests.engine.booking import Booking, moment

NEXT_DAY = 24 * 60


def to(id: str, start: int, minutes: int = 30, **more: Any) -> RescheduleAppointment:
    return RescheduleAppointment(appointment_id=id, start_time=moment(start), end_time=moment(start + minutes), **more)


@pytest.mark.parametrize("start", [10, 240, NEXT_DAY, 15 * 60 - 10])
def test_it_keeps_its_id_and_leaves_nothing_behind(start: int) -> None:
    world = Booking()
    room = world.room(cleaning_minutes=10)
    doctor, patient = world.doctor(), world.patient()
    id = world.booked(doctor=doctor, patient=patient)
    answer = world.ask(to(id, start, reason=FreeText("asked for it")))
    assert (answer.id, answer.start_time, answer.status, answer.version) == (id, moment(start), "booked", 2)
    assert world.held(room) == [(id, start, start + 40)]
    assert world.appointment(id).before[0][0] == room
    world.booked(doctor=doctor, patient=patient) if start >= 40 else None
    world.sound()


def test_a_refused_time_leaves_it_where_it_was() -> None:
    world = Booking()
    room = world.room()
    doctor = world.doctor()
    id = world.booked(0, doctor=doctor)
    other = world.booked(60)
    taken = world.refusal(to(id, 60, room_id=room))
    assert (taken.code, taken.facts["appointment_id"]) == ("room_conflict", other)
    assert world.refusal(to(id, 70)).code == "no_room_available"
    world.booked(120, doctor=doctor)
    assert world.refusal(to(id, 130)).code == "doctor_conflict"
    assert [row for row in world.held(room) if row[0] == id] == [(id, 0, 30)]


def test_another_doctor_takes_it_over_and_the_first_is_free() -> None:
    world = Booking()
    world.room(), world.room()
    first, second = world.doctor(), world.doctor()
    id = world.booked(doctor=first)
    answer = world.ask(to(id, 0, doctor_id=second))
    assert answer.doctor_id == second
    assert world.agenda("doctor", first) == []
    assert world.no(doctor=second).code == "doctor_conflict"
    world.booked(doctor=first)
    world.sound()


def test_without_a_named_room_the_rules_choose_again() -> None:
    world = Booking()
    rooms = sorted((world.room(), world.room()))
    id = world.booked()
    assert world.room_of(id) == rooms[0]
    world.rules(PreferredRoom(name="the second", rooms=(rooms[1],)))
    assert world.ask(to(id, 60)).room_id == rooms[1]
    assert world.ask(to(id, 90, room_id=rooms[0])).assignment.method == "chosen"
    world.sound()


def test_the_same_time_in_the_same_room_is_no_new_time() -> None:
    world = Booking()
    room = world.room()
    id = world.booked()
    assert world.refusal(to(id, 0)).code == "invalid"
    assert world.refusal(to(id, 0, room_id=room)).code == "invalid"
    assert world.ask(to(id, 0, 45)).room_id == room


def test_only_what_is_booked_has_another_time() -> None:
    world = Booking()
    world.room()
    here, gone = world.booked(0), world.booked(60)
    world.ask(CheckInAppointment(appointment_id=here))
    world.ask(CancelAppointment(appointment_id=gone))
    for id, state in ((here, "checked_in"), (gone, "cancelled")):
        refused = world.refusal(to(id, 240))
        assert (refused.code, refused.facts["from_state"]) == ("invalid_transition", state)


def test_another_version_is_stale() -> None:
    world = Booking()
    world.room()
    id = world.booked()
    assert world.refusal(to(id, 60, if_version=7)).code == "stale_version"


def test_its_absence_is_counted_from_the_new_time() -> None:
    world = Booking()
    world.room()
    id = world.booked()
    world.ask(to(id, 120))
    world.later(60 + 120 + 14)
    assert world.appointment(id).status == "booked"
    world.later(2)
    assert world.appointment(id).status == "no_show"
    world.sound()


def test_it_can_be_moved_to_a_time_without_a_room_and_waits_for_one_there() -> None:
    world = Booking()
    world.room()
    blocking, id = world.booked(60), world.booked(0)
    answer = world.ask(to(id, 60, fallback="unassigned"))
    assert (answer.room_id, answer.escalation.status) == (None, "open")
    world.ask(CancelAppointment(appointment_id=blocking))
    assert world.appointment(id).room_id
    world.sound()


def test_moved_over_midnight_and_back_it_is_found_on_its_day() -> None:
    world = Booking()
    room = world.room()
    id = world.booked()
    world.ask(to(id, NEXT_DAY))
    assert world.day().appointments == {}
    assert id in world.day("2026-02-02").appointments
    world.ask(to(id, 0))
    assert world.held(room) == [(id, 0, 30)]
    assert id in world.day().appointments
    world.sound()
