"""Emergencies: ahead, over the capacity, never doubled, and what they leave behind is filled."""

from __future__ import annotations

from engine.decider import HOUR, MINUTE
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_category import ChangeCategory
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.hold_seat import ConfirmHold, HoldSeat
from engine.decisions.insert_emergency import InsertEmergency
from engine.decisions.reschedule_token import RescheduleToken
from engine.decisions.undo_token import UndoToken
from tests.engine.deciding import NINE, World, reason


def test_an_emergency_comes_behind_who_was_called_and_before_all_others() -> None:
    world = World()
    slot = world.slot(4)
    called, next_one, last = (world.book(slot) for _ in range(3))
    world.ask(CallToken(token_id=called))
    view = world.ask(InsertEmergency(slot_id=slot, patient_id=world.patient()))
    assert world.line(slot) == [called, view.id, next_one, last]
    assert view.token_number == 2
    assert [(one.id, one.token_number) for one in view.affected] == [(next_one, 3), (last, 4)]
    assert view.affected_count == 2


def test_a_free_seat_is_taken_before_the_capacity_is_exceeded() -> None:
    world = World()
    slot = world.slot(1)
    first, second = world.book(slot, category="EMERGENCY"), world.book(slot, category="EMERGENCY")
    assert [world.token(id).override for id in (first, second)] == [False, True]
    assert (world.state(slot).regular, world.state(slot).overrides) == (1, 1)


def test_a_regular_emergency_that_is_cancelled_gives_its_seat_to_the_next() -> None:
    world = World()
    slot = world.slot(1)
    emergency = world.book(slot, category="EMERGENCY")
    waiting = world.book(slot)
    world.ask(CancelToken(token_id=emergency))
    assert world.token(waiting).status == "CONFIRMED"


def test_a_completed_override_leaves_the_regular_count_alone() -> None:
    world = World()
    slot, _ = world.full_slot(1)
    waiting, emergency = world.book(slot), world.book(slot, category="EMERGENCY")
    world.ask(CompleteConsult(token_id=emergency, force=True, reason=reason()))
    assert (world.state(slot).regular, world.state(slot).overrides) == (1, 0)
    assert world.token(waiting).status == "WAITING"


def test_a_token_elsewhere_moves_here_with_id_code_and_booking_and_its_place_is_filled() -> None:
    world = World()
    doctor = world.doctor()
    old, (token,) = world.full_slot(1, doctor=doctor)
    waiting = world.book(old)
    new, _ = world.full_slot(1, doctor=doctor, start=NINE + HOUR)
    before = (world.token(token).number, world.token(token).booked_at)
    patient = world.token(token).patient_id
    view = world.ask(InsertEmergency(slot_id=new, patient_id=patient))
    moved = world.token(token)
    assert (view.id, view.slot_id, moved.category) == (token, new, "EMERGENCY")
    assert (moved.number, moved.booked_at) == before
    assert (moved.override, world.line(new)[0]) == (True, token)
    assert world.token(waiting).status == "CONFIRMED"
    assert token not in world.state(old).tokens
    assert [one.slot_id for one in world.patient_day(patient).commitments] == [new]


def test_a_token_of_another_doctor_gets_a_code_of_the_new_series() -> None:
    world = World()
    old, new = world.slot(1), world.slot(1, doctor=world.doctor("Dentistry"))
    patient = world.patient()
    token = world.book(old, patient)
    assert world.ask(InsertEmergency(slot_id=new, patient_id=patient)).ticket_code == "DEN-001"
    assert world.token(token).override is False


def test_who_is_in_consultation_elsewhere_is_upgraded_where_he_is() -> None:
    world = World()
    slot, other, patient = world.slot(1), world.slot(1), world.patient()
    token = world.book(slot, patient)
    world.ask(CallToken(token_id=token))
    world.ask(StartConsult(token_id=token))
    view = world.ask(InsertEmergency(slot_id=other, patient_id=patient))
    assert (view.id, view.slot_id, view.phase, view.category) == (token, slot, "IN_CONSULT", "EMERGENCY")


