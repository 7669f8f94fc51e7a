"""Booking: doctor, patient and a room at one time, chosen by the clinic's rules, with the reasons."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.clinic.policies import policy_on
from engine.actors.clinic_day.commands import Reason
from engine.decider import DAY, HOUR, FreeText
from engine.decisions.attend_appointment import ShortenTurnover
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.change_room import ChangeAppointmentRoom
from engine.decisions.closures import AddClosure
from engine.decisions.rooms import ChangeRoom, RemoveRoom
from engine.rules.compiling import Hard, Policy
from engine.rules.hard import Meets
from engine.rules.kinds import (
    AllowedHours,
    CleaningBuffer,
    Continuity,
    EquipmentRequired,
    LeastBusy,
    PreferredRoom,
    Scope,
)
from engine.rules.subject import RoomProfile, RoomUse, Subject
from tests.engine.booking import Booking, moment
from tests.engine.deciding import NINE

NOBODY = "019c1837-4000-7000-8000-000000000000"


def test_the_best_room_is_booked_and_the_appointment_says_why() -> None:
    world = Booking()
    first, second, third, fourth, poor = (world.room(name) for name in ("one", "two", "three", "four", "poor"))
    liked, needs = world.rules(
        PreferredRoom(name="the third", rooms=(third,), weight=30),
        EquipmentRequired(name="a lamp", required=("lamp",), scope=Scope(room_ids=(poor,))),
    )
    one = world.appointment(world.booked())
    assert (one.room_id, one.status) == (third, "booked")
    how = one.assignment
    assert how is not None
    assert how.chosen is not None
    assert (how.method, how.rule_version, how.considered) == ("rules", 1, 5)
    assert how.failed == {needs: 1}
    assert [(term.rule_id, term.points) for term in how.chosen.terms] == [(liked, 30_000)]
    assert (how.chosen.score, [other.room_id for other in how.next]) == (80, sorted((first, second, fourth)))
    world.sound()


def test_rooms_that_are_equally_good_are_taken_in_order_of_their_ids() -> None:
    world = Booking()
    rooms = sorted(world.room() for _ in range(4))
    assert [world.room_of(world.booked()) for _ in rooms] == rooms


def test_a_room_is_free_again_at_the_instant_at_which_it_was_taken_until() -> None:
    world = Booking()
    world.room()
    world.booked(0, 30)
    assert world.no(29, 30).code == "no_room_available"
    world.booked(30, 30)
    world.booked(-30, 30)
    world.sound()


def test_setup_and_cleaning_of_the_room_count_as_held() -> None:
    world = Booking()
    room = world.room(setup_minutes=5, cleaning_minutes=10)
    id = world.booked(0, 30)
    assert world.held(room) == [(id, -5, 40)]
    assert world.no(44, 30).code == "no_room_available"  # its own setup would begin at 39
    assert world.no(-44, 30).code == "no_room_available"  # its own cleaning would end at -4
    world.booked(45, 30)
    world.booked(-45, 30)
    world.sound()


def test_a_buffer_of_the_rules_is_held_after_the_appointment_like_cleaning() -> None:
    world = Booking()
    room = world.room(cleaning_minutes=5)
    world.rules(CleaningBuffer(name="air the room", minutes=20))
    id = world.booked(0, 30)
    assert world.held(room) == [(id, 0, 50)]


def test_a_room_that_refuses_gives_way_to_the_next_best_in_the_same_decision() -> None:
    world = Booking()
    best, other = world.room(), world.room()
    world.rules(PreferredRoom(name="the first", rooms=(best,)))
    world.ask(AddClosure(room_id=best, kind="maintenance", start_time=moment(0), end_time=moment(60)))
    one = world.appointment(world.booked())
    assert one.room_id == other
    assert one.assignment is not None
    assert one.assignment.failed == {"closed": 1}


def test_the_rooms_that_are_named_next_can_be_had_and_say_what_the_rules_gave_them() -> None:
    world = Booking()
    rooms = [world.room() for _ in range(8)]
    rules = world.rules(*(PreferredRoom(name=str(n), rooms=(id,), weight=90 - n) for n, id in enumerate(rooms)))
    for closed in (rooms[0], rooms[1], rooms[3], rooms[4]):
        world.ask(AddClosure(room_id=closed, kind="maintenance", start_time=moment(0), end_time=moment(60)))
    id = world.booked()
    how = world.appointment(id).assignment
    assert how is not None
    assert how.chosen is not None
    assert [one.room_id for one in (how.chosen, *how.next)] == [rooms[2], *rooms[5:]]
    assert [one.terms[0].rule_id for one in (how.chosen, *how.next)] == [rules[2], *rules[5:]]
    for one in how.next:
        world.ask(ChangeAppointmentRoom(appointment_id=id, room_id=one.room_id, reason=Reason("nearer to the lift")))
        assert world.room_of(id) == one.room_id


def test_a_named_room_is_booked_or_nothing_is() -> None:
    world = Booking()
    first, second = sorted((world.room("A"), world.room("B")))
    world.booked(room_id=first)
    taken = world.no(room_id=first, minutes=20)
    assert (taken.code, taken.facts["room_id"]) == ("room_conflict", first)
    assert [one["room_id"] for one in taken.facts["alternatives"]["rooms"]] == [second]
    assert world.offered_times(taken) == [-20, 30, -35]
    one = world.appointment(world.booked(room_id=second))
    assert one.assignment is not None
    assert (one.room_id, one.assignment.method) == (second, "chosen")


def test_a_named_room_must_meet_the_rules_too() -> None:
    world = Booking()
    room = world.room(type="exam", capacity=2)
    (lamp,) = world.rules(EquipmentRequired(name="a lamp", required=("lamp",)))
    refused = world.no(room_id=room, room_type="theatre", capacity=3)
    assert (refused.code, refused.facts["failed"]) == ("room_not_fitting", ["room_type", "capacity", lamp])


def test_a_named_room_of_another_clinic_or_one_that_cannot_be_had_is_refused() -> None:
    world, other = Booking(), Booking()
    assert world.no(room_id=other.room()).code == "not_found"
    room = world.room()
    world.ask(ChangeRoom(room_id=room, name="Room", type="exam", is_available=False))
    assert world.no(room_id=room).code == "room_unavailable"
    world.ask(RemoveRoom(room_id=room))
    assert world.no(room_id=room).code == "not_found"


def test_a_doctor_is_never_in_two_rooms() -> None:
    world = Booking()
    world.room(), world.room()
    doctor = world.doctor()
    id = world.booked(0, 30, doctor=doctor)
    refused = world.no(29, 30, doctor=doctor)
    assert (refused.code, refused.facts["appointment_id"]) == ("doctor_conflict", id)
    world.booked(30, 30, doctor=doctor)
    world.sound()


def test_a_doctor_with_a_slot_has_no_time_for_an_appointment() -> None:
    world = Booking()
    world.room()
    doctor = world.doctor()
    slot = world.slot(doctor=doctor, start=NINE + 1 * HOUR)
    refused = world.no(40, 30, doctor=doctor)
    assert (refused.code, refused.facts["slot_id"]) == ("doctor_conflict", slot)
    world.booked(30, 30, doctor=doctor)


def test_a_patient_is_in_two_places_only_when_somebody_says_why() -> None:
    world = Booking()
    world.room(), world.room()
    patient = world.patient()
    id = world.booked(patient=patient)
    refused = world.no(10, patient=patient)
    assert (refused.code, refused.facts["appointment_id"]) == ("patient_overlap", id)
    assert world.no(10, patient=patient, overlap_reason=FreeText(" ")).facts["field"] == "overlap_reason"
    other = world.booked(10, patient=patient, overlap_reason=FreeText("the nurse fetches her"))
    assert world.appointment(other).room_id
    world.sound()


def test_a_token_is_in_the_way_where_the_policy_says_so() -> None:
    for forbidden in (False, True):
        world = Booking(patient_overlap=forbidden)
        world.room()
        patient = world.patient()
        token = world.book(world.slot(), patient)
        if forbidden:
            refused = world.no(30, patient=patient)
            assert (refused.code, refused.facts["token_id"]) == ("patient_overlap", token)
        else:
            world.booked(30, patient=patient)


def test_what_began_yesterday_is_in_the_way_today() -> None:
    world = Booking()
    night = 14 * 60  # 23:00
    world.room()
    doctor, patient = world.doctor(), world.patient()
    world.booked(night, 120, doctor=doctor)
    assert world.no(night + 90, 30).code == "no_room_available"
    world.room()
    assert world.no(night + 90, 30, doctor=doctor).code == "doctor_conflict"
    world.booked(night + 120, 30, doctor=doctor)
    world.booked(night + 60, 60, patient=patient)
    assert world.no(night + 30, 60, patient=patient).code == "patient_overlap"
    world.sound()


def test_a_doctor_whose_next_day_has_begun_is_asked_for_by_a_night_that_reaches_into_it() -> None:
    world = Booking()
    world.room(), world.room()
    doctor = world.doctor()
    world.booked(15 * 60 + 30, 30, doctor=doctor)  # 00:30 of the next day
    assert world.no(14 * 60, 120, doctor=doctor).code == "doctor_conflict"


def test_a_buffer_counts_across_midnight() -> None:
    world = Booking()
    world.room()
    world.booked(14 * 60, 45)  # 23:00, before there was a rule: the room is held until 23:45
    (buffer,) = world.rules(CleaningBuffer(name="air the room", minutes=30))
    assert world.no(15 * 60 + 10).facts["failed"] == {buffer: 1}  # 00:10: the room itself would agree
    world.booked(15 * 60 + 15, 45)
    world.booked(16 * 60 + 30)  # what is held for the cleaning counts, and not twice
    world.sound()


def test_a_turnover_that_was_cut_short_counts_for_the_rules_too() -> None:
    world = Booking()
    world.room()
    world.rules(CleaningBuffer(name="air the room", minutes=30))
    id = world.booked(0, 30)
    assert world.no(40).code == "no_room_available"
    world.ask(ShortenTurnover(appointment_id=id, minutes=5, reason=Reason("an emergency comes")))
    world.booked(40)
    world.sound()


@pytest.mark.parametrize(
    ("start", "minutes", "field"),
    [(0, 0, "end_time"), (0, -5, "end_time"), (0, 721, "end_time"), (-1_441, 30, "start_time")],
)
def test_a_time_that_is_none_is_refused(start: int, minutes: int, field: str) -> None:
    world = Booking(time=NINE)
    world.room()
    refused = world.no(start, minutes)
    assert (refused.code, refused.facts["field"]) == ("invalid", field)


def test_what_was_written_down_yesterday_can_be_entered_and_no_clock_calls_the_patient_absent() -> None:
    world = Booking(time=NINE)
    world.room()
    id = world.booked(at=NINE - DAY + HOUR)
    assert world.appointment(id).release_at == 0
    world.later(60)
    assert world.appointment(id).status == "booked"


def test_who_has_not_come_by_the_clinics_limit_is_absent_and_the_room_is_free() -> None:
    world = Booking(settings={"release_minutes": 10})
    room = world.room()
    id = world.booked()
    world.later(69)
    assert world.appointment(id).status == "booked"
    world.later(2)
    assert world.appointment(id).status == "no_show"
    assert world.held(room) == []
    world.sound()


def test_the_patients_last_room_is_looked_up_where_a_rule_asks_for_it() -> None:
    world = Booking()
    rooms = sorted(world.room() for _ in range(3))
    patient = world.patient()
    world.booked(0, patient=patient, room_id=rooms[1])
    assert world.room_of(world.booked(60, patient=patient)) == rooms[0]
    world.rules(Continuity(name="the same room"))
    assert world.room_of(world.booked(-60, patient=patient)) == rooms[0]  # nothing was before
    assert world.room_of(world.booked(30, patient=patient)) == rooms[1]
    assert world.room_of(world.booked(24 * 60, patient=patient)) == rooms[0]  # the day before, the last was at ten


def test_the_index_is_what_least_busy_counts() -> None:
    world = Booking()
    rooms = sorted(world.room() for _ in range(2))
    world.rules(LeastBusy(name="spread", full=4))
    assert [world.room_of(world.booked(hour * 60)) for hour in range(4)] == [rooms[0], rooms[1], rooms[0], rooms[1]]


def test_allowed_hours_are_local_and_hold_for_the_whole_appointment() -> None:
    world = Booking(zone="Asia/Kolkata")  # nine in UTC is half past two there
    world.room()
    (hours,) = world.rules(AllowedHours(name="afternoon", opens="14:30", closes="16:00"))
    assert world.no(75, 30).facts["failed"] == {hours: 1}
    world.booked(60, 30)


def test_a_room_for_children_asks_for_the_patients_age() -> None:
    world = Booking()
    world.room(max_age=12)
    assert world.no().facts["failed"] == {"age": 1}


def test_unknown_clinics_doctors_and_patients_are_not_found() -> None:
    world = Booking()
    world.room()
    unknowns: list[dict[str, Any]] = [{"clinic_id": NOBODY}, {"patient": NOBODY}, {"doctor": NOBODY}]
    for unknown in unknowns:
        assert world.refusal(BookAppointment(**world.wanted(**unknown))).code == "not_found"


def test_a_rule_that_fails_keeps_its_room_from_everybody_and_is_noted_once() -> None:
    world = Booking()
    good, bad = world.room(), world.room()
    (rule,) = world.rules(EquipmentRequired(name="a lamp", required=("lamp",), scope=Scope(room_ids=(bad,))))
    clinic = world.states[f"clinic:{world.clinic_id}"]
    policy = policy_on(clinic, "2026-02-01")
    assert policy is not None

    def broken(subject: Subject) -> Meets:
        def meets(room: RoomProfile, use: RoomUse) -> bool:
            return room.id != bad or room.capacity / 0 > 1

        return meets

    clinic.policies._policies = dict.fromkeys(clinic.policies._policies, Policy(1, (Hard(rule, broken),)))
    one = world.appointment(world.booked())
    assert one.room_id == good
    assert one.assignment is not None
    assert one.assignment.failed == {"rule_error": 1}
    (noted,) = world.named("RuleFailed")
    assert (noted.rule_id, noted.rooms, noted.first_room, noted.error) == (rule, 1, bad, "ZeroDivisionError")
    assert world.no(0, room_id=bad).facts["failed"] == ["rule_error"]
    assert clinic.rule_errors == 1


def test_each_actor_is_asked_once_for_a_booking() -> None:
    world = Booking()
    world.room()
    world.ask(BookAppointment(**world.wanted()))
    assert sorted(key.partition(":")[0] for key, _ in world.events) == ["agenda", "agenda", "clinic_day", "room"]
