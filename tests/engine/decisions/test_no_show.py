"""No-shows by hand and by the clock, and those who come late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import calendar
from engine.decider import HOUR, MINUTE
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.no_show import MarkNoShow
from engine.decisions.patients import MergePatients
from engine.decisions.undo_token import UndoToken
from tests.engine.deciding import NINE, World, reason


def test_the_clock_marks_who_has_not_come_a_grace_after_the_time_told() -> None:
    world = World()
    slot = world.slot(6)
    first, second = world.book(slot), world.book(slot)
    assert [world.token(id).mark_at - NINE for id in (first, second)] == [15 * MINUTE, 25 * MINUTE]
    world.later(75)
    assert [world.token(id).status for id in (first, second)] == ["NO_SHOW", "CONFIRMED"]
    assert [mark.by_clock for mark in world.named("NoShowMarked")] == [True]


def test_who_is_booked_during_the_slot_has_the_grace_from_then() -> None:
    world = World()
    slot = world.slot(6)
    world.time = NINE + 30 * MINUTE
    token = world.book(slot)
    assert world.token(token).mark_at == world.time + 15 * MINUTE


def test_a_delay_moves_every_mark_and_back() -> None:
    world = World()
    slot = world.slot(2)
    token = world.book(slot)
    world.ask(DelaySlot(slot_id=slot, delay_minutes=60))
    world.later(130)
    assert world.token(token).status == "CONFIRMED"
    world.later(6)
    assert world.token(token).status == "NO_SHOW"


def test_who_arrived_is_never_marked_by_the_clock() -> None:
    world = World()
    slot = world.slot(2)
    token = world.book(slot)
    world.ask(CheckIn(token_id=token))
    world.later(600)
    assert (world.token(token).status, world.state(slot).status) == ("CONFIRMED", "CLOSED")


def test_with_no_grace_nobody_is_marked_by_the_clock() -> None:
    world = World(no_show_grace_minutes=0)
    slot = world.slot(2)
    token = world.book(slot)
    world.later(600)
    assert world.token(token).status == "CONFIRMED"
    world.ask(MarkNoShow(token_id=token))
    assert world.token(token).status == "NO_SHOW"


def test_a_mark_by_the_clock_promotes_in_the_same_decision() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    entry = world.book(slot)
    world.later(75)
    assert (world.token(token).status, world.token(entry).status) == ("NO_SHOW", "CONFIRMED")
    assert world.patient_day(world.token(token).patient_id).commitments[0].state == "over"


def test_force_needs_a_reason_and_then_knows_no_grace() -> None:
    world = World()
    token = world.book(world.slot(1))
    early = world.refusal(MarkNoShow(token_id=token))
    assert (early.code, early.facts["from_time"]) == ("too_early", NINE + 15 * MINUTE)
    assert world.refusal(MarkNoShow(token_id=token, force=True)).facts["field"] == "reason"
    assert world.ask(MarkNoShow(token_id=token, force=True, reason=reason())).status == "NO_SHOW"


def test_who_was_called_in_vain_as_often_as_allowed_can_be_marked() -> None:
    world = World(max_calls=2)
    token = world.book(world.slot(1))
    world.ask(CheckIn(token_id=token))
    world.ask(CallToken(token_id=token))
    once = MarkNoShow(token_id=token, force=True, reason=reason())
    assert world.refusal(once).facts["from_state"] == "CALLED"
    world.ask(CallToken(token_id=token))
    assert world.ask(MarkNoShow(token_id=token)).status == "NO_SHOW"


def test_who_was_called_and_never_came_is_a_no_show_like_any_other() -> None:
    world = World()
    first, second = (world.book(world.slot(1)) for _ in range(2))
    for token in (first, second):
        world.ask(CallToken(token_id=token))
    assert world.refusal(MarkNoShow(token_id=first)).code == "too_early"
    assert world.ask(MarkNoShow(token_id=first, force=True, reason=reason())).status == "NO_SHOW"
    world.later(76)
    assert world.token(second).status == "CONFIRMED"  # whoever calls sees for himself
    assert world.ask(MarkNoShow(token_id=second)).status == "NO_SHOW"


def test_a_token_of_a_merged_record_does_not_come_back() -> None:
    world = World()
    old, new = world.patient(), world.patient()
    token = world.book(world.slot(1), old)
    world.later(76)
    world.ask(MergePatients(patient_id=old, into=new))
    assert world.refusal(CheckIn(token_id=token)).facts["merged_into"] == new


@pytest.mark.parametrize(("minutes", "late"), [(29, False), (31, True)])
def test_who_comes_late_gets_the_old_place_or_the_end_of_the_tier(minutes: int, late: bool) -> None:
    world = World()
    slot = world.slot(4, minutes=120)
    token = world.book(slot)
    others = [world.book(slot), world.book(slot)]
    for other in others:
        world.ask(CheckIn(token_id=other))
    walkin = world.book(slot, category="WALKIN")
    world.ask(CheckIn(token_id=walkin))
    world.later(75)
    assert world.token(token).status == "NO_SHOW"
    world.later(minutes)
    view = world.ask(CheckIn(token_id=token))
    assert (view.status, view.phase, view.late) == ("CONFIRMED", "ARRIVED", late)
    assert world.line(slot) == ([*others, token, walkin] if late else [token, *others, walkin])


def test_who_comes_late_to_a_full_slot_waits_under_the_same_id() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    entry = world.book(slot)
    world.later(75)
    view = world.ask(CheckIn(token_id=token))
    assert (world.outcome, view.id, view.status, view.position) == ("waiting", token, "WAITING", 1)
    world.ask(CancelToken(token_id=entry))
    back = world.token(token)
    assert (back.status, back.phase, back.number) == ("CONFIRMED", "ARRIVED", 1)


def test_who_comes_late_may_hold_another_token_by_now() -> None:
    world = World()
    patient = world.patient()
    token = world.book(world.slot(1), patient)
    world.later(76)
    other = world.book(world.slot(1, start=NINE + 5 * HOUR), patient)
    assert world.refusal(CheckIn(token_id=token)).facts["token_id"] == other


def test_who_comes_after_the_slot_is_told_that_it_is_over() -> None:
    world = World()
    token = world.book(world.slot(1))
    world.later(125)
    assert world.refusal(CheckIn(token_id=token)).code == "slot_closed"


def test_a_late_patient_waits_behind_who_waits_already() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    world.later(75)
    world.ask(ChangeSlot(slot_id=slot, max_capacity=2))
    busy = world.patient()
    world.book(slot, busy)
    world.book(slot)
    world.book(slot)
    view = world.ask(CheckIn(token_id=token))
    assert (view.status, view.position) == ("WAITING", 2)


def test_arrival_is_neither_in_the_future_nor_before_the_booking() -> None:
    world = World()
    world.later(30)
    token = world.book(world.slot(1))
    for minutes in (-10, 10):
        when = calendar.moment(world.time) + timedelta(minutes=minutes)
        assert world.refusal(CheckIn(token_id=token, occurred_at=when)).facts["field"] == "occurred_at"


def test_back_entered_arrivals_count_from_when_they_happened() -> None:
    world = World()
    token = world.book(world.slot(1))
    arrived = calendar.moment(world.time) + timedelta(minutes=5)
    world.later(30)
    assert world.ask(CheckIn(token_id=token, occurred_at=arrived)).arrived_at == arrived


def test_it_can_be_too_early_to_check_in() -> None:
    world = World(early_check_in_minutes=30)
    slot = world.slot(1)
    token = world.book(slot)
    refused = world.refusal(CheckIn(token_id=token))
    assert (refused.code, refused.facts["from_time"]) == ("too_early", NINE - 30 * MINUTE)
    world.later(31)
    world.ask(CheckIn(token_id=token))


def test_a_mark_by_the_clock_that_is_undone_is_not_repeated_at_once() -> None:
    world = World()
    slot = world.slot(1)
    token = world.book(slot)
    world.later(76)
    world.ask(UndoToken(token_id=token))
    assert world.token(token).status == "CONFIRMED"
    world.later(14)
    assert world.token(token).status == "CONFIRMED"
    world.later(1)
    assert world.token(token).status == "NO_SHOW"


def test_an_undo_comes_too_late_when_the_seat_is_given_away() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    world.book(slot)
    world.later(75)
    assert world.refusal(UndoToken(token_id=token)).code == "undo_too_late"


def test_a_no_show_frees_the_day_for_another_booking() -> None:
    world = World()
    patient = world.patient()
    world.book(world.slot(1), patient)
    world.later(76)
    world.ask(BookToken(slot_id=world.slot(1, start=NINE + 3 * HOUR), patient_id=patient, category="WALKIN"))