def test_who_waits_for_this_slot_gets_the_token_of_his_entry_and_leaves_the_other_lists() -> None:
    world = World()
    here, _ = world.full_slot(1)
    there, _ = world.full_slot(1)
    patient = world.patient()
    entry, elsewhere = world.book(here, patient), world.book(there, patient)
    booked_at = world.token(entry).booked_at
    view = world.ask(BookToken(slot_id=here, patient_id=patient, category="EMERGENCY"))
    assert (view.id, view.override, world.token(entry).booked_at) == (entry, True, booked_at)
    assert world.token(elsewhere).status == "CANCELLED"


def test_an_offer_left_behind_by_an_emergency_goes_to_the_next() -> None:
    world = World(promotion="offer")
    there, (token,) = world.full_slot(1)
    here = world.slot(1)
    patient = world.patient()
    offered, following = world.book(there, patient), world.book(there)
    world.ask(CancelToken(token_id=token))
    assert world.token(offered).status == "OFFERED"
    world.ask(InsertEmergency(slot_id=here, patient_id=patient))
    assert (world.token(offered).status, world.token(following).status) == ("CANCELLED", "OFFERED")


def test_a_lapsed_offer_does_not_stop_an_emergency() -> None:
    world = World(promotion="offer", offer_minutes=10)
    slot, (token,) = world.full_slot(1)
    patient = world.patient()
    entry = world.book(slot, patient)
    world.ask(CancelToken(token_id=token))
    world.time += 10 * MINUTE
    assert world.ask(InsertEmergency(slot_id=slot, patient_id=patient)).id == entry


def test_an_emergency_whose_cancellation_is_undone_gets_the_seat_there_is() -> None:
    world = World(overbook_pct=50)
    slot, patient = world.slot(2), world.patient()
    emergency = world.book(slot, patient, "EMERGENCY")
    world.book(slot)
    world.ask(CancelToken(token_id=emergency))
    world.book(slot)
    world.ask(UndoToken(token_id=emergency))
    assert (world.token(emergency).override, world.state(slot).regular, world.state(slot).overrides) == (True, 2, 1)


def test_an_emergency_twice_is_the_same_emergency() -> None:
    world = World()
    slot, patient = world.slot(1), world.patient()
    first = world.ask(InsertEmergency(slot_id=slot, patient_id=patient))
    assert world.ask(InsertEmergency(slot_id=slot, patient_id=patient)).id == first.id
    assert world.events == []


def test_emergencies_are_ordered_by_when_they_became_one() -> None:
    world = World()
    slot = world.slot(3)
    early, patient = world.book(slot), world.patient()
    upgraded = world.book(slot, patient)
    fresh = world.book(slot, category="EMERGENCY")
    world.ask(InsertEmergency(slot_id=slot, patient_id=patient))
    assert world.line(slot) == [fresh, upgraded, early]
    world.ask(ChangeCategory(token_id=early, category="EMERGENCY", reason=reason()))
    assert world.line(slot) == [fresh, upgraded, early]


def test_a_held_seat_confirmed_for_an_emergency_is_that_seat() -> None:
    world = World()
    slot = world.slot(1)
    hold = world.ask(HoldSeat(slot_id=slot)).id
    view = world.ask(ConfirmHold(hold_id=hold, patient_id=world.patient(), category="EMERGENCY"))
    assert (view.override, world.state(slot).holds) == (False, {})


def test_an_emergency_is_rescheduled_even_into_a_full_slot() -> None:
    world = World()
    full, _ = world.full_slot(1)
    token = world.book(world.slot(1), category="EMERGENCY")
    assert world.ask(RescheduleToken(token_id=token, slot_id=full)).override


def test_an_arrived_patient_who_becomes_an_emergency_elsewhere_is_still_here() -> None:
    world = World()
    old, new, patient = world.slot(1), world.slot(1), world.patient()
    token = world.book(old, patient)
    world.ask(CheckIn(token_id=token))
    view = world.ask(InsertEmergency(slot_id=new, patient_id=patient))
    assert (view.slot_id, view.phase, view.arrived_at is not None) == (new, "ARRIVED", True)
