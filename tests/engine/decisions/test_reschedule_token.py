"""Moving a token: what it keeps, what it leaves behind, and that a refusal leaves all as it was."""

from __future__ import annotations

from engine.decider import DAY, HOUR
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.reschedule_token import RescheduleToken
from tests.engine.deciding import NINE, World, reason


def test_within_a_doctors_day_it_keeps_id_code_and_rank() -> None:
    world = World()
    doctor = world.doctor()
    old, new = world.slot(2, doctor=doctor), world.slot(3, doctor=doctor, start=NINE + HOUR)
    world.book(old)
    token = world.book(old)
    later = world.book(new)
    booked_at = world.token(token).booked_at
    view = world.ask(RescheduleToken(token_id=token, slot_id=new, reason=reason()))
    assert (view.id, view.slot_id, view.ticket_code, view.reschedules) == (token, new, "CAR-002", 1)
    assert (world.token(token).booked_at, world.line(new)) == (booked_at, [token, later])
    assert world.tables["tokens"][token] == f"slot:{new}"


def test_another_doctor_gives_a_new_code_and_another_day_a_new_rank() -> None:
    world = World()
    old = world.slot(1)
    token = world.book(old)
    booked_at = world.token(token).booked_at
    dentist = world.slot(1, doctor=world.doctor("Dentistry"))
    assert world.ask(RescheduleToken(token_id=token, slot_id=dentist)).ticket_code == "DEN-001"
    assert world.token(token).booked_at == booked_at
    tomorrow = world.slot(1, start=NINE + DAY)
    world.ask(RescheduleToken(token_id=token, slot_id=tomorrow))
    assert world.token(token).booked_at == world.time
    patient = world.token(token).patient_id
    assert [one.state for one in world.patient_day(patient).commitments] == ["over"]
    assert [one.state for one in world.patient_day(patient, "2026-02-02").commitments] == ["active"]


def test_the_place_left_behind_goes_to_who_waits() -> None:
    world = World()
    old, (token,) = world.full_slot(1)
    entry = world.book(old)
    world.ask(RescheduleToken(token_id=token, slot_id=world.slot(1)))
    assert world.token(entry).status == "CONFIRMED"


def passed_over() -> tuple[World, str, str, str]:
    """A doctor, an entry that went without a free seat of his, and why: the patient's token with the same doctor."""
    world = World(double_booking="doctor_day")
    doctor, patient = world.doctor(), world.patient()
    full, (other,) = world.full_slot(1, doctor=doctor)
    entry = world.book(full, patient)
    token = world.book(world.slot(1, doctor=doctor, start=NINE + HOUR), patient)
    world.ask(CancelToken(token_id=other, reason=reason()))
    assert (world.named("EntryPassedOver")[-1].code, world.token(entry).status) == ("double_booking", "WAITING")
    return world, doctor, entry, token


def test_who_was_passed_over_for_the_token_is_served_when_it_has_moved_out_of_the_way() -> None:
    world, _, entry, token = passed_over()
    world.ask(RescheduleToken(token_id=token, slot_id=world.slot(1, start=NINE + HOUR)))
    assert world.token(entry).status == "CONFIRMED"


def test_a_token_that_stays_in_the_way_where_it_goes_lets_nobody_in() -> None:
    world, doctor, entry, token = passed_over()
    world.ask(RescheduleToken(token_id=token, slot_id=world.slot(1, doctor=doctor, start=NINE + 2 * HOUR)))
    assert world.token(entry).status == "WAITING"
    assert world.named("EntryPassedOver") == []


def test_a_full_or_cancelled_slot_leaves_the_token_where_it_is() -> None:
    world = World()
    token = world.book(world.slot(1))
    full, _ = world.full_slot(1)
    assert world.refusal(RescheduleToken(token_id=token, slot_id=full)).code == "slot_full"
    gone = world.slot(1)
    world.ask(CancelSlot(slot_id=gone))
    assert world.refusal(RescheduleToken(token_id=token, slot_id=gone)).code == "slot_cancelled"
    assert world.refusal(RescheduleToken(token_id=token, slot_id=token)).family == "not_found"


def test_it_is_not_moved_to_where_it_is_nor_once_called() -> None:
    world = World()
    slot = world.slot(1)
    token = world.book(slot)
    assert world.refusal(RescheduleToken(token_id=token, slot_id=slot)).facts["field"] == "slot_id"
    world.ask(CallToken(token_id=token))
    assert world.refusal(RescheduleToken(token_id=token, slot_id=world.slot(1))).code == "invalid_transition"


def test_the_patients_new_day_is_asked() -> None:
    world = World()
    patient = world.patient()
    today, tomorrow = world.book(world.slot(1), patient), world.book(world.slot(1, start=NINE + DAY), patient)
    other = world.slot(1, start=NINE + DAY)
    assert world.refusal(RescheduleToken(token_id=today, slot_id=other)).facts["token_id"] == tomorrow
    world.ask(RescheduleToken(token_id=tomorrow, slot_id=other))


def test_the_limit_of_tokens_does_not_count_the_one_that_moves() -> None:
    world = World(max_active_tokens_per_patient=1)
    token = world.book(world.slot(1))
    world.ask(RescheduleToken(token_id=token, slot_id=world.slot(1, start=NINE + DAY)))
    assert world.token(token).status == "CONFIRMED"


def test_a_token_moves_as_often_as_the_hospital_allows() -> None:
    world = World(max_reschedules=1)
    token = world.book(world.slot(1))
    world.ask(RescheduleToken(token_id=token, slot_id=world.slot(1)))
    assert world.refusal(RescheduleToken(token_id=token, slot_id=world.slot(1))).code == "reschedule_limit"


def test_who_is_here_is_still_here_in_another_slot_of_the_day_and_not_in_one_of_another() -> None:
    world = World()
    token = world.book(world.slot(1))
    world.ask(CheckIn(token_id=token))
    view = world.ask(RescheduleToken(token_id=token, slot_id=world.slot(1, start=NINE + HOUR)))
    assert (view.phase, view.arrived_at is not None) == ("ARRIVED", True)
    view = world.ask(RescheduleToken(token_id=token, slot_id=world.slot(1, start=NINE + DAY)))
    assert (view.phase, view.arrived_at) == ("BOOKED", None)


def test_there_and_back_again_keeps_the_first_code() -> None:
    world = World()
    doctor = world.doctor()
    old, new = world.slot(1, doctor=doctor), world.slot(1, doctor=doctor, start=NINE + HOUR)
    token = world.book(old)
    world.ask(RescheduleToken(token_id=token, slot_id=new))
    world.book(old)
    assert world.ask(RescheduleToken(token_id=token, slot_id=world.slot(1, doctor=doctor, start=NINE + 3 * HOUR)))
    assert world.token(token).number == 1


def test_a_delayed_slot_takes_a_token_and_marks_by_its_own_time() -> None:
    world = World()
    token, new = world.book(world.slot(1)), world.slot(1, start=NINE + HOUR)
    world.ask(DelaySlot(slot_id=new, delay_minutes=30))
    world.ask(RescheduleToken(token_id=token, slot_id=new))
    world.later(60 + 60 + 44)
    assert world.token(token).status == "CONFIRMED"
    world.later(2)
    assert world.token(token).status == "NO_SHOW"
