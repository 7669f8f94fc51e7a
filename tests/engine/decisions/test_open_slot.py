"""Opening a slot: its day, its neighbours in time, its ticket numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine import calendar
from engine.decider import HOUR, MINUTE
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.doctors import RemoveDoctor
from engine.decisions.open_slot import OpenSlot, TierQuota
from engine.errors import Invalid, NotFound
from tests.engine.deciding import NINE, World

UNKNOWN = "01900000-0000-7000-8000-000000000000"


def opening(doctor: str, start: datetime, end: datetime) -> OpenSlot:
    return OpenSlot(doctor=doctor, start_time=start, end_time=end, max_capacity=15)


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2026, 2, day, hour, minute, tzinfo=UTC)


def test_a_slot_is_opened_with_the_fields_of_the_interface():
    world = World()
    doctor = world.doctor()
    view = world.ask(opening(doctor, at(9), at(10)))
    assert (view.doctor_id, view.start_time, view.end_time, view.max_capacity) == (doctor, at(9), at(10), 15)
    assert (view.status, view.current_capacity, view.delay_minutes, view.day) == ("ACTIVE", 0, 0, "2026-02-01")
    assert world.outcome == "created"


@pytest.mark.parametrize(
    ("zone", "start", "day"),
    [
        ("Asia/Kolkata", at(18, 30), "2026-02-02"),
        ("Asia/Kolkata", at(18, 29), "2026-02-01"),
        ("America/New_York", at(4, 59), "2026-01-31"),
        ("Pacific/Apia", at(11), "2026-02-02"),
    ],
)
def test_a_slot_belongs_to_the_local_day_on_which_it_starts(zone: str, start: datetime, day: str):
    world = World(zone=zone)
    doctor = world.doctor()
    view = world.ask(opening(doctor, start, start + timedelta(hours=12)))
    assert view.day == day
    assert f"doctor_day:{doctor}:{day}" in world.states


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (at(9), at(9), "end_time"),
        (at(9), at(8), "end_time"),
        (at(9), at(9, 1, day=2), "end_time"),
        (datetime(1, 1, 1, tzinfo=UTC), at(9), "start_time"),
        (at(9), datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "end_time"),
    ],
)
def test_times_without_meaning_are_invalid(start: datetime, end: datetime, field: str):
    world = World()
    refused = world.refusal(opening(world.doctor(), start, end))
    assert (type(refused), refused.facts["field"]) == (Invalid, field)


def test_a_quota_that_ends_outside_of_time_is_invalid():
    world = World()
    quota = TierQuota(max=2, last_issue_at=datetime(9999, 1, 1, tzinfo=UTC))
    command = OpenSlot(
        doctor=world.doctor(), start_time=at(9), end_time=at(10), max_capacity=5, quotas={"ONLINE": quota}
    )
    assert world.refusal(command).facts["field"] == "quotas.ONLINE.last_issue_at"


def test_a_slot_of_the_past_is_allowed_for_entry_after_the_fact():
    world = World()
    world.ask(opening(world.doctor(), at(1), at(2)))


def test_slots_of_one_doctor_do_not_overlap_within_a_day_or_over_midnight():
    world = World()
    doctor = world.doctor()
    night = world.ask(opening(doctor, at(22), at(4, day=2))).id
    for start, end in ((at(23), at(23, 30)), (at(3, day=2), at(5, day=2)), (at(21), at(22, 1))):
        refused = world.refusal(opening(doctor, start, end))
        assert (refused.code, refused.facts["slot_id"]) == ("slot_overlap", night)
    world.ask(opening(doctor, at(4, day=2), at(5, day=2)))
    world.ask(opening(world.doctor(), at(22), at(4, day=2)))


def test_a_slot_before_midnight_sees_one_after_it():
    world = World()
    doctor = world.doctor()
    world.ask(opening(doctor, at(1, day=2), at(2, day=2)))
    assert world.refusal(opening(doctor, at(23), at(1, 30, day=2))).code == "slot_overlap"


def test_a_cancelled_slot_is_in_nobodys_way():
    world = World()
    doctor = world.doctor()
    world.ask(CancelSlot(slot_id=world.ask(opening(doctor, at(9), at(10))).id))
    world.ask(opening(doctor, at(9), at(10)))


def test_ticket_numbers_of_a_days_slots_do_not_meet():
    world = World()
    doctor = world.doctor()
    first, second = world.slot(3, doctor=doctor), world.slot(3, doctor=doctor, start=NINE + HOUR)
    tokens = [world.book(slot) for slot in (first, second) for _ in range(3)]
    assert [world.token(token).number for token in tokens] == [1, 2, 3, 4, 5, 6]


def test_a_slot_behind_a_late_one_is_late_from_the_start():
    world = World()
    doctor = world.doctor()
    late, later = world.slot(doctor=doctor), world.slot(doctor=doctor, start=NINE + 2 * HOUR)
    world.ask(DelaySlot(slot_id=late, delay_minutes=60))
    between = world.slot(doctor=doctor, start=NINE + HOUR)
    assert [world.state(slot).delay // MINUTE for slot in (late, between, later)] == [60, 60, 60]
    assert world.state(between).status == "DELAYED"


def test_only_a_doctor_in_service_has_slots():
    world = World()
    assert isinstance(world.refusal(opening(UNKNOWN, at(9), at(10))), NotFound)
    doctor = world.doctor()
    world.ask(RemoveDoctor(doctor_id=doctor))
    assert world.refusal(opening(doctor, at(9), at(10))).code == "doctor_retired"


def test_a_day_of_23_hours_ends_after_23_hours():
    world = World(zone="Europe/Berlin")
    doctor = world.doctor()
    start = calendar.day_bounds("2026-03-29", "Europe/Berlin").start
    world.slot(doctor=doctor, start=start + 22 * HOUR, minutes=60)
    assert world.states[f"doctor_day:{doctor}:2026-03-29"].day_end == start + 23 * HOUR
