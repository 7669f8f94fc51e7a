"""The auditors' tool finds every time at which a room, a doctor or a patient was in two appointments, and no other."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.actors.clinic_day.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCompleted,
    AppointmentMovedIn,
    AppointmentMovedOut,
    AppointmentRescheduled,
    HoldEnded,
)
from engine.actors.clinic_day.state import Appointment
from engine.actors.slot.events import SlotCancelled, SlotOpened
from engine.decider import MINUTE, FreeText
from engine.rules.subject import Wish
from replay.auditing.overlaps import Overlaps

DAY, NEXT = "clinic_day:c:2027-03-01", "clinic_day:c:2027-03-02"


def appointment(id: str, start: int, end: int, **more: Any) -> Appointment:
    """One of its own patient and doctor, in room r, with five minutes of cleaning; times in minutes."""
    return replace(
        Appointment(
            id=id,
            patient_id=f"patient of {id}",
            doctor_id=f"doctor of {id}",
            start=start * MINUTE,
            end=end * MINUTE,
            status="booked",
            wish=Wish(),
            room_id="r",
            busy_from=start * MINUTE,
            busy_to=(end + 5) * MINUTE,
        ),
        **more,
    )


class Audit:
    """A log as it grows."""

    def __init__(self) -> None:
        self.overlaps = Overlaps()
        self._positions = count(1)

    def tell(self, *events: Any, key: str = DAY) -> None:
        """An entry of one actor."""
        self.tell_together((key, events))

    def tell_together(self, *changes: tuple[str, tuple[Any, ...]]) -> None:
        """An entry of several."""
        self.overlaps.entry(next(self._positions), changes)

    def book(self, *booked: Appointment) -> None:
        """An entry that books these."""
        self.tell(*(AppointmentBooked(one, 0) for one in booked))


@pytest.fixture
def audit() -> Audit:
    return Audit()


def test_back_to_back_is_no_overlap_and_cleaning_counts(audit: Audit):
    audit.book(appointment("a", 0, 10), appointment("b", 15, 20))
    assert (audit.overlaps.count, audit.overlaps.appointments) == (0, 2)
    audit.book(appointment("c", 24, 30))
    assert audit.overlaps.found == ["room r is in c and in b at one time, since position 2"]


@pytest.mark.parametrize("whose", ["doctor_id", "patient_id"])
def test_a_person_in_two_rooms_at_one_time_is_found(audit: Audit, whose: str):
    audit.book(appointment("a", 0, 10, **{whose: "x"}))
    audit.book(appointment("b", 9, 20, room_id="s", **{whose: "x"}))
    assert audit.overlaps.found == [f"{whose[:-3]} x is in b and in a at one time, since position 2"]


def test_a_patient_may_be_in_two_places_where_somebody_said_why(audit: Audit):
    audit.book(appointment("a", 0, 10, patient_id="x"))
    audit.book(appointment("b", 5, 20, patient_id="x", room_id="s", overlap_reason=FreeText("two limbs")))
    assert audit.overlaps.count == 0


def test_what_was_cancelled_given_back_or_has_moved_holds_nothing(audit: Audit):
    first, second = appointment("a", 0, 10), appointment("b", 20, 30)
    audit.book(first, second, held := appointment("c", 40, 50))
    audit.tell(AppointmentCancelled(replace(first, status="cancelled")), HoldEnded(held.id, "expired"))
    moved = replace(second, start=60 * MINUTE, end=70 * MINUTE, busy_from=60 * MINUTE, busy_to=75 * MINUTE)
    audit.tell(AppointmentRescheduled(moved))
    audit.book(appointment("d", 0, 40), appointment("e", 45, 55))
    assert audit.overlaps.count == 0
    audit.book(appointment("f", 74, 80))
    assert audit.overlaps.count == 1


@pytest.mark.parametrize("in_first", [True, False])
def test_an_appointment_that_goes_to_another_day_stands_there_only(audit: Audit, in_first: bool):
    audit.book(one := appointment("a", 0, 10))
    there = replace(one, start=1_500 * MINUTE, end=1_510 * MINUTE, busy_from=1_500 * MINUTE, busy_to=1_515 * MINUTE)
    changes = [(DAY, (AppointmentMovedOut("a", NEXT),)), (NEXT, (AppointmentMovedIn(there, 0, DAY),))]
    audit.tell_together(*(reversed(changes) if in_first else changes))
    audit.book(appointment("b", 0, 10))
    assert audit.overlaps.count == 0
    audit.tell(AppointmentBooked(appointment("c", 1_505, 1_520), 0), key=NEXT)
    assert audit.overlaps.count == 1


def test_two_that_change_places_in_one_entry_do_not_meet(audit: Audit):
    one, other = appointment("a", 0, 10), appointment("b", 0, 10, room_id="s")
    audit.book(one, other)
    audit.tell(*(AppointmentRescheduled(replace(a, room_id=b.room_id)) for a, b in ((one, other), (other, one))))
    assert audit.overlaps.count == 0


def test_a_completed_one_keeps_the_room_until_it_is_clean_and_the_doctor_no_longer(audit: Audit):
    audit.book(one := appointment("a", 0, 60))
    audit.tell(AppointmentCompleted(replace(one, status="completed", ended_at=30 * MINUTE, busy_to=35 * MINUTE)))
    audit.book(appointment("b", 35, 60, doctor_id=one.doctor_id))
    assert audit.overlaps.count == 0
    audit.book(appointment("c", 32, 34, busy_to=35 * MINUTE))
    assert audit.overlaps.count == 1


@pytest.mark.parametrize("whose", ["doctor_id", "patient_id"])
def test_a_completed_one_has_its_people_until_it_ended(audit: Audit, whose: str):
    audit.book(one := appointment("a", 0, 60))
    audit.tell(AppointmentCompleted(replace(one, status="completed", ended_at=30 * MINUTE, busy_to=35 * MINUTE)))
    assert audit.overlaps.engaged(one.patient_id, 29 * MINUTE, 90 * MINUTE) == "a"
    assert audit.overlaps.engaged(one.patient_id, 30 * MINUTE, 90 * MINUTE) == ""
    audit.book(appointment("b", 30, 60, room_id="s", **{whose: getattr(one, whose)}))
    assert audit.overlaps.count == 0
    audit.book(appointment("c", 10, 20, room_id="t", **{whose: getattr(one, whose)}))
    assert audit.overlaps.count == 1


def test_one_that_was_completed_before_its_time_or_long_after_it_has_nobody_beyond_it(audit: Audit):
    early, late = appointment("a", 60, 90), appointment("b", 0, 10)
    audit.book(early, late)
    done = ((early, 50, 55), (late, 40, 45))
    audit.tell(*(
        AppointmentCompleted(replace(one, status="completed", ended_at=ended * MINUTE, busy_to=clean * MINUTE))
        for one, ended, clean in done
    ))  # fmt: skip
    assert audit.overlaps.engaged(early.patient_id, 0, 200 * MINUTE) == ""
    assert audit.overlaps.engaged(late.patient_id, 10 * MINUTE, 200 * MINUTE) == ""
    assert audit.overlaps.engaged(late.patient_id, 9 * MINUTE, 200 * MINUTE) == "b"


def slot(start: int, end: int) -> SlotOpened:
    """A slot of doctor x, in minutes."""
    return SlotOpened("s", "x", "2027-03-01", start * MINUTE, end * MINUTE, 5, "A", 1, 5, 0)


def test_a_doctor_is_not_in_a_slot_and_in_an_appointment(audit: Audit):
    audit.tell(slot(0, 60), key="slot:s")
    audit.book(appointment("a", 60, 70, doctor_id="x"))
    assert audit.overlaps.count == 0
    audit.book(appointment("b", 50, 55, doctor_id="x", room_id="t"))
    assert audit.overlaps.found == ["doctor x is in b and in s at one time, since position 3"]
    audit.tell(SlotCancelled(0), key="slot:s")
    audit.book(appointment("c", 10, 20, doctor_id="x"))
    assert audit.overlaps.count == 1


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.sampled_from("rs")), max_size=25))
def test_as_many_overlaps_are_found_as_looking_at_all_pairs_finds(wanted: list[tuple[int, int, str]]):
    audit = Audit()
    for number, (start, length, room) in enumerate(wanted):
        audit.book(appointment(str(number), start, start + length, room_id=room))
    pairs = sum(
        mine[2] == other[2] and mine[0] < other[0] + other[1] + 5 and other[0] < mine[0] + mine[1] + 5
        for number, mine in enumerate(wanted)
        for other in wanted[:number]
    )
    assert audit.overlaps.count == pairs
