"""Whoever is refused is offered what could be had instead, and what is offered can be had."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.actors.clinic_day.commands import Reason
from engine.decider import HOUR, MINUTE
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.change_room import ChangeAppointmentRoom
from engine.decisions.closures import AddClosure
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.errors import Rejected
from engine.rules.kinds import AllowedHours, CleaningBuffer, EquipmentRequired, MaximumDaily, Scope
from tests.engine.booking import Booking, moment
from tests.engine.deciding import NINE


def instead(command: Any, offer: dict[str, Any]) -> Any:
    """The same command with what was offered in place of what was wanted."""
    changes: dict[str, Any] = {"room_id": offer["room_id"]}
    if "start_time" in offer:
        changes |= {name: moment((offer[name] - NINE) // MINUTE) for name in ("start_time", "end_time")}
    return msgspec.structs.replace(command, **changes)


def offers(refused: Rejected) -> list[dict[str, Any]]:
    told = refused.facts["alternatives"]
    return [*told["rooms"], *told["times"]]


def test_the_nearest_times_come_first_and_the_later_of_two_that_are_equally_near() -> None:
    world = Booking()
    world.room()
    world.booked(0, 60)
    assert world.offered_times(world.no(15, 30)) == [60, -30, 75]


def test_no_time_in_the_past_is_offered() -> None:
    world = Booking(time=NINE + 7 * MINUTE)
    world.room()
    world.booked(10, 60)
    assert world.offered_times(world.no(10, 30)) == [70, 85, 100]


def test_as_many_are_offered_as_the_clinic_says_and_no_farther_away() -> None:
    world = Booking(settings={"alternatives": 5, "search_hours": 1})
    rooms = sorted(world.room() for _ in range(7))
    for room in rooms:
        world.booked(-10, 60, room_id=room)
    refused = world.no(0, 30)
    assert world.offered_times(refused) == [-40, 50, -55]
    world.room()
    named = world.no(0, 30, room_id=rooms[0])
    assert len(named.facts["alternatives"]["rooms"]) == 1
    for room in rooms[1:]:
        world.booked(200, room_id=room)
    world.booked(200, room_id=rooms[0])
    for _ in range(6):
        world.room()
    assert len(world.no(200, room_id=rooms[0]).facts["alternatives"]["rooms"]) == 5


def test_times_at_which_doctor_or_patient_are_elsewhere_are_passed_over() -> None:
    world = Booking()
    first = world.room()
    doctor, patient = world.doctor(), world.patient()
    world.booked(0, 30, room_id=first)
    second = world.room()
    world.booked(30, 30, doctor=doctor, room_id=second)
    world.booked(60, 30, patient=patient, room_id=second)
    world.slot(doctor=doctor, start=NINE - HOUR)
    refused = world.no(0, 30, doctor=doctor, patient=patient, room_id=first)
    assert [one["room_id"] for one in refused.facts["alternatives"]["rooms"]] == [second]
    assert world.offered_times(refused)[0] == 90


def test_when_people_have_no_time_no_other_room_is_offered() -> None:
    world = Booking()
    first, second = sorted((world.room(), world.room()))
    doctor = world.doctor()
    id = world.booked(0, 30, doctor=doctor, room_id=first)
    world.booked(60, 30, room_id=second)
    refused = world.refusal(
        RescheduleAppointment(appointment_id=id, start_time=moment(60), end_time=moment(90), room_id=second)
    )
    assert [one["room_id"] for one in refused.facts["alternatives"]["rooms"]] == [first]


def test_hard_rules_hold_at_the_offered_time() -> None:
    world = Booking()
    world.room()
    world.rules(AllowedHours(name="mornings", opens="09:00", closes="10:00"))
    world.booked(0, 60)
    assert world.offered_times(world.no(15, 30)) == [24 * 60]


@pytest.mark.parametrize("asked_at", [0, 210, 450])
def test_where_today_is_full_the_next_morning_is_found_behind_the_night(asked_at: int) -> None:
    world = Booking()
    rooms = [world.room() for _ in range(6)]
    world.rules(AllowedHours(name="open", opens="09:00", closes="17:00"))
    for room in rooms:
        world.booked(0, 480, room_id=room)
    assert world.offered_times(world.no(asked_at))[0] == 24 * 60


def test_a_room_that_is_full_for_today_is_offered_for_tomorrow() -> None:
    world = Booking(settings={"search_hours": 30})
    world.room()
    (limit,) = world.rules(MaximumDaily(name="one a day", bookings=1))
    world.booked(0)
    refused = world.no(120)
    assert refused.facts["failed"] == {limit: 1}
    assert world.offered_times(refused)
    assert all(one >= 15 * 60 for one in world.offered_times(refused))


def test_an_unfitting_room_is_never_offered() -> None:
    world = Booking()
    plain, lamp = world.room(), world.room(equipment=("lamp",))
    world.booked(room_id=lamp)
    refused = world.no(room_id=lamp, required_equipment=("lamp",))
    assert refused.facts["alternatives"]["rooms"] == ()
    assert {one["room_id"] for one in refused.facts["alternatives"]["times"]} == {lamp} != {plain}


def test_a_closed_time_is_not_offered() -> None:
    world = Booking()
    room = world.room()
    world.booked(0, 30)
    world.ask(AddClosure(room_id=room, kind="closed", start_time=moment(30), end_time=moment(120)))
    assert world.offered_times(world.no(0, 30)) == [-30, -45, 120]


def test_where_an_appointment_is_now_is_no_alternative_for_it() -> None:
    world = Booking()
    first, second = sorted((world.room(), world.room()))
    id = world.booked(0, room_id=first)
    world.booked(0, room_id=second)
    moved = world.refusal(ChangeAppointmentRoom(appointment_id=id, room_id=second, reason=Reason("because of stairs")))
    assert moved.facts["alternatives"]["rooms"] == ()
    world.booked(30, room_id=first)
    later = world.refusal(
        RescheduleAppointment(appointment_id=id, start_time=moment(30), end_time=moment(60), room_id=first)
    )
    assert 0 not in world.offered_times(later)


minutes = st.integers(-60, 240)
lengths = st.sampled_from((10, 20, 30, 45, 90))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(minutes, lengths, st.integers(0, 3)), max_size=25),
    st.tuples(minutes, lengths, st.integers(-1, 3)),
    st.lists(st.tuples(st.sampled_from(("hours", "daily", "buffer", "lamp")), st.integers(0, 3)), max_size=3),
    st.booleans(),
)
def test_every_offer_succeeds_when_it_is_taken_at_once(
    there: list[tuple[int, int, int]], wish: tuple[int, int, int], rules: list[tuple[str, int]], shared: bool
) -> None:
    world = Booking(patient_overlap=shared)
    rooms = [world.room(setup_minutes=5 * (number % 2), cleaning_minutes=10 * (number // 2)) for number in range(4)]
    scopes = [Scope(room_ids=(room,)) for room in rooms]
    made = {
        "hours": lambda scope: AllowedHours(name="h", opens="08:30", closes="12:00", scope=scope),
        "daily": lambda scope: MaximumDaily(name="d", bookings=3, scope=scope),
        "buffer": lambda scope: CleaningBuffer(name="b", minutes=15, scope=scope),
        "lamp": lambda scope: EquipmentRequired(name="l", required=("lamp",), scope=scope),
    }
    if rules:
        world.rules(*(made[kind](scopes[room]) for kind, room in rules))
    people = [(world.doctor(), world.patient()) for _ in range(3)]
    world.slot(doctor=people[0][0], start=NINE + 2 * HOUR)
    for index, (start, length, room) in enumerate(there):
        doctor, patient = people[index % 3]
        attempt(world, world.asks(start, length, doctor=doctor, patient=patient, room_id=rooms[room]))
    start, length, room = wish
    doctor, patient = people[0]
    wanted = world.asks(
        start, length, doctor=doctor, patient=patient, **({"room_id": rooms[room]} if room >= 0 else {})
    )
    refused = attempt(world, wanted)
    if refused is not None and "alternatives" in refused.facts:
        for offer in offers(refused):
            again = attempt_and_undo(world, instead(wanted, offer))
            assert again is None, f"{offer} was offered and refused: {again!r}"
    world.sound()


def attempt(world: Booking, command: BookAppointment) -> Rejected | None:
    """The refusal of a command, if it is refused."""
    try:
        world.ask(command)
    except Rejected as refused:
        return refused
    return None


def attempt_and_undo(world: Booking, command: BookAppointment) -> Rejected | None:
    """The same, and all is as if nobody had asked: each offer is taken in the world in which it was made."""
    states, tables, groups = deepcopy((world.states, world.tables, world.groups))
    refused = attempt(world, command)
    world.states, world.tables, world.groups = states, tables, groups
    return refused


@pytest.mark.parametrize("rooms", [1, 3])
def test_a_refusal_of_an_endless_night_is_given_all_the_same(rooms: int) -> None:
    world = Booking(settings={"search_hours": 168})
    for _ in range(rooms):
        world.room()
    (shut,) = world.rules(AllowedHours(name="never now", opens="02:00", closes="02:05"))
    refused = world.no(0, 30)
    assert refused.facts["failed"] == {shut: rooms}
    assert world.offered_times(refused) == []
