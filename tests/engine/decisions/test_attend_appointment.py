"""The day of an appointment: check-in, beginning, end, cleaning, absence; who waits gets the room that frees up."""

from __future__ import annotations

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
from engine.errors import Invalid
from tests.engine.attending import House
from tests.engine.deciding import NINE, reason

WHY = Reason("cleaned by two people")


def underway(house: House, id: str) -> None:
    """The patient came and it began."""
    house.ask(CheckInAppointment(appointment_id=id))
    house.ask(StartAppointment(appointment_id=id))


def test_nothing_begins_in_a_room_in_which_another_is_in_progress() -> None:
    house = House(time=NINE)
    room, other = house.room(), house.room()
    first, second = house.booked(0, 30, room_id=room), house.booked(30, 30, room_id=room)
    elsewhere = house.booked(0, 30, room_id=other)
    for id in (first, second, elsewhere):
        house.ask(CheckInAppointment(appointment_id=id))
    house.ask(StartAppointment(appointment_id=first))
    house.ask(StartAppointment(appointment_id=elsewhere))
    refused = house.refusal(StartAppointment(appointment_id=second))
    assert (refused.code, refused.facts) == ("room_occupied", {"room_id": room, "appointment_id": first})
    house.ask(CompleteAppointment(appointment_id=first))
    house.ask(StartAppointment(appointment_id=second))
    assert house.appointment(second).status == "in_progress"


def test_a_night_that_goes_on_keeps_the_room_from_who_comes_in_the_morning() -> None:
    house = House(time=NINE)
    room = house.room()
    night, morning = house.booked(14 * 60, 120, room_id=room), house.booked(16 * 60, 30, room_id=room)
    for id in (night, morning):
        house.ask(CheckInAppointment(appointment_id=id))
    house.ask(StartAppointment(appointment_id=night))
    assert house.refusal(StartAppointment(appointment_id=morning)).facts["appointment_id"] == night


def test_a_visit_takes_room_and_people_until_it_ends() -> None:
    house = House()
    room, doctor, patient = house.room(cleaning_minutes=10), house.doctor(), house.patient()
    id = house.booked(doctor=doctor, patient=patient)
    house.later(60)
    underway(house, id)
    assert house.appointment(id).status == "in_progress"
    assert house.agenda("doctor", doctor) == house.agenda("patient", patient) == [id]
    house.later(30)
    view = house.ask(CompleteAppointment(appointment_id=id))
    assert (view.status, view.room_id, view.room_name, house.outcome) == ("completed", room, "Room", "ok")
    assert view.ended_at is not None
    # The next patient of the same doctor is let in where this one ended.
    next_one = house.booked(30, doctor=doctor, at=house.appointment(id).ended_at + MINUTE, room_id=house.room())
    assert house.agenda("doctor", doctor) == [id, next_one]


def test_an_early_end_starts_the_cleaning_early() -> None:
    house = House()
    room = house.room(cleaning_minutes=15)
    id = house.booked(minutes=60)
    assert house.held(room) == [(id, 0, 75)]
    house.later(60)
    underway(house, id)
    house.later(20)
    house.ask(CompleteAppointment(appointment_id=id))
    ended = house.appointment(id).ended_at
    assert house.appointment(id).busy_to == ended + 15 * MINUTE
    assert house.held(room) == [(id, 0, 35)]
    later = house.booked(36)
    assert house.appointment(later).room_id == room


def test_a_late_end_takes_no_time_of_the_next_appointment() -> None:
    house = House()
    room = house.room(cleaning_minutes=10)
    first, second = house.booked(minutes=30), house.booked(45)
    house.later(60)
    underway(house, first)
    house.later(42)
    house.ask(CompleteAppointment(appointment_id=first))
    assert house.held(room) == [(first, 0, 45), (second, 45, 85)]


def test_a_late_end_keeps_a_free_room_until_it_is_clean() -> None:
    house = House()
    room = house.room(cleaning_minutes=10)
    id = house.booked(minutes=30)
    house.later(60)
    underway(house, id)
    house.later(50)
    house.ask(CompleteAppointment(appointment_id=id))
    assert house.held(room) == [(id, 0, 60)]


def test_who_waits_gets_the_room_that_an_early_end_frees() -> None:
    house = House()
    room = house.room(cleaning_minutes=5)
    first = house.booked(minutes=120)
    waits = house.booked(60, fallback="unassigned")
    assert house.appointment(waits).room_id == ""
    house.later(60)
    underway(house, first)
    house.later(30)
    house.ask(CompleteAppointment(appointment_id=first))
    one = house.appointment(waits)
    assert one.escalation is not None
    assert (one.room_id, one.escalation.status) == (room, "assigned")
    assert [name for name in ("AppointmentCompleted", "RoomAssigned") if len(house.named(name)) == 1] == [
        "AppointmentCompleted",
        "RoomAssigned",
    ]


