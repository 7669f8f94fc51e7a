"""Held seats: they count, they lapse, and they become a token once."""

from __future__ import annotations

from engine.decisions.book_token import BookToken
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.hold_seat import ConfirmHold, HoldSeat, ReleaseHold
from engine.decisions.insert_emergency import InsertEmergency
from tests.engine.deciding import World, reason


def test_a_held_seat_is_nobody_elses() -> None:
    world = World()
    slot = world.slot(1)
    hold = world.ask(HoldSeat(slot_id=slot))
    assert world.refusal(HoldSeat(slot_id=slot)).code == "slot_full"
    entry = world.book(slot)
    assert world.outcome == "waiting"
    view = world.ask(ConfirmHold(hold_id=hold.id, patient_id=world.patient(), category="WALKIN"))
    assert (view.status, view.ticket_code) == ("CONFIRMED", "CAR-001")
    assert world.token(entry).status == "WAITING"


def test_the_same_client_gets_the_same_hold_while_it_lives() -> None:
    world = World(hold_minutes=5)
    slot = world.slot(2)
    first = world.ask(HoldSeat(slot_id=slot, client_hold_id="desk 4"))
    assert world.ask(HoldSeat(slot_id=slot, client_hold_id="desk 4")) == first
    assert len(world.state(slot).holds) == 1
    world.later(5)
    assert world.ask(HoldSeat(slot_id=slot, client_hold_id="desk 4")).id != first.id


def test_a_hold_lapses_and_its_seat_goes_to_who_waits() -> None:
    world = World()
    slot = world.slot(1)
    hold = world.ask(HoldSeat(slot_id=slot)).id
    entry = world.book(slot)
    world.later(5)
    assert world.token(entry).status == "CONFIRMED"
    gone = world.refusal(ConfirmHold(hold_id=hold, patient_id=world.patient(), category="ONLINE"))
    assert (gone.code, gone.family) == ("hold_expired", "gone")


def test_a_hold_is_over_at_its_instant_even_if_the_timer_is_late() -> None:
    world = World(hold_minutes=5)
    hold = world.ask(HoldSeat(slot_id=world.slot(1))).id
    world.time += 5 * 60_000_000
    gone = world.refusal(ConfirmHold(hold_id=hold, patient_id=world.patient(), category="ONLINE"))
    assert gone.code == "hold_expired"


def test_a_hold_is_confirmed_once() -> None:
    world = World()
    hold = world.ask(HoldSeat(slot_id=world.slot(2))).id
    confirm = ConfirmHold(hold_id=hold, patient_id=world.patient(), category="ONLINE")
    world.ask(confirm)
    assert world.refusal(confirm).code == "hold_expired"
    assert world.refusal(ReleaseHold(hold_id=hold)).facts["ended"] == "confirmed"


def test_a_released_hold_gives_its_seat_back() -> None:
    world = World()
    slot = world.slot(1)
    hold = world.ask(HoldSeat(slot_id=slot)).id
    entry = world.book(slot)
    world.ask(ReleaseHold(hold_id=hold))
    assert (world.outcome, world.token(entry).status) == ("removed", "CONFIRMED")


def test_a_hold_for_a_patient_is_that_patients() -> None:
    world = World()
    patient = world.patient()
    hold = world.ask(HoldSeat(slot_id=world.slot(1), patient_id=patient)).id
    wrong = world.refusal(ConfirmHold(hold_id=hold, patient_id=world.patient(), category="ONLINE"))
    assert wrong.facts["field"] == "patient_id"
    world.ask(ConfirmHold(hold_id=hold, patient_id=patient, category="ONLINE"))


def test_a_confirmation_is_a_booking_for_the_patients_day_and_for_quotas() -> None:
    world = World()
    slot = world.slot(3, quotas={"WALKIN": {"max": 0}})
    hold = world.ask(HoldSeat(slot_id=slot)).id
    patient = world.patient()
    world.book(world.slot(1), patient)
    assert world.refusal(ConfirmHold(hold_id=hold, patient_id=patient, category="ONLINE")).code == "double_booking"
    quota = world.refusal(ConfirmHold(hold_id=hold, patient_id=world.patient(), category="WALKIN"))
    assert quota.code == "channel_quota"
    assert hold in world.state(slot).holds


def test_an_emergency_does_not_take_a_held_seat() -> None:
    world = World()
    slot = world.slot(1)
    hold = world.ask(HoldSeat(slot_id=slot)).id
    assert world.ask(InsertEmergency(slot_id=slot, patient_id=world.patient())).override
    world.ask(ConfirmHold(hold_id=hold, patient_id=world.patient(), category="ONLINE"))
    assert (world.state(slot).regular, world.state(slot).overrides) == (1, 1)


def test_the_capacity_is_not_taken_from_under_a_hold() -> None:
    world = World()
    slot = world.slot(2)
    world.ask(HoldSeat(slot_id=slot))
    world.book(slot)
    assert world.refusal(ChangeSlot(slot_id=slot, max_capacity=1)).code == "capacity_below_booked"


def test_a_hold_ends_with_its_slot() -> None:
    world = World()
    slot = world.slot(1)
    hold = world.ask(HoldSeat(slot_id=slot)).id
    world.ask(CancelSlot(slot_id=slot, reason=reason()))
    late = ConfirmHold(hold_id=hold, patient_id=world.patient(), category="ONLINE")
    assert world.refusal(late).code == "hold_expired"


def test_an_unknown_hold_is_not_found() -> None:
    world = World()
    assert world.refusal(ReleaseHold(hold_id=world.patient())).code == "not_found"


def test_a_held_overbooked_seat_becomes_an_overbooked_token() -> None:
    world = World(overbook_pct=100)
    slot, _ = world.full_slot(1)
    hold = world.ask(HoldSeat(slot_id=slot)).id
    world.ask(ConfirmHold(hold_id=hold, patient_id=world.patient(), category="ONLINE"))
    assert world.state(slot).overbooked == 1
    world.ask(BookToken(slot_id=slot, patient_id=world.patient(), category="ONLINE"))
    assert world.outcome == "waiting"
