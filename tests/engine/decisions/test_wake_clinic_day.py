"""What a clinic's day does by itself: once, at its instant, and nothing when it was overtaken."""

from __future__ import annotations

from engine.decider import MINUTE
from engine.decisions.attend_appointment import CheckInAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom
from engine.decisions.wake_clinic_day import AT_ONCE, WakeClinicDay
from tests.engine.attending import House
from tests.engine.deciding import NINE


def test_a_patient_who_does_not_come_is_absent_and_room_and_people_are_free() -> None:
    house = House(settings={"release_minutes": 15})
    room, doctor, patient = house.room(), house.doctor(), house.patient()
    id = house.booked(doctor=doctor, patient=patient)
    assert house.due() == NINE + 15 * MINUTE
    house.later(74)
    assert house.appointment(id).status == "booked"
    house.later(1)
    (missed,) = house.named("AppointmentMissed")
    assert missed.by_clock
    assert house.appointment(id).status == "no_show"
    assert (house.held(room), house.agenda("doctor", doctor), house.agenda("patient", patient)) == ([], [], [])
    assert house.due() is None


def test_nobody_is_absent_who_came_or_where_the_clinic_says_never() -> None:
    house = House()
    house.room()
    id = house.booked()
    house.ask(CheckInAppointment(appointment_id=id))
    house.later(24 * 60)
    assert house.appointment(id).status == "checked_in"
    never = House(settings={"release_minutes": None})
    never.room()
    other = never.booked()
    assert never.due() is None
    never.later(24 * 60)
    assert never.appointment(other).status == "booked"


def test_a_hold_lapses_and_its_room_is_free() -> None:
    house = House(settings={"hold_minutes": 5})
    room = house.room()
    hold = house.ask(HoldRoom(**house.wanted())).id
    assert house.held(room) == [(hold, 0, 30)]
    house.later(5)
    assert house.held(room) == []
    refused = house.refusal(ConfirmAppointment(appointment_id=hold))
    assert (refused.code, refused.family, refused.facts["how"]) == ("hold_expired", "gone", "expired")


def test_who_waits_gets_the_room_of_a_hold_that_lapsed_and_of_an_absent_patient() -> None:
    house = House(settings={"release_minutes": 15, "hold_minutes": 5})
    room = house.room()
    house.ask(HoldRoom(**house.wanted(0, 60)))
    first = house.booked(0, 60, fallback="unassigned")
    second = house.booked(20, 40, fallback="unassigned")
    house.later(5)
    assert (house.appointment(first).room_id, house.appointment(second).room_id) == (room, "")
    house.later(70)
    assert house.appointment(first).status == "no_show"
    assert house.appointment(second).room_id == room


def test_all_that_is_due_is_one_decision() -> None:
    house = House(settings={"release_minutes": 10})
    for _ in range(3):
        house.room()
    ids = [house.booked() for _ in range(3)]
    house.time = NINE + 11 * MINUTE
    house.ask(WakeClinicDay(clinic_id=house.clinic_id, day="2026-02-01", due=NINE + 10 * MINUTE))
    assert len(house.named("AppointmentMissed")) == 3
    assert [house.appointment(id).status for id in ids] == ["no_show"] * 3


def test_what_came_due_while_nobody_looked_is_divided_between_instants_only() -> None:
    house = House(settings={"release_minutes": 10})
    doctors = [house.doctor() for _ in range(3)]
    patients = [house.patient() for _ in range(3)]
    for _ in range(3):
        house.room()
    for number in range(AT_ONCE // 3 + 2):
        for doctor, patient in zip(doctors, patients, strict=True):
            house.booked(number * 5, 5, doctor=doctor, patient=patient)
    due = house.due()
    assert due is not None
    house.time = NINE + 600 * MINUTE
    house.ask(WakeClinicDay(clinic_id=house.clinic_id, day="2026-02-01", due=due))
    # The hundredth is one of three that have one instant.
    assert len(house.named("AppointmentMissed")) == 102
    due = house.due()
    assert due is not None
    house.ask(WakeClinicDay(clinic_id=house.clinic_id, day="2026-02-01", due=due))
    assert len(house.named("AppointmentMissed")) == 3
    assert house.due() is None


def test_a_timer_that_was_overtaken_does_nothing() -> None:
    house = House()
    house.room()
    id = house.booked()
    due = house.due()
    assert due is not None
    house.ask(CancelAppointment(appointment_id=id))
    version = house.day().version
    house.ask(WakeClinicDay(clinic_id=house.clinic_id, day="2026-02-01", due=due))
    house.ask(WakeClinicDay(clinic_id=house.clinic_id, day="2026-03-01", due=due))
    assert (house.events, house.day().version) == ([], version)


def test_what_is_entered_after_the_fact_is_not_marked_absent_by_the_clock() -> None:
    house = House(settings={"release_minutes": 15})
    house.room()
    house.time = NINE + 60 * MINUTE
    id = house.booked()
    assert house.due() is None
    house.ask(CheckInAppointment(appointment_id=id))
