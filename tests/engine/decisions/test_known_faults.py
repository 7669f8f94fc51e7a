"""Faults of the system that this product grew from: each one here, as what it must never do again."""

from __future__ import annotations

import pytest

from engine.actors.slot.view import priority, token_view
from engine.decider import HOUR, MINUTE
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.insert_emergency import InsertEmergency
from engine.decisions.no_show import MarkNoShow
from tests.engine.deciding import NINE, World, reason


def test_fault_1_a_no_show_frees_the_seat_and_promotes_in_the_same_decision() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    waiting = world.book(slot)
    world.later(61)  # the turn at nine has come
    world.ask(MarkNoShow(token_id=token, force=True, reason=reason()))
    assert world.token(token).status == "NO_SHOW"
    assert world.token(waiting).status == "CONFIRMED"
    assert world.state(slot).regular == 1


def test_fault_1_a_refused_no_show_changes_nothing() -> None:
    world = World()
    _, (token,) = world.full_slot(1)
    assert world.refusal(MarkNoShow(token_id=token)).code == "too_early"
    assert world.token(token).status == "CONFIRMED"


def test_fault_2_an_insertion_before_many_and_a_compaction_over_a_cancelled_place_leave_no_gap() -> None:
    world = World()
    slot = world.slot(6)
    tokens = [world.book(slot, category="WALKIN") for _ in range(4)]
    world.ask(CancelToken(token_id=tokens[1]))
    first = world.book(slot, category="PRIORITY_PAID")
    state = world.state(slot)
    assert world.line(slot) == [first, tokens[0], tokens[2], tokens[3]]
    assert [token_view(state, state.tokens[id], world.time).token_number for id in world.line(slot)] == [1, 2, 3, 4]
    assert token_view(state, state.tokens[tokens[1]], world.time).token_number is None


def test_fault_3_a_delayed_slot_books_inserts_and_promotes() -> None:
    world = World()
    slot, (token, _) = world.full_slot(2)
    world.ask(DelaySlot(slot_id=slot, delay_minutes=30))
    assert world.state(slot).status == "DELAYED"
    waiting = world.book(slot)
    world.ask(InsertEmergency(slot_id=slot, patient_id=world.patient()))
    world.ask(CancelToken(token_id=token))
    assert world.token(waiting).status == "CONFIRMED"
    last = world.slot(1, start=NINE + 3 * HOUR)
    world.ask(DelaySlot(slot_id=last, delay_minutes=30))
    assert world.token(world.book(last)).status == "CONFIRMED"


@pytest.mark.parametrize(
    ("category", "minutes", "final"),
    [("ONLINE", 120, 3.8), ("ONLINE", 30, 3.95), ("ONLINE", 0, 4.0), ("WALKIN", 6_000, 4.0), ("EMERGENCY", -5, 1.0)],
)
def test_fault_4_priority_is_computed_when_read(category: str, minutes: int, final: float) -> None:
    assert priority(category, NINE, NINE + minutes * MINUTE) == final  # type: ignore[arg-type]


def test_fault_5_emergencies_are_served_first_come_first_served() -> None:
    world = World()
    slot = world.slot(5)
    plain = world.book(slot)
    first = world.book(slot, category="EMERGENCY")
    second = world.ask(InsertEmergency(slot_id=slot, patient_id=world.patient())).id
    assert world.line(slot) == [first, second, plain]


def test_fault_5_an_emergency_with_a_token_is_upgraded_not_doubled() -> None:
    world = World()
    slot = world.slot(3)
    patient = world.patient()
    other = world.book(slot)
    token = world.book(slot, patient)
    code = world.token(token).number
    assert world.ask(InsertEmergency(slot_id=slot, patient_id=patient)).id == token
    assert world.line(slot) == [token, other]
    assert (world.token(token).number, world.state(slot).regular) == (code, 2)


def test_fault_6_nobody_is_waitlisted_twice_or_beside_his_token() -> None:
    world = World(double_booking="off")
    slot, tokens = world.full_slot(1)
    patient = world.patient()
    world.book(slot, patient)
    assert world.outcome == "waiting"
    again = world.refusal(BookToken(slot_id=slot, patient_id=patient, category="ONLINE"))
    assert (again.code, again.facts["slot_id"]) == ("already_waitlisted", slot)
    holder = world.token(tokens[0]).patient_id
    beside = world.refusal(BookToken(slot_id=slot, patient_id=holder, category="ONLINE"))
    assert (beside.code, beside.facts["token_id"]) == ("double_booking", tokens[0])


