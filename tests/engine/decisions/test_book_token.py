"""Booking: seats, the patient's day, quotas, windows, numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine import calendar
from engine.actors.slot.view import created_at, link, ticket_code
from engine.decider import DAY, HOUR, MINUTE
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.cancel_token import CancelToken
from engine.decisions.hospital import ChangePolicy
from engine.decisions.patients import MergePatients, RemovePatient
from tests.engine.deciding import EIGHT, NINE, World, reason


def ask(world: World, slot: str, category: Any = "ONLINE", patient: str = "", **more: Any) -> BookToken:
    return BookToken(slot_id=slot, patient_id=patient or world.patient(), category=category, **more)


def test_a_booking_gives_a_place_a_code_and_a_link_that_nobody_can_guess() -> None:
    world = World()
    slot = world.slot(2)
    world.book(slot, category="WALKIN")
    view = world.ask(ask(world, slot, "FOLLOWUP"))
    assert world.outcome == "created"
    assert (view.status, view.phase, view.token_number, view.ticket_code) == ("CONFIRMED", "BOOKED", 1, "CAR-002")
    assert (view.priority, view.created_at, view.booked_at) == (3.0, calendar.moment(world.time), view.created_at)
    assert len(view.link.text) == 32
    key = world.states["hospital:self"].link_key.text
    assert view.link == link(key, view.id)
    assert link(key, world.book(slot)) != view.link


def test_a_full_slot_has_the_next_patient_wait_in_order_of_tier_and_time() -> None:
    world = World()
    slot, _ = world.full_slot(1)
    walkin = world.ask(ask(world, slot, "WALKIN"))
    paid = world.ask(ask(world, slot, "PRIORITY_PAID"))
    assert world.outcome == "waiting"
    assert (walkin.status, walkin.position) == ("WAITING", 1)
    assert (paid.status, paid.position) == ("WAITING", 1)
    assert [entry.id for entry in world.state(slot).waiting] == [paid.id, walkin.id]


def test_order_is_tier_then_booking_then_sequence() -> None:
    world = World()
    slot = world.slot(9)
    tokens = {name: world.book(slot, category=name) for name in ("WALKIN", "ONLINE", "FOLLOWUP", "PRIORITY_PAID")}
    again = world.book(slot, category="ONLINE")
    assert world.line(slot) == [
        tokens["PRIORITY_PAID"], tokens["FOLLOWUP"], tokens["ONLINE"], again, tokens["WALKIN"],
    ]  # fmt: skip


def test_the_patients_day_is_asked_before_the_capacity() -> None:
    world = World()
    patient = world.patient()
    token = world.book(world.slot(1), patient)
    full, _ = world.full_slot(1)
    refused = world.refusal(ask(world, full, patient=patient))
    assert (refused.code, refused.facts["token_id"]) == ("double_booking", token)


def test_a_cancelled_token_no_longer_stands_in_the_way() -> None:
    world = World()
    patient, slot = world.patient(), world.slot(1)
    world.ask(CancelToken(token_id=world.book(slot, patient)))
    assert world.token(world.book(slot, patient)).status == "CONFIRMED"
    assert ticket_code(world.state(slot), world.state(slot).line[0]) == "CAR-002"


def test_ticket_numbers_are_never_given_twice_in_a_doctors_day() -> None:
    world = World()
    doctor = world.doctor()
    first, second = world.slot(1, doctor=doctor), world.slot(1, doctor=doctor, start=NINE + HOUR)
    for _ in range(14):
        world.ask(CancelToken(token_id=world.book(first)))
        world.ask(CancelToken(token_id=world.book(second)))
    numbers = [token.number for slot in (first, second) for token in world.state(slot).tokens.values()]
    assert len(set(numbers)) == 28


def test_an_unknown_slot_or_patient_is_not_found() -> None:
    world = World()
    slot, patient = world.slot(), world.patient()
    assert world.refusal(ask(world, patient, patient=patient)).family == "not_found"
    assert world.refusal(ask(world, slot, patient=slot)).family == "not_found"


def test_a_removed_or_merged_patient_cannot_book() -> None:
    world = World()
    slot, gone, old, new = world.slot(), world.patient(), world.patient(), world.patient()
    world.ask(RemovePatient(patient_id=gone))
    world.ask(MergePatients(patient_id=old, into=new))
    assert world.refusal(ask(world, slot, patient=gone)).code == "patient_retired"
    assert world.refusal(ask(world, slot, patient=old)).facts["merged_into"] == new


def test_tokens_of_merged_records_are_one_persons_tokens() -> None:
    world = World()
    slot, old, new = world.slot(), world.patient(), world.patient()
    token = world.book(slot, old)
    world.ask(MergePatients(patient_id=old, into=new))
    assert world.token(token).patient_id == new
    assert world.refusal(ask(world, world.slot(), patient=new)).code == "double_booking"


def test_a_cancelled_slot_takes_nobody() -> None:
    world = World()
    slot = world.slot()
    world.ask(CancelSlot(slot_id=slot, reason=reason()))
    assert world.refusal(ask(world, slot)).code == "slot_cancelled"
    assert world.refusal(ask(world, slot, "EMERGENCY")).code == "slot_cancelled"


def test_a_slot_takes_bookings_until_its_effective_end() -> None:
    world = World()
    slot = world.slot()
    world.time = NINE + HOUR - 100
    world.book(slot)
    world.time = NINE + HOUR
    assert world.refusal(ask(world, slot)).code == "slot_closed"  # also before the timer has fired
    assert world.refusal(ask(world, slot, "EMERGENCY")).code == "slot_closed"


def test_overbooked_seats_are_flagged_and_limited() -> None:
    world = World(overbook_pct=50)
    slot, tokens = world.full_slot(2)
    extra = world.book(slot)
    assert [world.token(id).overbooked for id in (*tokens, extra)] == [False, False, True]
    world.book(slot)
    assert world.outcome == "waiting"
    assert (world.state(slot).regular, world.state(slot).overbooked, world.state(slot).overrides) == (3, 1, 0)


def test_a_tiers_quota_refuses_and_is_released_before_the_start() -> None:
    world = World(quota_release_minutes=30)
    slot = world.slot(5, quotas={"WALKIN": {"max": 1}})
    world.book(slot, category="WALKIN")
    assert world.refusal(ask(world, slot, "WALKIN")).code == "channel_quota"
    world.book(slot, category="ONLINE")
    world.time = NINE - 30 * MINUTE
    assert world.token(world.book(slot, category="WALKIN")).status == "CONFIRMED"


def test_a_cancelled_token_gives_its_quota_back() -> None:
    world = World()
    slot = world.slot(5, quotas={"WALKIN": {"max": 1}})
    world.ask(CancelToken(token_id=world.book(slot, category="WALKIN")))
    assert world.token(world.book(slot, category="WALKIN")).status == "CONFIRMED"


def test_a_tier_is_given_until_its_last_time_of_issue() -> None:
    world = World()
    slot = world.slot(5, quotas={"WALKIN": {"last_issue_at": calendar.moment(EIGHT + 30 * MINUTE)}})
    world.book(slot, category="WALKIN")
    world.time = EIGHT + 31 * MINUTE
    assert world.refusal(ask(world, slot, "WALKIN")).code == "channel_quota"


def test_the_booking_window_counts_local_days_and_minutes() -> None:
    world = World(book_max_days_ahead=1, book_min_minutes_ahead=30)
    far, near = world.slot(start=NINE + 2 * DAY), world.slot(start=NINE + DAY)
    assert world.refusal(ask(world, far)).facts["from_day"] == "2026-02-02"
    world.book(near)
    today = world.slot()
    world.time = NINE - 29 * MINUTE
    assert world.refusal(ask(world, today)).code == "too_soon"
    assert world.ask(ask(world, today, "EMERGENCY")).status == "CONFIRMED"


def test_a_patient_has_at_most_so_many_active_tokens_over_all_days() -> None:
    world = World(max_active_tokens_per_patient=2)
    patient = world.patient()
    tokens = [world.book(world.slot(start=NINE + days * DAY), patient) for days in (0, 1)]
    third = world.slot(start=NINE + 2 * DAY)
    refused = world.refusal(ask(world, third, patient=patient))
    assert (refused.code, refused.facts["limit"]) == ("patient_limit", 2)
    world.ask(CancelToken(token_id=tokens[0]))
    world.book(third, patient)


def test_nobody_is_with_two_doctors_at_once() -> None:
    world = World(double_booking="doctor_day", patient_overlap=True)
    patient = world.patient()
    token = world.book(world.slot(), patient)
    refused = world.refusal(ask(world, world.slot(start=NINE + 59 * MINUTE), patient=patient))
    assert (refused.code, refused.facts["token_id"]) == ("patient_overlap", token)
    world.book(world.slot(start=NINE + 60 * MINUTE), patient)


def test_an_overlap_across_midnight_is_an_overlap() -> None:
    world = World(patient_overlap=True)
    patient = world.patient()
    world.book(world.slot(start=NINE + 14 * HOUR, minutes=180), patient)
    assert world.refusal(ask(world, world.slot(start=NINE + 16 * HOUR), patient=patient)).code == "patient_overlap"


def test_what_is_entered_later_counts_from_when_it_happened() -> None:
    world = World()
    slot = world.slot(3)
    first = world.book(slot)
    before = world.ask(ask(world, slot, occurred_at=datetime(2026, 2, 1, 7, 30, tzinfo=UTC)))
    assert world.line(slot) == [before.id, first]
    assert before.booked_at == datetime(2026, 2, 1, 7, 30, tzinfo=UTC)
    assert created_at(before.id) == world.time
    future = world.refusal(ask(world, slot, occurred_at=datetime(2026, 2, 1, 8, 30, tzinfo=UTC)))
    assert (future.family, future.facts["field"]) == ("invalid", "occurred_at")


def test_who_waits_and_became_eligible_comes_before_who_asks_now() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    busy = world.patient()
    entry = world.book(slot, busy)
    world.book(world.slot(), busy)
    world.ask(CancelToken(token_id=token))  # passes over: the patient has a token elsewhere
    world.ask(ChangePolicy(double_booking="off"))
    late = world.book(slot)
    assert world.outcome == "waiting"
    assert (world.token(entry).status, world.token(late).status) == ("CONFIRMED", "WAITING")


def test_who_asks_again_gets_the_seat_that_he_waits_for() -> None:
    world = World()
    slot, (token,) = world.full_slot(1)
    busy = world.patient()
    entry = world.book(slot, busy)
    world.book(world.slot(), busy)
    world.ask(CancelToken(token_id=token))
    world.ask(ChangePolicy(double_booking="off"))
    assert world.book(slot, busy) == entry
    assert (world.outcome, world.token(entry).status) == ("created", "CONFIRMED")


@pytest.mark.parametrize("stop", range(3))
def test_a_day_with_more_tokens_than_numbers_goes_on(stop: int) -> None:
    world = World()
    slot, tokens = world.full_slot(3)
    waiting = [world.book(slot) for _ in range(3)]
    world.ask(CancelToken(token_id=tokens[stop]))
    world.ask(CancelToken(token_id=world.line(slot)[0]))
    assert [world.token(id).status for id in waiting] == ["CONFIRMED", "CONFIRMED", "WAITING"]
