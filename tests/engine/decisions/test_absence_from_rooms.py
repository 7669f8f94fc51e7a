"""A doctor who is away has appointments in rooms, too: they are named, and stay as they are."""

from __future__ import annotations

from typing import Any

from engine import calendar
from engine.decider import MINUTE
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.cancel_slot import DoctorUnavailable
from tests.engine.attending import House
from tests.engine.deciding import NINE


def named(house: House, doctor: str, start: int, end: int, **more: Any) -> list[str]:
    command = DoctorUnavailable(
        doctor_id=doctor,
        from_time=calendar.moment(NINE + start * MINUTE),
        to_time=calendar.moment(NINE + end * MINUTE),
        **more,
    )
    return [one.appointment_id for one in house.ask(command).appointments]


def test_what_lies_in_the_absence_is_named_and_stays() -> None:
    house = House()
    house.room()
    doctor = house.doctor()
    first, second = house.booked(0, 30, doctor=doctor), house.booked(30, 30, doctor=doctor)
    house.booked(60, 30)
    assert named(house, doctor, 0, 30) == [first]
    assert named(house, doctor, 29, 31, dry_run=True) == [first, second]
    assert named(house, doctor, 60, 120) == []
    assert house.appointment(first).status == "booked"


def test_what_was_cancelled_or_began_the_day_before_is_told_apart() -> None:
    house = House()
    house.room()
    doctor = house.doctor()
    gone, night = house.booked(0, 30, doctor=doctor), house.booked(14 * 60, 120, doctor=doctor)
    house.ask(CancelAppointment(appointment_id=gone))
    assert named(house, doctor, 0, 60) == []
    assert named(house, doctor, 15 * 60 + 30, 17 * 60) == [night]
