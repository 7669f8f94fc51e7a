"""Appointments that come again: all or nothing, or those that can be had; on the wall clock, in one decision."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine import calendar
from engine.decider import DAY, HOUR, MINUTE
from engine.decisions.appointment_series import BookSeries, CancelSeries
from engine.decisions.attend_appointment import CheckInAppointment
from engine.decisions.patients import MergePatients
from engine.decisions.reschedule_appointment import RescheduleAppointment
from tests.engine.attending import House
from tests.engine.deciding import NINE, reason

WEEKLY = "FREQ=WEEKLY;COUNT=4"
DAILY = "FREQ=DAILY;COUNT=3"


def series(house: House, rrule: str = WEEKLY, **more: Any) -> Any:
    """A new series."""
    return house.ask(BookSeries(**house.wanted(**more), rrule=rrule))


def days(view: Any) -> list[str]:
    return [one.start_time.strftime("%m-%d") for one in view.appointments]


def test_a_series_is_one_decision_on_many_days() -> None:
    house = House()
    room, doctor, patient = house.room(), house.doctor(), house.patient()
    before = len(house.history)
    view = series(house, doctor=doctor, patient=patient)
    assert (days(view), view.skipped, house.outcome) == (["02-01", "02-08", "02-15", "02-22"], [], "created")
    assert len({one.id for one in view.appointments}) == 4
    assert {one.series_id for one in view.appointments} == {view.series_id} == {view.appointments[0].id}
    assert [id for id, _, _ in house.held(room)] == [one.id for one in view.appointments]
    assert house.agenda("doctor", doctor, "2026-02-15") == [view.appointments[2].id]
    assert house.tables["series"] == {view.series_id: f"clinic_day:{house.clinic_id}:2026-02-01"}
    assert len(house.history) - before == len(house.events)


def test_each_is_booked_by_the_rules_of_its_own_day() -> None:
    house = House()
    first, second = sorted([house.room(), house.room()])
    house.booked(at=NINE + DAY, room_id=first)
    view = series(house, DAILY)
    assert [one.room_id for one in view.appointments] == [first, second, first]


def test_all_or_nothing_names_the_first_that_cannot_be_had() -> None:
    house = House()
    house.room()
    house.booked(at=NINE + DAY)
    refused = house.refusal(BookSeries(**house.wanted(), rrule=DAILY))
    assert (refused.code, refused.facts["occurrence"]) == ("no_room_available", "2026-02-02T09:00")
    # What is offered for that day is there for the taking.
    offer = refused.facts["alternatives"]["times"][0]
    house.booked(at=offer["start_time"], room_id=offer["room_id"])


def test_skip_leaves_out_what_cannot_be_had_and_says_why() -> None:
    house = House()
    house.room()
    doctor = house.doctor()
    house.booked(at=NINE + DAY)
    house.slot(doctor=doctor, start=NINE + 2 * DAY)
    view = series(house, "FREQ=DAILY;COUNT=4", doctor=doctor, mode="skip")
    assert days(view) == ["02-01", "02-04"]
    assert [(one.local, one.code) for one in view.skipped] == [
        ("2026-02-02T09:00", "no_room_available"),
        ("2026-02-03T09:00", "doctor_conflict"),
    ]
    assert view.skipped[0].start_time == calendar.moment(NINE + DAY)
    # Whoever asks later is told the same.
    assert house.ask(CancelSeries(series_id=view.series_id)).skipped == view.skipped


def test_the_first_that_can_be_had_gives_the_series_its_id() -> None:
    house = House()
    house.room()
    house.booked()
    view = series(house, DAILY, mode="skip")
    assert days(view) == ["02-02", "02-03"]
    assert view.series_id == view.appointments[0].id
    assert house.tables["series"][view.series_id].endswith("2026-02-02")


def test_a_series_of_which_nothing_can_be_had_is_refused() -> None:
    house = House()
    room = house.room(is_available=False)
    refused = house.refusal(BookSeries(**house.wanted(), rrule=DAILY, mode="skip"))
    assert (refused.code, refused.facts["occurrence"]) == ("no_room_available", "2026-02-01T09:00")
    refused = house.refusal(BookSeries(**house.wanted(room_id=room), rrule=DAILY))
    assert refused.code == "room_unavailable"


def test_who_takes_what_comes_waits_for_a_room_on_the_days_without_one() -> None:
    house = House()
    room = house.room()
    taken = house.booked(at=NINE + DAY)
    view = series(house, DAILY, fallback="unassigned")
    assert [one.room_id for one in view.appointments] == [room, None, room]
    assert house.appointment(taken).room_id == room


def test_a_series_keeps_its_wall_time_when_the_clocks_change() -> None:
    # Berlin goes from UTC+1 to UTC+2 on 29 March 2026, between two and three in the morning.
    start = calendar.instant(datetime(2026, 3, 28, 1, 30, tzinfo=UTC), "start")
    house = House(zone="Europe/Berlin", time=start - 2 * HOUR)
    house.room()
    view = series(house, DAILY, at=start, mode="skip")
    assert [(one.local, one.code, one.start_time) for one in view.skipped] == [
        ("2026-03-29T02:30", "no_such_local_time", None)
    ]
    assert [one.start_time.isoformat() for one in view.appointments] == [
        "2026-03-28T01:30:00+00:00",
        "2026-03-30T00:30:00+00:00",
    ]
    house.room()
    refused = house.refusal(BookSeries(**house.wanted(at=start), rrule=DAILY))
    assert (refused.code, refused.facts["occurrence"]) == ("no_such_local_time", "2026-03-29T02:30")


@pytest.mark.parametrize(
    "rrule", ["FREQ=DAILY", "FREQ=DAILY;COUNT=61", "FREQ=SECONDLY;COUNT=2", "FREQ=WEEKLY;BYDAY=MO;COUNT=2", "weekly"]
)
def test_a_rule_that_makes_no_series_is_refused(rrule: str) -> None:
    house = House()
    house.room()
    refused = house.refusal(BookSeries(**house.wanted(), rrule=rrule))
    assert (refused.code, refused.facts["field"]) == ("invalid", "rrule")


def test_a_series_does_not_stand_in_its_own_way_or_it_is_refused() -> None:
    house = House()
    house.room(cleaning_minutes=60)
    view = series(house, "FREQ=DAILY;COUNT=3", minutes=720)
    assert len(view.appointments) == 3
    longer = House(settings={"longest_minutes": 1_440})
    longer.room(cleaning_minutes=10)
    refused = longer.refusal(BookSeries(**longer.wanted(minutes=1_440), rrule=DAILY))
    assert (refused.code, refused.facts["occurrence"]) == ("no_room_available", "2026-02-02T09:00")


def test_sixty_appointments_are_the_most() -> None:
    house = House()
    house.room()
    assert len(series(house, "FREQ=DAILY;COUNT=60").appointments) == 60


def test_cancelling_ends_what_is_to_come_and_leaves_the_rest() -> None:
    house = House()
    room, doctor = house.room(), house.doctor()
    view = series(house, DAILY, doctor=doctor)
    ids = [one.id for one in view.appointments]
    house.later(50)
    house.ask(CheckInAppointment(appointment_id=ids[0]))
    house.later(60)
    after = house.ask(CancelSeries(series_id=view.series_id, reason=reason("the course is over")))
    assert [one.status for one in after.appointments] == ["checked_in", "cancelled", "cancelled"]
    assert after.appointments[1].reason.text == "the course is over"
    assert [id for id, _, _ in house.held(room)] == [ids[0]]
    assert house.agenda("doctor", doctor, "2026-02-02") == []
    assert house.ask(CancelSeries(series_id=view.series_id)).appointments[1].version == 2
    assert house.refusal(CancelSeries(series_id=house.clinic_id)).code == "not_found"


def test_cancelling_from_a_time_follows_what_was_moved_and_gives_rooms_to_who_waits() -> None:
    house = House()
    room = house.room()
    view = series(house, DAILY)
    ids = [one.id for one in view.appointments]
    moved = calendar.moment(NINE + 5 * DAY)
    house.ask(
        RescheduleAppointment(
            appointment_id=ids[0], start_time=moved, end_time=calendar.moment(NINE + 5 * DAY + 30 * MINUTE)
        )
    )
    waits = house.booked(at=NINE + 5 * DAY, fallback="unassigned")
    after = house.ask(CancelSeries(series_id=view.series_id, from_time=calendar.moment(NINE + 2 * DAY)))
    assert [one.status for one in after.appointments] == ["cancelled", "booked", "cancelled"]
    assert house.appointment(waits).room_id == room


def test_a_series_goes_on_with_the_record_that_its_patients_was_merged_into() -> None:
    house = House()
    house.room()
    patient, into = house.patient(), house.patient()
    view = series(house, DAILY, patient=patient)
    house.ask(MergePatients(patient_id=patient, into=into))
    after = house.ask(CancelSeries(series_id=view.series_id, reason=reason("moved away")))
    assert {one.patient_id for one in after.appointments} == {into}
    assert house.agenda("patient", into) == house.agenda("patient", patient) == []
