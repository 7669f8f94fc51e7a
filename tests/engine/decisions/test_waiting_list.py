"""Waiting lists: promotion, offers, withdrawal from other lists, leaving."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.slot.state import Token
from engine.decider import HOUR, MINUTE
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.consult import CompleteConsult
from engine.decisions.hospital import ChangePolicy
from engine.decisions.waiting_list import AcceptOffer, DeclineOffer, LeaveWaitingList
from tests.engine.deciding import NINE, World, reason


def test_a_promoted_entry_keeps_its_id_and_time_of_booking() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    entry = world.book(slot)
    booked_at = world.token(entry).booked_at
    world.later(5)
    world.ask(CancelToken(token_id=token))
    promoted: Token = world.token(entry)
    assert (promoted.status, promoted.booked_at) == ("CONFIRMED", booked_at)
    assert world.state(slot).counters.promotions == 1
    assert (entry in world.tables["waiting"], world.tables["tokens"][entry]) == (False, f"slot:{slot}")


def test_the_first_of_the_list_is_promoted_by_tier_then_time() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    walkin, paid, online = (world.book(slot, category=name) for name in ("WALKIN", "PRIORITY_PAID", "ONLINE"))
    world.ask(CancelToken(token_id=token))
    assert [world.token(id).status for id in (walkin, paid, online)] == ["WAITING", "CONFIRMED", "WAITING"]


def test_more_capacity_promotes_as_many_as_it_seats() -> None:
    world = World()
    slot, _ = world.full_slot(1)
    entries = [world.book(slot) for _ in range(14)]
    world.ask(ChangeSlot(slot_id=slot, max_capacity=13))
    assert [world.token(id).status for id in entries] == ["CONFIRMED"] * 12 + ["WAITING"] * 2
    assert world.refusal(ChangeSlot(slot_id=slot, max_capacity=12)).code == "capacity_below_booked"


def test_a_promotion_withdraws_the_patient_from_the_other_lists_of_that_day() -> None:
    world = World()
    here, (token,) = world.full_slot(1)
    there, _ = world.full_slot(1)
    patient = world.patient()
    entry, other = world.book(here, patient), world.book(there, patient)
    world.ask(CancelToken(token_id=token))
    assert (world.token(entry).status, world.token(other).status) == ("CONFIRMED", "CANCELLED")
    (ended,) = world.named("EntryEnded")
    assert ended.cause == "promoted_elsewhere"


def test_who_is_promoted_past_is_promoted_once_nothing_stands_in_his_way() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    busy = world.patient()
    entry = world.book(slot, busy)
    other = world.book(world.slot(), busy)
    world.ask(CancelToken(token_id=token))
    assert world.token(entry).status == "WAITING"
    world.ask(CancelToken(token_id=other))
    assert world.token(entry).status == "CONFIRMED"


def test_a_completed_visit_lets_the_next_of_that_day_begin() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    busy = world.patient()
    entry = world.book(slot, busy)
    other = world.book(world.slot(), busy)
    world.ask(CancelToken(token_id=token))
    world.ask(CompleteConsult(token_id=other, force=True, reason=reason()))
    assert world.token(entry).status == "CONFIRMED"


def test_an_offer_holds_the_seat_until_it_is_accepted() -> None:
    world = World(promotion="offer")
    slot, (token,) = world.full_slot(1)
    entry = world.book(slot)
    world.ask(CancelToken(token_id=token))
    assert world.token(entry).status == "OFFERED"
    world.book(slot)
    assert world.outcome == "waiting"
    view = world.ask(AcceptOffer(entry_id=entry))
    assert (view.id, view.status, view.ticket_code) == (entry, "CONFIRMED", "CAR-002")


def test_an_offer_that_lapses_goes_to_the_next() -> None:
    world = World(promotion="offer", offer_minutes=10)
    slot, (token,) = world.full_slot(1)
    first, second = world.book(slot), world.book(slot)
    world.ask(CancelToken(token_id=token))
    world.later(10)
    assert (world.token(first).status, world.token(second).status) == ("EXPIRED", "OFFERED")
    refused = world.refusal(AcceptOffer(entry_id=first))
    assert (refused.code, refused.family) == ("offer_expired", "gone")


def test_an_offer_cannot_be_accepted_after_its_instant_even_if_the_timer_is_late() -> None:
    world = World(promotion="offer", offer_minutes=10)
    slot, (token,) = world.full_slot(1)
    entry = world.book(slot)
    world.ask(CancelToken(token_id=token))
    world.time += 10 * MINUTE
    assert world.refusal(AcceptOffer(entry_id=entry)).code == "offer_expired"


def test_an_offer_lapses_when_the_slot_starts() -> None:
    world = World(promotion="offer", offer_minutes=60, time=NINE - 20 * MINUTE)
    slot, (token,) = world.full_slot(1)
    entry = world.book(slot)
    world.ask(CancelToken(token_id=token))
    assert world.token(entry).mark_at == NINE
    world.later(20)
    assert world.token(entry).status == "EXPIRED"


def test_a_declined_offer_goes_to_the_next() -> None:
    world = World(promotion="offer")
    slot, (token,) = world.full_slot(1)
    first, second = world.book(slot), world.book(slot)
    assert world.refusal(DeclineOffer(entry_id=first)).code == "invalid_transition"
    world.ask(CancelToken(token_id=token))
    view = world.ask(DeclineOffer(entry_id=first, reason=reason()))
    assert (view.status, world.token(second).status) == ("DECLINED", "OFFERED")


def test_accepting_one_offer_gives_the_others_away() -> None:
    world = World(promotion="offer")
    here, (mine,) = world.full_slot(1)
    there, (theirs,) = world.full_slot(1)
    patient = world.patient()
    first, second = world.book(here, patient), world.book(there, patient)
    third = world.book(there)
    world.ask(CancelToken(token_id=mine))
    world.ask(CancelToken(token_id=theirs))
    assert (world.token(first).status, world.token(second).status) == ("OFFERED", "OFFERED")
    world.ask(AcceptOffer(entry_id=first))
    assert (world.token(second).status, world.token(third).status) == ("CANCELLED", "OFFERED")


def test_an_offer_is_not_accepted_beside_another_token() -> None:
    world = World(promotion="offer")
    slot, (token,) = world.full_slot(1)
    patient = world.patient()
    entry = world.book(slot, patient)
    world.ask(CancelToken(token_id=token))
    held = world.book(world.slot(), patient)
    assert world.refusal(AcceptOffer(entry_id=entry)).facts["token_id"] == held


def test_leaving_the_list_frees_the_offered_seat() -> None:
    world = World(promotion="offer")
    slot, (token,) = world.full_slot(1)
    first, second = world.book(slot), world.book(slot)
    world.ask(LeaveWaitingList(entry_id=second))
    world.ask(CancelToken(token_id=token))
    third = world.book(slot)
    world.ask(LeaveWaitingList(entry_id=first))
    assert [world.token(id).status for id in (first, second, third)] == ["CANCELLED", "CANCELLED", "OFFERED"]
    assert world.refusal(LeaveWaitingList(entry_id=first)).facts["from_state"] == "CANCELLED"


def test_cancelling_what_only_waits_is_leaving_the_list() -> None:
    world = World()
    slot, _ = world.full_slot(1)
    entry = world.book(slot)
    assert world.ask(CancelToken(token_id=entry, reason=reason())).status == "CANCELLED"
    assert (world.named("EntryEnded")[0].cause, world.state(slot).waiting) == ("left", [])


def test_who_left_a_list_may_join_it_again() -> None:
    world = World()
    slot, _ = world.full_slot(1)
    patient = world.patient()
    world.ask(LeaveWaitingList(entry_id=world.book(slot, patient)))
    world.book(slot, patient)
    assert world.outcome == "waiting"


def test_a_quota_passes_a_waiting_tier_over() -> None:
    world = World()
    slot = world.slot(2, quotas={"WALKIN": {"max": 1}})
    online = world.book(slot)
    walkin = world.book(slot, category="WALKIN")
    first = world.book(slot)
    world.ask(CancelToken(token_id=walkin))
    assert world.token(first).status == "CONFIRMED"
    second = world.book(slot, category="WALKIN")
    third = world.book(slot, category="WALKIN")
    world.ask(CancelToken(token_id=online))
    assert world.token(second).status == "CONFIRMED"
    world.ask(CancelToken(token_id=first))
    assert world.token(third).status == "WAITING"
    assert world.named("EntryPassedOver")[0].code == "channel_quota"


def test_a_quota_is_told_once_for_its_tier() -> None:
    world = World()
    slot = world.slot(2, quotas={"WALKIN": {"max": 1}})
    world.book(slot, category="WALKIN")
    online = world.book(slot)
    world.ask(ChangePolicy(quota_release_minutes=10_000))
    for _ in range(5):
        world.book(slot, category="WALKIN")
    world.ask(ChangePolicy())
    world.ask(CancelToken(token_id=online))
    assert len(world.named("EntryPassedOver")) == 1
    world.ask(CancelToken(token_id=world.book(slot)))
    assert len(world.state(slot).waiting) == 5


def kept_by_a_quota(**policy: Any) -> tuple[World, str, str]:
    """At eight: a slot at nine with a free seat, and the WALKIN entry that its quota keeps from it until half past."""
    world = World(quota_release_minutes=30, **policy)
    slot = world.slot(2, quotas={"WALKIN": {"max": 1}})
    online = [world.book(slot) for _ in range(2)]
    promoted, entry = (world.book(slot, category="WALKIN") for _ in range(2))
    for token in online:
        world.ask(CancelToken(token_id=token))
    assert [world.token(id).status for id in (promoted, entry)] == ["CONFIRMED", "WAITING"]
    return world, slot, entry


@pytest.mark.parametrize(("promotion", "status"), [("auto", "CONFIRMED"), ("offer", "OFFERED")])
def test_a_free_seat_goes_to_who_waits_when_its_quota_is_released(promotion: Any, status: str) -> None:
    world, slot, entry = kept_by_a_quota()
    world.ask(ChangePolicy(quota_release_minutes=30, promotion=promotion))
    world.later(29)
    assert world.token(entry).status == "WAITING"
    world.later(1)
    assert (world.token(entry).status, world.state(slot).release_at) == (status, 0)


def test_a_release_says_once_why_the_seat_stays_free() -> None:
    world, slot, entry = kept_by_a_quota(double_booking="slot")
    world.book(world.slot(1, start=NINE + 3 * HOUR), world.token(entry).patient_id)
    world.ask(ChangePolicy(quota_release_minutes=30))
    world.later(31)
    assert (world.token(entry).status, world.state(slot).release_at) == ("WAITING", 0)
    assert world.named("EntryPassedOver")[-1].code == "double_booking"


def test_a_release_that_was_put_off_is_waited_for() -> None:
    world, slot, entry = kept_by_a_quota()
    world.ask(ChangePolicy(quota_release_minutes=10))
    world.later(40)
    assert (world.token(entry).status, world.state(slot).release_at) == ("WAITING", NINE - 10 * MINUTE)
    world.later(10)
    assert world.token(entry).status == "CONFIRMED"


def test_a_list_ends_with_its_slot() -> None:
    world = World(no_show_grace_minutes=0)
    slot, (token,) = world.full_slot(1)
    patient = world.patient()
    entry = world.book(slot, patient)
    world.later(2 * 60 + 1)
    assert (world.state(slot).status, world.token(entry).status) == ("CLOSED", "SLOT_CLOSED")
    assert world.patient_day(patient).commitments[0].state == "over"
    assert world.token(token).status == "CONFIRMED"
    late = BookToken(slot_id=slot, patient_id=world.patient(), category="ONLINE")
    assert world.refusal(late).code == "slot_closed"
    world.ask(CancelToken(token_id=token))
    assert world.token(entry).status == "SLOT_CLOSED"


def test_several_seats_are_filled_in_one_decision_across_slots() -> None:
    world = World(promotion="offer")
    doctor = world.doctor()
    slots = [world.full_slot(1, doctor=doctor, start=NINE + n * HOUR) for n in range(3)]
    patient = world.patient()
    chain = [world.book(slot, patient) for slot, _ in slots]
    behind = [world.book(slot) for slot, _ in slots]
    for _, (token,) in slots:
        world.ask(CancelToken(token_id=token))
    assert [world.token(id).status for id in chain] == ["OFFERED"] * 3
    world.ask(AcceptOffer(entry_id=chain[0]))
    assert [world.token(id).status for id in behind] == ["WAITING", "OFFERED", "OFFERED"]
