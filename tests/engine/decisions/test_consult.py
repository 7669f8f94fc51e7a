"""Check-in, calls, consultations, tiers, undo: which step is legal when, and what each leaves."""

from __future__ import annotations

from typing import Any

import pytest

from engine.decider import FreeText
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_category import ChangeCategory
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.no_show import MarkNoShow
from engine.decisions.undo_token import UndoToken
from tests.engine.deciding import World, reason

STEPS: dict[str, tuple[Any, ...]] = {
    "BOOKED": (),
    "ARRIVED": (CheckIn,),
    "CALLED": (CheckIn, CallToken),
    "IN_CONSULT": (CheckIn, CallToken, StartConsult),
    "COMPLETED": (CheckIn, CallToken, StartConsult, CompleteConsult),
    "CANCELLED": (CancelToken,),
}


def world_with(state: str) -> tuple[World, str, str]:
    world = World()
    slot = world.slot(3)
    token = world.book(slot)
    for step in STEPS[state]:
        world.ask(step(token_id=token))
    return world, slot, token


@pytest.mark.parametrize("state", STEPS)
@pytest.mark.parametrize(
    ("step", "legal", "to"),
    [
        (CheckIn, {"BOOKED"}, "ARRIVED"),
        (CallToken, {"BOOKED", "ARRIVED", "CALLED"}, "CALLED"),
        (StartConsult, {"CALLED"}, "IN_CONSULT"),
        (CompleteConsult, {"IN_CONSULT"}, "COMPLETED"),
        (CancelToken, {"BOOKED", "ARRIVED", "CALLED"}, "CANCELLED"),
    ],
)
def test_an_illegal_step_names_both_states(state: str, step: Any, legal: set[str], to: str) -> None:
    world, _, token = world_with(state)
    if state in legal:
        view = world.ask(step(token_id=token))
        assert to in (view.status, view.phase)
    else:
        refused = world.refusal(step(token_id=token))
        assert (refused.code, refused.facts["from_state"], refused.facts["to_state"]) == (
            "invalid_transition", state, to,
        )  # fmt: skip


@pytest.mark.parametrize("state", ["ARRIVED", "CALLED", "IN_CONSULT", "COMPLETED", "CANCELLED"])
def test_nobody_who_came_is_a_no_show(state: str) -> None:
    world, _, token = world_with(state)
    assert world.refusal(MarkNoShow(token_id=token)).facts["to_state"] == "NO_SHOW"


@pytest.mark.parametrize("state", ["ARRIVED", "CALLED", "IN_CONSULT", "COMPLETED", "CANCELLED"])
def test_the_last_step_can_be_taken_back_and_only_once(state: str) -> None:
    world, slot, token = world_with(state)
    before = list(STEPS).index(state) - 1 if state != "CANCELLED" else 0
    view = world.ask(UndoToken(token_id=token))
    assert (view.status, view.phase) == ("CONFIRMED", list(STEPS)[before])
    assert world.refusal(UndoToken(token_id=token)).code == "nothing_to_undo"
    assert world.state(slot).regular == 1


def test_undo_comes_too_late_after_the_minutes_the_hospital_gives() -> None:
    world, _, token = world_with("CANCELLED")
    world.later(2)
    assert world.refusal(UndoToken(token_id=token)).code == "undo_too_late"


def test_undo_agrees_with_the_patients_day() -> None:
    world, _, token = world_with("CANCELLED")
    other = world.book(world.slot(1), world.token(token).patient_id)
    assert world.refusal(UndoToken(token_id=token)).facts["token_id"] == other


def test_a_call_repeated_is_counted_and_taken_back_one_by_one() -> None:
    world, _, token = world_with("CALLED")
    assert world.ask(CallToken(token_id=token)).calls == 2
    assert world.ask(UndoToken(token_id=token)).calls == 1
    assert world.token(token).phase == "CALLED"


def test_nobody_is_called_while_the_doctor_is_away() -> None:
    world, slot, token = world_with("ARRIVED")
    world.ask(ChangeSlot(slot_id=slot, paused=True))
    assert world.refusal(CallToken(token_id=token)).code == "slot_paused"
    world.book(slot)
    world.ask(ChangeSlot(slot_id=slot, paused=False))
    world.ask(CallToken(token_id=token))


def test_a_change_of_a_slot_that_has_changed_is_stale() -> None:
    world, slot, _ = world_with("BOOKED")
    version = world.state(slot).version
    assert world.refusal(ChangeSlot(slot_id=slot, paused=True, if_version=version - 1)).code == "stale_version"
    world.ask(ChangeSlot(slot_id=slot, paused=True, if_version=version))


