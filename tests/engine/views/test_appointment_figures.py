"""The daily report says what became of appointments, and how many have no room."""

from __future__ import annotations

import datetime as dt
from typing import Any

from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.hold_room import HoldRoom
from engine.views.appointment_figures import AppointmentFigures
from engine.views.report import DailyReport
from tests.engine.booking import Booking
from tests.engine.views.of_world import shown


def reported(house: Booking, **more: Any) -> AppointmentFigures:
    found: AppointmentFigures = shown(house, DailyReport(date=dt.date(2026, 2, 1), **more)).appointments
    return found


def test_appointments_without_a_room_are_counted_until_they_have_one() -> None:
    house = Booking()
    house.room()
    first = house.booked()
    doctor = house.doctor()
    house.booked(doctor=doctor, fallback="unassigned")
    found = reported(house)
    assert (found.total, found.by_status["booked"], found.without_room) == (2, 2, 1)
    assert found.by_escalation == {"open": 1, "assigned": 0, "resolved": 0, "declined": 0}
    assert reported(house, doctor_id=doctor).total == 1
    house.ask(CancelAppointment(appointment_id=first))
    found = reported(house)
    assert (found.by_status["cancelled"], found.without_room, found.by_escalation["assigned"]) == (1, 0, 1)


def test_a_hold_is_no_appointment_and_a_day_without_any_has_none() -> None:
    house = Booking()
    house.room()
    house.ask(HoldRoom(**house.wanted()))
    assert reported(house).total == 0
    assert set(reported(Booking()).by_status.values()) == {0}
