"""What a slot does by itself: once, at its instant, and nothing when it was overtaken."""

from __future__ import annotations

from engine.actors.slot.view import slot_view, token_view
from engine.decider import HOUR, MINUTE
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_category import ChangeCategory
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.hold_seat import HoldSeat
from engine.decisions.wake_slot import WakeSlot
from tests.engine.deciding import NINE, World, reason


def test_a_timer_that_was_overtaken_does_nothing() -> None:
    world = World()
    slot = world.slot(1)
    token = world.book(slot)
    due = world.token(token).mark_at
    world.ask(CancelToken(token_id=token))
    version = world.state(slot).version
    world.ask(WakeSlot(slot_id=slot, due=due))
    world.ask(WakeSlot(slot_id=world.patient(), due=due))
    assert (world.events, world.state(slot).version) == ([], version)


def test_all_that_is_due_is_one_decision() -> None:
    world = World(offer_minutes=90, hold_minutes=60)
    slot = world.slot(3)
    tokens = [world.book(slot) for _ in range(2)]
    hold = world.ask(HoldSeat(slot_id=slot)).id
    entry = world.book(slot)
    world.time = NINE + HOUR - 1
    world.ask(WakeSlot(slot_id=slot, due=NINE))
    assert [type(event).__name__ for key, event in world.events if key == f"slot:{slot}"].count("NoShowMarked") == 2
    assert hold not in world.state(slot).holds or world.token(entry).status == "CONFIRMED"
    assert [world.token(id).status for id in tokens] == ["NO_SHOW", "NO_SHOW"]


def test_a_slot_closes_at_its_effective_end_and_its_doctors_day_knows() -> None:
    world = World()
    doctor = world.doctor()
    slot = world.slot(1, doctor=doctor)
    world.ask(DelaySlot(slot_id=slot, delay_minutes=30))
    world.later(125)
    assert world.state(slot).status == "DELAYED"
    world.later(30)
    assert world.state(slot).status == "CLOSED"
    assert world.states[f"doctor_day:{doctor}:2026-02-01"].slots[0].status == "CLOSED"
    assert world.decider(f"slot:{slot}").due(world.state(slot)) is None


def test_a_slot_reads_as_closed_once_its_end_has_passed() -> None:
    world = World()
    slot = world.slot(1)
    state = world.state(slot)
    assert slot_view(state, NINE + HOUR - 1).status == "ACTIVE"
    assert slot_view(state, NINE + HOUR).status == "CLOSED"


def test_tokens_of_a_closed_slot_are_still_served() -> None:
    world = World(no_show_grace_minutes=0)
    slot = world.slot(1)
    token = world.book(slot)
    world.later(180)
    world.ask(CallToken(token_id=token))
    assert world.token(token).phase == "CALLED"


def test_who_waited_too_long_comes_next_after_the_emergencies() -> None:
    world = World(max_wait_minutes={"WALKIN": 30})
    slot = world.slot(5)
    walkin = world.book(slot, category="WALKIN")
    world.ask(CheckIn(token_id=walkin))
    paid = world.book(slot, category="PRIORITY_PAID")
    emergency = world.book(slot, category="EMERGENCY")
    assert world.line(slot) == [emergency, paid, walkin]
    world.later(30)
    assert world.line(slot) == [emergency, walkin, paid]
    assert token_view(world.state(slot), world.token(walkin), world.time).lifted
    assert [type(event).__name__ for _, event in world.history].count("PatientLifted") == 1


def test_nobody_is_lifted_before_he_came_or_after_he_was_called() -> None:
    world = World(max_wait_minutes={"WALKIN": 30})
    slot = world.slot(5)
    absent, called = world.book(slot, category="WALKIN"), world.book(slot, category="WALKIN")
    world.ask(CheckIn(token_id=called))
    world.ask(CallToken(token_id=called))
    world.later(59)
    assert not any(world.token(id).rank == 15 for id in (absent, called))


def test_another_tier_has_another_limit() -> None:
    world = World(max_wait_minutes={"WALKIN": 30, "ONLINE": 50})
    slot = world.slot(5)
    token = world.book(slot, category="WALKIN")
    world.ask(CheckIn(token_id=token))
    world.ask(ChangeCategory(token_id=token, category="ONLINE", reason=reason()))
    assert world.token(token).lift_at - world.token(token).arrived_at == 50 * MINUTE


def test_who_waited_here_too_long_for_a_seat_is_promoted_and_lifted_in_one_decision() -> None:
    world = World(max_wait_minutes={"ONLINE": 10}, no_show_grace_minutes=15)
    slot = world.slot(1)
    late = world.book(slot)
    world.later(80)  # the slot has begun and the grace is over
    assert world.token(late).status == "NO_SHOW"
    absent = world.book(slot)
    world.ask(CheckIn(token_id=late))
    assert (world.token(late).status, world.token(late).arrived_at) == ("WAITING", world.time)
    world.later(20)
    assert (world.token(absent).status, world.token(late).status) == ("NO_SHOW", "CONFIRMED")
    assert [type(event).__name__ for key, event in world.events if key == f"slot:{slot}"] == [
        "NoShowMarked", "EntryPromoted", "PatientLifted",
    ]  # fmt: skip
    due = world.decider(f"slot:{slot}").due(world.state(slot))
    assert due is None or due > world.time
