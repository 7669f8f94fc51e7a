"""Who has no room waits for one, and whatever frees a room gives it away in the same decision."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.actors.clinic_day.commands import Reason
from engine.decider import MINUTE
from engine.decisions.attend_appointment import (
    CheckInAppointment,
    CompleteAppointment,
    DeclineEscalation,
    MarkAppointmentMissed,
    ShortenTurnover,
    StartAppointment,
)
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.change_room import ChangeAppointmentRoom
from engine.decisions.closures import AddClosure, RemoveClosure
from engine.decisions.hold_room import HoldRoom, ReleaseAppointment
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.decisions.rooms import AddRoom
from engine.rules.kinds import MaximumDaily
from tests.engine.booking import Booking, moment

WHY = Reason("needed at another place")


def waiting(world: Booking, start: int = 0, length: int = 30) -> str:
    return world.booked(start, length, fallback="unassigned")


def full() -> tuple[Booking, str, str]:
    """A clinic of one room that is taken, and who waits for it."""
    world = Booking()
    world.room()
    return world, world.booked(), waiting(world)


def test_without_a_room_it_is_booked_and_somebody_must_see_to_it() -> None:
    world = Booking(settings={"escalation_minutes": 20})
    world.room()
    world.booked()
    id = waiting(world)
    one = world.appointment(id)
    assert (one.status, one.room_id, one.busy_to) == ("booked", "", 0)
    assert one.escalation is not None
    assert (one.escalation.status, one.escalation.reason) == ("open", "occupied")
    assert one.escalation.deadline == one.created_at + 20 * MINUTE
    assert one.assignment is not None
    assert (one.assignment.method, one.assignment.failed) == ("fallback", {"busy": 1})
    world.sound()


def test_the_escalation_says_what_there_was_no_room_for() -> None:
    world = Booking()
    room = world.room()
    world.ask(AddClosure(room_id=room, kind="closed", start_time=moment(0), end_time=moment(60)))
    closed, never = waiting(world), world.booked(120, room_type="theatre", fallback="unassigned")
    reasons = [escalation.reason for id in (closed, never) if (escalation := world.appointment(id).escalation)]
    assert reasons == ["closure", "unavailable"]


def test_it_holds_doctor_and_patient_all_the_same() -> None:
    world = Booking()
    world.room()
    world.booked()
    doctor, patient = world.doctor(), world.patient()
    world.booked(doctor=doctor, patient=patient, fallback="unassigned")
    assert world.no(10, doctor=doctor).code == "doctor_conflict"
    assert world.no(10, patient=patient).code == "patient_overlap"


def cancel(world: Booking, id: str) -> None:
    world.ask(CancelAppointment(appointment_id=id))


def missed(world: Booking, id: str) -> None:
    world.ask(MarkAppointmentMissed(appointment_id=id, force=True, reason=WHY))


def another_time(world: Booking, id: str) -> None:
    world.ask(RescheduleAppointment(appointment_id=id, start_time=moment(600), end_time=moment(630)))


def another_day(world: Booking, id: str) -> None:
    world.ask(RescheduleAppointment(appointment_id=id, start_time=moment(1_600), end_time=moment(1_630)))


def absent(world: Booking, id: str) -> None:
    world.ask(CheckInAppointment(appointment_id=next(iter(world.day().waiting))[2]))
    world.later(60 + 16)
    assert world.appointment(id).status == "no_show"


@pytest.mark.parametrize("free", [cancel, missed, another_time, another_day, absent])
def test_what_frees_the_room_gives_it_away_in_the_same_decision(free: Callable[[Booking, str], None]) -> None:
    world, there, id = full()
    free(world, there)
    one = world.appointment(id)
    assert one.room_id
    assert one.escalation is not None
    assert (one.escalation.status, one.escalation.closed_at) == ("assigned", one.updated_at)
    assert one.assignment is not None
    assert one.assignment.method == "freed"
    assert "RoomAssigned" in [type(event).__name__ for _, event in world.events]
    world.sound()


def test_who_leaves_for_another_room_leaves_his_own_to_who_waits() -> None:
    world = Booking()
    small, large = world.room(), world.room(capacity=4)
    one = world.booked(room_id=large)
    id = world.booked(capacity=3, fallback="unassigned")
    assert world.room_of(id) == ""
    world.ask(ChangeAppointmentRoom(appointment_id=one, room_id=small, reason=WHY))
    assert world.room_of(id) == large
    world.sound()


def test_a_hold_that_lapses_or_is_released_leaves_its_room_to_who_waits() -> None:
    for released in (True, False):
        world = Booking()
        room = world.room()
        held = world.ask(HoldRoom(**world.wanted())).id
        id = waiting(world)
        if released:
            world.ask(ReleaseAppointment(appointment_id=held))
        else:
            world.later(6)
        assert world.room_of(id) == room
        world.sound()


def test_who_is_done_early_leaves_the_room_once_it_is_clean() -> None:
    world = Booking()
    room = world.room(cleaning_minutes=10)
    there = world.booked(0, 60)
    id = waiting(world, 30, 30)
    world.later(60)
    world.ask(CheckInAppointment(appointment_id=there))
    world.ask(StartAppointment(appointment_id=there))
    world.later(15)
    world.ask(CompleteAppointment(appointment_id=there))
    assert world.held(room) == [(there, 0, 25), (id, 30, 70)]
    world.sound()


def test_a_shorter_cleaning_may_make_room() -> None:
    world = Booking()
    room = world.room(cleaning_minutes=30)
    there = world.booked(0, 30)
    id = waiting(world, 40, 30)
    world.ask(ShortenTurnover(appointment_id=there, minutes=10, reason=WHY))
    assert world.held(room) == [(there, 0, 40), (id, 40, 100)]
    world.sound()


def test_a_room_that_is_open_again_or_new_goes_to_who_waits() -> None:
    world = Booking()
    room = world.room()
    closure = world.ask(AddClosure(room_id=room, kind="closed", start_time=moment(-60), end_time=moment(900))).id
    first, second = waiting(world), waiting(world, 60)
    also = waiting(world)
    world.ask(RemoveClosure(closure_id=closure))
    assert (world.room_of(first), world.room_of(second), world.room_of(also)) == (room, room, "")
    new = world.ask(AddRoom(clinic_id=world.clinic_id, name="new", type="exam")).id
    assert world.room_of(also) == new
    world.sound()


def test_appointments_of_a_closed_room_move_or_wait_and_come_back() -> None:
    world = Booking()
    first, second = sorted((world.room(), world.room()))
    one, other, third = (world.booked(start) for start in (0, 0, 60))
    assert (world.room_of(one), world.room_of(third)) == (first, first)
    closed = world.ask(
        AddClosure(room_id=first, kind="maintenance", start_time=moment(-30), end_time=moment(300), affected="move")
    )
    assert (world.room_of(one), world.room_of(other), world.room_of(third)) == ("", second, second)
    escalation = world.appointment(one).escalation
    assert escalation is not None
    assert escalation.reason == "closure"
    world.ask(RemoveClosure(closure_id=closed.id))
    assert world.room_of(one) == first
    world.sound()


def test_the_first_to_begin_comes_first_then_who_waited_longest() -> None:
    world = Booking()
    room = world.room()
    there = world.booked(0, 120)
    later, first, second = waiting(world, 60), waiting(world, 0), waiting(world, 0)
    cancel(world, there)
    assert [world.room_of(id) for id in (first, second, later)] == [room, "", room]
    cancel(world, first)
    assert world.room_of(second) == room
    world.sound()


def test_who_cannot_have_the_room_does_not_keep_it_from_the_next() -> None:
    world = Booking()
    room = world.room()
    there = world.booked(0, 30)
    long, short = waiting(world, 0, 60), waiting(world, 5, 20)
    world.booked(30, 30)
    cancel(world, there)
    assert (world.room_of(long), world.room_of(short)) == ("", room)
    world.sound()


def test_a_room_that_was_full_for_the_day_is_not_full_any_more() -> None:
    world = Booking()
    room = world.room()
    world.rules(MaximumDaily(name="two", bookings=2))
    there, _ = world.booked(0), world.booked(60)
    id = waiting(world, 300)
    cancel(world, there)
    assert world.room_of(id) == room
    world.sound()


def test_who_waits_on_the_next_day_gets_the_room_that_a_night_frees() -> None:
    world = Booking()
    room = world.room()
    night = world.booked(14 * 60, 180)  # 23:00 to 02:00
    id = waiting(world, 16 * 60)  # 01:00
    early = waiting(world, 14 * 60 + 30, 20)
    cancel(world, night)
    assert (world.room_of(id), world.room_of(early)) == (room, room)
    world.sound()


def test_declined_cancelled_and_begun_appointments_wait_for_nothing() -> None:
    world, there, first = full()
    second, third = waiting(world), waiting(world)
    world.ask(DeclineEscalation(appointment_id=first, reason=WHY))
    cancel(world, second)
    world.ask(CheckInAppointment(appointment_id=third))
    world.ask(StartAppointment(appointment_id=third))
    cancel(world, there)
    assert [world.room_of(id) for id in (first, second, third)] == ["", "", ""]
    world.sound()


def test_a_person_may_find_it_a_room() -> None:
    world, there, id = full()
    room = world.room_of(there)
    world.ask(RescheduleAppointment(appointment_id=id, start_time=moment(30), end_time=moment(60)))
    one = world.appointment(id)
    assert (one.room_id, one.escalation and one.escalation.status) == (room, "assigned")
    world.sound()


def test_the_clock_of_who_waits_is_not_set_anew_by_a_room() -> None:
    world, there, id = full()
    before = world.appointment(id).release_at
    cancel(world, there)
    assert world.appointment(id).release_at == before