def test_fault_7_an_emergency_over_capacity_is_counted_apart_and_its_end_moves_no_seat() -> None:
    world = World()
    slot, _ = world.full_slot(2)
    waiting = world.book(slot)
    emergency = world.book(slot, category="EMERGENCY")
    assert (world.state(slot).regular, world.state(slot).overrides) == (2, 1)
    world.ask(CancelToken(token_id=emergency))
    assert (world.state(slot).regular, world.state(slot).overrides) == (2, 0)
    assert world.token(waiting).status == "WAITING"


def test_fault_8_promotion_goes_on_past_entries_that_are_not_eligible() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    other = world.slot(1)
    busy = world.patient()
    first, second = world.book(slot, busy), world.book(slot)
    world.book(other, busy)
    world.ask(CancelToken(token_id=token))
    assert world.token(first).status == "WAITING"
    assert world.token(second).status == "CONFIRMED"
    (passed,) = world.named("EntryPassedOver")
    assert (passed.entry_id, passed.code) == (first, "double_booking")


def test_fault_9_a_repeated_delay_is_the_same_delay() -> None:
    world = World()
    slot = world.slot(2)
    world.ask(DelaySlot(slot_id=slot, delay_minutes=30))
    world.ask(DelaySlot(slot_id=slot, delay_minutes=30))
    assert world.state(slot).delay == 30 * MINUTE
    assert world.events == []


def test_fault_10_estimates_follow_the_slot_and_what_really_happens() -> None:
    world = World(no_show_grace_minutes=0)
    slot = world.slot(6)  # ten minutes each
    tokens = [world.book(slot) for _ in range(3)]

    def told(token: str) -> float:
        state = world.state(slot)
        expected = token_view(state, state.tokens[token], world.time).estimated_time
        assert expected is not None
        return (expected.timestamp() * 1_000_000 - NINE) / MINUTE

    assert [told(token) for token in tokens] == [0, 10, 20]
    world.ask(DelaySlot(slot_id=slot, delay_minutes=5))
    assert [told(token) for token in tokens] == [5, 15, 25]
    world.later(65)
    world.ask(CheckIn(token_id=tokens[0]))
    world.ask(CallToken(token_id=tokens[0]))
    world.ask(StartConsult(token_id=tokens[0]))
    world.later(30)
    world.ask(CompleteConsult(token_id=tokens[0]))
    assert world.state(slot).average // MINUTE == 15
    assert round(told(tokens[2]) - told(tokens[1])) == 15


def test_fault_10_completed_tokens_still_use_the_capacity() -> None:
    world = World()
    slot, tokens = world.full_slot(2)
    world.ask(CompleteConsult(token_id=tokens[0], force=True, reason=reason()))
    assert world.state(slot).regular == 2
    world.book(slot)
    assert world.outcome == "waiting"


def test_fault_11_the_day_of_double_booking_is_the_hospitals_own() -> None:
    # Kolkata is five and a half hours ahead: 20:00 UTC on the first is already the second there.
    world = World(zone="Asia/Kolkata")
    patient = world.patient()
    evening = world.book(world.slot(2, start=NINE + 7 * HOUR), patient)
    night = world.book(world.slot(2, start=NINE + 11 * HOUR), patient)
    assert world.token(evening).status == world.token(night).status == "CONFIRMED"
    same = world.slot(2, start=NINE + 13 * HOUR)
    refused = world.refusal(BookToken(slot_id=same, patient_id=patient, category="ONLINE"))
    assert (refused.code, refused.facts["token_id"]) == ("double_booking", night)


@pytest.mark.parametrize(
    ("policy", "same_slot", "same_doctor", "other_doctor"),
    [("day", 0, 0, 0), ("doctor_day", 0, 0, 1), ("slot", 0, 1, 1), ("off", 1, 1, 1)],
)
def test_fault_11_the_reach_of_double_booking_is_a_policy(
    policy: str, same_slot: int, same_doctor: int, other_doctor: int
) -> None:
    world = World(double_booking=policy)
    doctor = world.doctor()
    first, later = world.slot(3, doctor=doctor), world.slot(3, doctor=doctor, start=NINE + HOUR)
    elsewhere = world.slot(3, start=NINE + 2 * HOUR)
    for slot, allowed in ((first, same_slot), (later, same_doctor), (elsewhere, other_doctor)):
        patient = world.patient()
        world.book(first, patient)
        again = BookToken(slot_id=slot, patient_id=patient, category="ONLINE")
        if allowed:
            world.ask(again)
        else:
            assert world.refusal(again).code == "double_booking"
        for token in [id for id in world.state(first).tokens if world.token(id).status == "CONFIRMED"]:
            world.ask(CancelToken(token_id=token))
