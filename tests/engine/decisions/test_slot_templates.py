"""Slots made from weekly templates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine import calendar
from engine.actors.slot_template import DayException
from engine.decider import HOUR, MINUTE
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.doctors import RemoveDoctor
from engine.decisions.slot_templates import AddSlotTemplate, ChangeSlotTemplate, GenerateSlots, RemoveSlotTemplate
from engine.errors import Invalid, NotFound
from tests.engine.deciding import NINE, World

UNKNOWN = "01900000-0000-7000-8000-000000000000"
ALL = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
PLAN: dict[str, Any] = {
    "weekdays": ("MON", "THU"),
    "start_time": "09:00",
    "end_time": "12:00",
    "max_capacity": 12,
    "valid_from": date(2026, 2, 1),
}


def template(world: World, **fields: Any) -> tuple[str, str]:
    """A doctor and his template."""
    doctor = fields.pop("doctor", None) or world.doctor()
    return doctor, world.ask(AddSlotTemplate(doctor=doctor, **{**PLAN, **fields})).id


def generate(world: World, template_id: str, first: int = 1, last: int = 14) -> Any:
    """From one day of February 2026 to another."""
    return world.ask(
        GenerateSlots(template_id=template_id, from_date=date(2026, 2, first), to_date=date(2026, 2, last))
    )


def made(view: Any) -> list[str]:
    return [slot.date[-2:] for slot in view.created]


def left_out(view: Any) -> list[tuple[str, str]]:
    return [(day.date[-2:], day.reason) for day in view.skipped]


def test_a_week_becomes_slots_at_local_times():
    world = World(zone="Asia/Kolkata")
    doctor, template_id = template(world, quotas={"ONLINE": 4})
    view = generate(world, template_id)
    assert (made(view), left_out(view), world.outcome) == (["02", "05", "09", "12"], [], "created")
    slot = world.state(view.created[0].slot_id)
    assert calendar.local_time(slot.start, "Asia/Kolkata").strftime("%F %H:%M") == "2026-02-02 09:00"
    assert (slot.doctor_id, slot.day, slot.max_capacity, slot.prefix) == (doctor, "2026-02-02", 12, "CAR")
    assert slot.quotas["ONLINE"].max == 4
    world.book(slot.id)


def test_a_day_is_made_once():
    world = World()
    _, template_id = template(world)
    slots = [slot.slot_id for slot in generate(world, template_id).created]
    world.book(slots[0])
    world.ask(CancelSlot(slot_id=slots[1]))
    again = generate(world, template_id)
    assert (made(again), {reason for _, reason in left_out(again)}) == ([], {"made_before"})
    assert [day.slot_id for day in again.skipped] == slots
    assert (world.events, world.outcome) == ([], "ok")


def test_a_change_counts_for_days_not_yet_made_and_touches_no_token():
    world = World()
    _, template_id = template(world)
    (first,) = generate(world, template_id, 1, 2).created
    token = world.book(first.slot_id)
    fields = {**PLAN, "start_time": "14:00", "end_time": "15:00"}
    world.ask(ChangeSlotTemplate(template_id=template_id, if_version=2, **fields))
    view = generate(world, template_id, 1, 5)
    assert (made(view), left_out(view)) == (["05"], [("02", "made_before")])
    assert world.state(view.created[0].slot_id).start == NINE + 4 * 24 * HOUR + 5 * HOUR
    assert (world.state(first.slot_id).start, world.line(first.slot_id)) == (NINE + 24 * HOUR, [token])


def test_holidays_and_exceptions_are_left_out_and_listed():
    world = World(holidays=(date(2026, 2, 5),))
    exceptions = (
        DayException(date=date(2026, 2, 9)),
        DayException(date=date(2026, 2, 12), start_time="10:00", end_time="11:00", max_capacity=2),
    )
    view = generate(world, template(world, exceptions=exceptions)[1])
    assert (made(view), left_out(view)) == (["02", "12"], [("05", "holiday"), ("09", "day_off")])
    assert world.state(view.created[1].slot_id).max_capacity == 2


def test_a_slot_in_the_way_is_left_alone_and_named():
    world = World()
    doctor, template_id = template(world)
    there = world.slot(doctor=doctor, start=NINE + 26 * HOUR)
    view = generate(world, template_id, 1, 5)
    assert (made(view), left_out(view)) == (["05"], [("02", "slot_overlap")])
    assert view.skipped[0].slot_id == there


def test_slots_over_midnight_do_not_meet_each_other():
    world = World()
    _, template_id = template(world, weekdays=ALL, start_time="20:00", end_time="20:00")
    assert made(generate(world, template_id, 1, 3)) == ["01", "02", "03"]
    exception = DayException(date=date(2026, 2, 3), start_time="19:00", end_time="21:00")
    fields = {"weekdays": ALL, "start_time": "20:00", "end_time": "20:00", "exceptions": (exception,)}
    view = generate(world, template(world, **fields)[1], 1, 4)
    assert (made(view), left_out(view)) == (["01", "02", "04"], [("03", "slot_overlap")])
    assert view.skipped[0].slot_id == view.created[1].slot_id


def test_what_is_over_is_not_made():
    world = World()
    world.later(24 * 60)
    view = generate(world, template(world, weekdays=ALL)[1], 1, 2)
    assert (made(view), left_out(view)) == (["02"], [("01", "over")])


@pytest.mark.parametrize(
    ("zone", "start", "end", "reason"),
    [
        ("Europe/Berlin", "02:30", "05:00", "no_such_local_time"),
        ("Europe/Berlin", "09:00", "12:00", None),
        ("America/New_York", "02:30", "05:00", None),
    ],
)
def test_a_time_that_the_clocks_skip_is_left_out_and_listed(zone: str, start: str, end: str, reason: str | None):
    world = World(zone=zone)
    _, template_id = template(world, weekdays=ALL, start_time=start, end_time=end)
    day = date(2026, 3, 29)
    view = world.ask(GenerateSlots(template_id=template_id, from_date=day, to_date=day))
    assert [one.reason for one in view.skipped] == ([reason] if reason else [])
    assert len(view.created) == (0 if reason else 1)


def test_a_slot_of_a_day_of_25_hours_is_not_longer_than_24():
    world = World(zone="Europe/Berlin")
    _, template_id = template(world, weekdays=ALL, start_time="00:00", end_time="00:00")
    view = world.ask(GenerateSlots(template_id=template_id, from_date=date(2026, 10, 24), to_date=date(2026, 10, 26)))
    assert (made(view), left_out(view)) == (["24", "26"], [("25", "longer_than_24_hours")])


def test_a_slot_made_behind_a_late_one_is_late():
    world = World()
    doctor = world.doctor()
    late = world.slot(doctor=doctor, start=NINE + 23 * HOUR)  # 08:00 to 09:00 on 2 February
    world.ask(DelaySlot(slot_id=late, delay_minutes=20))
    (slot,) = generate(world, template(world, doctor=doctor)[1], 2, 2).created
    assert world.state(slot.slot_id).delay == 20 * MINUTE


def test_62_days_are_made_at_once_and_no_more():
    world = World()
    _, template_id = template(world, weekdays=ALL)
    first = date(2026, 3, 1)
    view = world.ask(GenerateSlots(template_id=template_id, from_date=first, to_date=date(2026, 5, 1)))
    assert len(view.created) == 62
    refused = world.refusal(GenerateSlots(template_id=template_id, from_date=first, to_date=date(2026, 5, 2)))
    assert (type(refused), refused.facts["field"]) == (Invalid, "to_date")


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (date(2026, 2, 2), date(2026, 2, 1), "to_date"),
        (date(1, 1, 1), date(2026, 2, 1), "from_date"),
        (date(9999, 12, 31), date(9999, 12, 31), "from_date"),
        (date(2199, 12, 30), date(2199, 12, 31), "to_date"),
    ],
)
def test_days_without_meaning_are_invalid(first: date, last: date, field: str):
    world = World()
    _, template_id = template(world)
    refused = world.refusal(GenerateSlots(template_id=template_id, from_date=first, to_date=last))
    assert (type(refused), refused.facts["field"]) == (Invalid, field)


def test_the_last_days_of_the_calendar_overflow_nothing():
    world = World(zone="Pacific/Apia")
    _, template_id = template(world, weekdays=ALL, start_time="23:00", end_time="23:00")
    view = world.ask(GenerateSlots(template_id=template_id, from_date=date(2199, 12, 29), to_date=date(2199, 12, 30)))
    assert made(view) == ["29", "30"]


def test_a_removed_template_makes_nothing():
    world = World()
    _, template_id = template(world)
    world.ask(RemoveSlotTemplate(template_id=template_id))
    assert world.outcome == "removed"
    command = GenerateSlots(template_id=template_id, from_date=date(2026, 2, 1), to_date=date(2026, 2, 2))
    assert world.refusal(command).code == "template_retired"


def test_a_template_is_of_a_doctor_in_service():
    world = World()
    doctor, template_id = template(world)
    world.ask(RemoveDoctor(doctor_id=doctor))
    command = GenerateSlots(template_id=template_id, from_date=date(2026, 2, 1), to_date=date(2026, 2, 2))
    for refused in (command, AddSlotTemplate(doctor=doctor, **PLAN)):
        assert world.refusal(refused).code == "doctor_retired"


def test_an_unknown_template_is_not_found():
    world = World()
    for command in (
        GenerateSlots(template_id=UNKNOWN, from_date=date(2026, 2, 1), to_date=date(2026, 2, 2)),
        ChangeSlotTemplate(template_id=UNKNOWN, **PLAN),
        RemoveSlotTemplate(template_id=UNKNOWN),
        AddSlotTemplate(doctor=UNKNOWN, **PLAN),
    ):
        assert isinstance(world.refusal(command), NotFound)
