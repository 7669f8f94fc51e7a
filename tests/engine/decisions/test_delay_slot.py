"""Delays: absolute, and passed on in one decision."""

from __future__ import annotations

import pytest

from engine.decider import HOUR, MINUTE
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.delay_slot import DelaySlot
from engine.errors import NotFound, Stale
from tests.engine.deciding import NINE, World

UNKNOWN = "01900000-0000-7000-8000-000000000000"


def morning(world: World) -> list[str]:
    """Slots at 9, 10, 11:30 and 15 h of one doctor, an hour each."""
    doctor = world.doctor()
    return [world.slot(doctor=doctor, start=NINE + minutes * MINUTE) for minutes in (0, 60, 150, 360)]


def delays(world: World, slots: list[str]) -> list[int]:
    return [world.state(slot).delay // MINUTE for slot in slots]


def test_one_request_delays_the_later_slots_of_the_day_less_the_gaps():
    world = World()
    slots = morning(world)
    view = world.ask(DelaySlot(slot_id=slots[0], delay_minutes=45))
    assert (view.delay_minutes, view.own_delay_minutes, view.status) == (45, 45, "DELAYED")
    assert [(one.slot_id, one.delay_minutes) for one in view.affected] == [(slots[1], 45), (slots[2], 15)]
    assert delays(world, slots) == [45, 45, 15, 0]
    assert world.state(slots[3]).status == "ACTIVE"


def test_a_repeated_put_delays_no_further_and_is_answered_alike():
    world = World()
    slots = morning(world)
    first = world.ask(DelaySlot(slot_id=slots[0], delay_minutes=45))
    again = world.ask(DelaySlot(slot_id=slots[0], delay_minutes=45))
    assert world.events == []
    assert again == first


def test_no_delay_ends_it_for_all():
    world = World()
    slots = morning(world)
    world.ask(DelaySlot(slot_id=slots[0], delay_minutes=45))
    view = world.ask(DelaySlot(slot_id=slots[0], delay_minutes=0))
    assert (view.status, delays(world, slots)) == ("ACTIVE", [0, 0, 0, 0])
    assert [one.slot_id for one in view.affected] == slots[1:3]


def test_other_doctors_and_other_days_are_not_late():
    world = World()
    slots = morning(world)
    other, tomorrow = world.slot(), world.slot(doctor=world.state(slots[0]).doctor_id, start=NINE + 24 * HOUR)
    world.ask(DelaySlot(slot_id=slots[0], delay_minutes=480))
    assert delays(world, [other, tomorrow]) == [0, 0]


def test_a_slot_closes_after_its_delay_and_pushes_on_what_it_took():
    world = World()
    slots = morning(world)
    world.ask(DelaySlot(slot_id=slots[0], delay_minutes=30))
    world.later(2 * 60 + 15)
    assert world.state(slots[0]).status == "DELAYED"
    world.later(20)
    assert (world.state(slots[0]).status, world.state(slots[1]).delay) == ("CLOSED", 30 * MINUTE)


def test_a_slot_that_was_cancelled_or_is_over_cannot_be_late():
    world = World()
    slots = morning(world)
    world.ask(CancelSlot(slot_id=slots[1]))
    assert world.refusal(DelaySlot(slot_id=slots[1], delay_minutes=5)).code == "slot_cancelled"
    world.later(3 * 60)
    assert world.refusal(DelaySlot(slot_id=slots[0], delay_minutes=5)).code == "slot_closed"


def test_the_cascade_passes_over_a_cancelled_slot():
    world = World()
    slots = morning(world)
    world.ask(CancelSlot(slot_id=slots[1]))
    view = world.ask(DelaySlot(slot_id=slots[0], delay_minutes=120))
    assert [(one.slot_id, one.delay_minutes) for one in view.affected] == [(slots[2], 30)]


@pytest.mark.parametrize("if_version", [0, 2])
def test_another_version_is_stale(if_version: int):
    world = World()
    slots = morning(world)
    assert isinstance(world.refusal(DelaySlot(slot_id=slots[0], delay_minutes=5, if_version=if_version)), Stale)


def test_an_unknown_slot_is_not_found():
    assert isinstance(World().refusal(DelaySlot(slot_id=UNKNOWN, delay_minutes=5)), NotFound)