def test_a_step_on_a_token_that_has_changed_is_stale() -> None:
    world, _, token = world_with("ARRIVED")
    assert world.refusal(CancelToken(token_id=token, if_version=1)).facts["version"] == 2
    world.ask(CancelToken(token_id=token, if_version=2))


def test_completing_by_force_needs_a_reason_and_teaches_nothing_about_length() -> None:
    world, slot, token = world_with("BOOKED")
    average = world.state(slot).average
    assert world.refusal(CompleteConsult(token_id=token, force=True)).facts["field"] == "reason"
    assert world.refusal(CompleteConsult(token_id=token, force=True, reason=FreeText(" "))).code == "invalid"
    assert world.ask(CompleteConsult(token_id=token, force=True, reason=reason())).status == "COMPLETED"
    assert world.state(slot).average == average


def test_the_time_a_consultation_really_began_is_kept() -> None:
    world, _, token = world_with("CALLED")
    view = world.ask(StartConsult(token_id=token))
    assert view.actual_time == view.estimated_time == view.updated_at


def test_free_text_about_a_token_is_the_patients() -> None:
    world, _, token = world_with("BOOKED")
    world.ask(CancelToken(token_id=token, reason=reason("moved away")))
    (cancelled,) = world.named("TokenCancelled")
    assert (cancelled.reason.text, cancelled.reason.subject) == ("moved away", world.token(token).patient_id)


def test_another_tier_keeps_code_seat_and_time_of_booking() -> None:
    world = World()
    slot = world.slot(3)
    first, second = world.book(slot), world.book(slot)
    before = (world.token(second).number, world.token(second).booked_at)
    view = world.ask(ChangeCategory(token_id=second, category="PRIORITY_PAID", reason=reason()))
    assert world.line(slot) == [second, first]
    assert (world.token(second).number, world.token(second).booked_at) == before
    assert (view.category, view.token_number) == ("PRIORITY_PAID", 1)
    world.ask(ChangeCategory(token_id=second, category="WALKIN", reason=reason()))
    assert world.line(slot) == [first, second]


def test_another_tier_needs_a_reason_and_comes_before_the_call() -> None:
    world, _, token = world_with("CALLED")
    assert world.refusal(ChangeCategory(token_id=token, category="WALKIN", reason=FreeText(""))).code == "invalid"
    assert world.refusal(ChangeCategory(token_id=token, category="WALKIN", reason=reason())).facts["from_state"]


def test_an_emergency_over_the_capacity_is_no_other_tier_without_a_seat() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    emergency = world.book(slot, category="EMERGENCY")
    assert world.refusal(ChangeCategory(token_id=emergency, category="ONLINE", reason=reason())).code == "slot_full"
    world.ask(CancelToken(token_id=token))
    world.ask(ChangeCategory(token_id=emergency, category="ONLINE", reason=reason()))
    assert (world.state(slot).regular, world.state(slot).overrides) == (1, 0)


def test_a_waiting_entry_may_change_its_tier_and_as_an_emergency_waits_no_longer() -> None:
    world = World()
    slot, _ = world.full_slot(1)
    first, second = world.book(slot), world.book(slot)
    assert world.ask(ChangeCategory(token_id=second, category="FOLLOWUP", reason=reason())).position == 1
    assert world.ask(ChangeCategory(token_id=first, category="EMERGENCY", reason=reason())).status == "CONFIRMED"
    assert world.token(first).override


def test_a_changed_tier_frees_its_quota_for_who_waits() -> None:
    world = World()
    slot = world.slot(2, quotas={"WALKIN": {"max": 1}})
    walkin, online = world.book(slot, category="WALKIN"), world.book(slot)
    world.ask(CancelToken(token_id=walkin))
    again = world.book(slot, category="WALKIN")
    world.ask(ChangeCategory(token_id=again, category="FOLLOWUP", reason=reason()))
    assert world.state(slot).by_category == {"WALKIN": 0, "ONLINE": 1, "FOLLOWUP": 1}
    world.ask(ChangeCategory(token_id=online, category="WALKIN", reason=reason()))
    assert world.state(slot).by_category["WALKIN"] == 1


def test_a_patient_in_consultation_stays_when_the_slot_is_cancelled() -> None:
    world, slot, token = world_with("IN_CONSULT")
    other = world.book(slot)
    world.ask(CancelSlot(slot_id=slot, reason=reason()))
    assert (world.token(token).phase, world.token(other).status) == ("IN_CONSULT", "CANCELLED")
    world.ask(CompleteConsult(token_id=token))
    assert world.refusal(UndoToken(token_id=other)).code in ("slot_cancelled", "nothing_to_undo")


def test_a_booking_is_possible_again_after_a_visit() -> None:
    world, slot, token = world_with("COMPLETED")
    world.ask(BookToken(slot_id=slot, patient_id=world.token(token).patient_id, category="FOLLOWUP"))