def test_nobody_checks_in_before_the_clinic_lets_patients_in() -> None:
    house = House(settings={"early_check_in_minutes": 30})
    house.room()
    id = house.booked()
    refused = house.refusal(CheckInAppointment(appointment_id=id))
    assert (refused.code, refused.facts["from_time"]) == ("too_early", NINE - 30 * MINUTE)
    house.later(30)
    house.ask(CheckInAppointment(appointment_id=id))
    assert house.appointment(id).checked_in_at == house.time


@pytest.mark.parametrize(
    ("command", "states"),
    [
        (StartAppointment, ("booked", "in_progress")),
        (CompleteAppointment, ("booked", "completed")),
    ],
)
def test_a_step_out_of_turn_names_both_states(command: type, states: tuple[str, str]) -> None:
    house = House()
    house.room()
    id = house.booked()
    refused = house.refusal(command(appointment_id=id))
    assert refused.code == "invalid_transition"
    assert (refused.facts["from_state"], refused.facts["to_state"]) == states


def test_a_step_on_an_old_version_is_stale() -> None:
    house = House()
    house.room()
    id = house.booked()
    house.ask(CheckInAppointment(appointment_id=id, if_version=1))
    assert house.refusal(StartAppointment(appointment_id=id, if_version=1)).code == "stale_version"
    assert house.refusal(StartAppointment(appointment_id=house.clinic_id)).code == "not_found"


def test_absent_by_hand_before_the_beginning_only_by_force_with_a_reason() -> None:
    house = House()
    room, doctor = house.room(), house.doctor()
    id = house.booked(doctor=doctor)
    assert house.refusal(MarkAppointmentMissed(appointment_id=id)).code == "too_early"
    refused = house.refusal(MarkAppointmentMissed(appointment_id=id, force=True))
    assert isinstance(refused, Invalid)
    house.ask(MarkAppointmentMissed(appointment_id=id, force=True, reason=reason("called from home")))
    assert (house.appointment(id).status, house.held(room), house.agenda("doctor", doctor)) == ("no_show", [], [])


def test_an_absent_patients_room_goes_to_who_waits() -> None:
    house = House(settings={"release_minutes": None})
    room = house.room()
    absent = house.booked(minutes=60)
    waits = house.booked(10, fallback="unassigned")
    house.later(61)
    house.ask(MarkAppointmentMissed(appointment_id=absent))
    assert house.appointment(waits).room_id == room


def test_cleaning_is_shortened_with_a_reason_and_never_made_longer() -> None:
    house = House()
    room = house.room(cleaning_minutes=30)
    id = house.booked(minutes=30)
    assert house.refusal(ShortenTurnover(appointment_id=id, minutes=30, reason=WHY)).code == "invalid"
    view = house.ask(ShortenTurnover(appointment_id=id, minutes=10, reason=WHY))
    assert view.reason.text == "cleaned by two people"
    assert house.held(room) == [(id, 0, 40)]
    house.later(60)
    underway(house, id)
    house.later(20)
    # What was shortened before the end stays short after it.
    house.ask(CompleteAppointment(appointment_id=id))
    assert house.held(room) == [(id, 0, 30)]
    house.ask(ShortenTurnover(appointment_id=id, minutes=5, reason=WHY))
    assert house.held(room) == [(id, 0, 25)]
    house.later(5)
    assert house.refusal(ShortenTurnover(appointment_id=id, minutes=0, reason=WHY)).code == "no_turnover"


def test_a_room_clean_early_goes_to_who_waits() -> None:
    house = House()
    room = house.room(cleaning_minutes=60)
    first = house.booked(minutes=30)
    waits = house.booked(45, fallback="unassigned")
    house.ask(ShortenTurnover(appointment_id=first, minutes=15, reason=WHY))
    assert house.appointment(waits).room_id == room


def test_nothing_is_cleaned_after_what_will_not_take_place() -> None:
    house = House()
    house.room(cleaning_minutes=30)
    id = house.booked()
    house.ask(CancelAppointment(appointment_id=id))
    assert house.refusal(ShortenTurnover(appointment_id=id, minutes=1, reason=WHY)).code == "no_turnover"


def test_who_does_without_a_room_waits_for_none() -> None:
    house = House()
    house.room()
    first = house.booked(minutes=60)
    waits = house.booked(0, 60, fallback="unassigned")
    assert house.refusal(DeclineEscalation(appointment_id=first, reason=WHY)).code == "no_escalation"
    view = house.ask(DeclineEscalation(appointment_id=waits, reason=Reason("spoken by telephone")))
    assert (view.escalation.status, view.room_id, view.status) == ("declined", None, "booked")
    house.ask(CancelAppointment(appointment_id=first))
    assert house.appointment(waits).room_id == ""
