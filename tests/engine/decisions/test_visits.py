"""A token and its ticket: check-in opens it in the same commit, and whatever becomes of one becomes of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.actors.service.state import Service, Ticket
from engine.actors.service_day import service_day_key
from engine.decisions.call_next import CallNext, CallTicket
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_category import ChangeCategory
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.no_show import MarkNoShow
from engine.decisions.patients import MergePatients
from engine.decisions.reschedule_token import RescheduleToken
from engine.decisions.serve_ticket import (
    CancelTicket,
    CompleteTicket,
    ParkTicket,
    ResumeTicket,
    StartTicket,
    TicketNoAnswer,
)
from engine.decisions.services import AddService
from engine.decisions.transfer_ticket import TransferTicket
from engine.decisions.undo_ticket import UndoTicket
from engine.decisions.undo_token import UndoToken
from tests.engine.deciding import World, reason


def service_of(world: World, slot: str) -> Service:
    found: Service = world.states[f"service:{world.state(slot).doctor_id}"]
    return found


def ended(world: World, service: str, ticket: str, day: str = "2026-02-01") -> Ticket:
    found: Ticket = world.states[service_day_key(service, day)].tickets[ticket]
    return found


def arrived(world: World, slot: str, category: Any = "ONLINE") -> str:
    token = world.book(slot, category=category)
    world.ask(CheckIn(token_id=token))
    return token


def test_check_in_opens_a_ticket_with_the_tokens_id_and_code_in_the_doctors_queue() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    assert [type(event).__name__ for _, event in world.events] == [
        "PatientArrived", "ServiceOpened", "TicketJoined", "TicketNear",
    ]  # fmt: skip
    service = service_of(world, slot)
    ticket = service.tickets[token]
    assert (ticket.code, ticket.token_id, ticket.priority) == (f"{world.state(slot).prefix}-001", token, "low")
    assert service.doctor_id == world.state(slot).doctor_id


@pytest.mark.parametrize(
    ("category", "priority"),
    [("EMERGENCY", "high"), ("PRIORITY_PAID", "medium"), ("FOLLOWUP", "medium"), ("ONLINE", "low"), ("WALKIN", "low")],
)
def test_a_tier_has_its_priority_in_the_queue(category: Any, priority: str) -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot, category)
    assert service_of(world, slot).tickets[token].priority == priority


def test_from_check_in_on_the_queue_governs_the_order_first_in_by_check_in() -> None:
    world = World()
    slot = world.slot(3)
    early, late = world.book(slot), world.book(slot)
    world.ask(CheckIn(token_id=late))
    world.ask(CheckIn(token_id=early))
    doctor = world.state(slot).doctor_id
    assert world.ask(CallNext(service_id=doctor, counter="1")).ticket.id == late
    assert world.token(late).phase == "CALLED"
    assert world.token(early).phase == "ARRIVED"


def test_a_walk_from_call_to_completion_is_one_for_both() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    doctor = world.state(slot).doctor_id
    world.ask(CallNext(service_id=doctor, counter="1"))
    world.ask(StartTicket(ticket_id=token))
    assert world.token(token).phase == "IN_CONSULT"
    answer = world.ask(CompleteTicket(ticket_id=token, counter="1"))
    assert answer.status == "completed"
    assert world.token(token).status == "COMPLETED"
    assert ended(world, doctor, token).status == "completed"
    assert token not in service_of(world, slot).tickets


def test_the_same_walk_from_the_tokens_side() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    world.ask(CallToken(token_id=token))
    assert service_of(world, slot).tickets[token].status == "called"
    world.ask(CallToken(token_id=token))
    assert service_of(world, slot).tickets[token].calls == 2
    world.ask(StartConsult(token_id=token))
    assert service_of(world, slot).tickets[token].status == "consulting"
    world.ask(CompleteConsult(token_id=token))
    assert ended(world, world.state(slot).doctor_id, token).status == "completed"


def test_no_answer_puts_both_back_and_after_all_calls_both_are_a_no_show_whose_seat_is_given_away() -> None:
    world = World()
    slot = world.slot(1)
    token = arrived(world, slot)
    waiting = world.book(slot)
    doctor = world.state(slot).doctor_id
    for calls in (1, 2, 3):
        world.later(6)
        world.ask(CallNext(service_id=doctor, counter="1"))
        assert world.token(token).calls == calls
        world.ask(TicketNoAnswer(ticket_id=token))
        if calls < 3:
            assert world.token(token).phase == "ARRIVED"
            assert service_of(world, slot).tickets[token].status == "waiting"
    assert world.token(token).status == "NO_SHOW"
    assert ended(world, doctor, token).status == "no_show"
    assert world.token(waiting).status == "CONFIRMED"


def test_cancelling_either_cancels_both_and_promotes() -> None:
    ways: tuple[Callable[[str], Any], ...] = (
        lambda id: CancelToken(token_id=id),
        lambda id: CancelTicket(ticket_id=id),
    )
    for command in ways:
        world = World()
        slot = world.slot(1)
        token = arrived(world, slot)
        waiting = world.book(slot)
        world.ask(command(token))
        assert world.token(token).status == "CANCELLED"
        assert ended(world, world.state(slot).doctor_id, token).status == "cancelled"
        assert world.token(waiting).status == "CONFIRMED"


def test_a_slot_on_pause_is_passed_over_and_the_next_is_called() -> None:
    world = World()
    slot = world.slot(3)
    doctor = world.state(slot).doctor_id
    later = world.slot(3, doctor=doctor, start=world.state(slot).end)
    first, second = arrived(world, slot), arrived(world, later)
    world.ask(ChangeSlot(slot_id=slot, paused=True))
    assert world.ask(CallNext(service_id=doctor, counter="1")).ticket.id == second
    assert world.token(first).phase == "ARRIVED"


def test_another_category_is_another_priority() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    world.ask(ChangeCategory(token_id=token, category="PRIORITY_PAID", reason=reason("paid")))
    assert service_of(world, slot).tickets[token].priority == "medium"


def test_a_late_patient_gets_a_ticket_when_he_comes_back() -> None:
    world = World()
    slot = world.slot(2)
    token = world.book(slot)
    world.later(80)
    assert world.token(token).status == "NO_SHOW"
    world.ask(CheckIn(token_id=token))
    assert service_of(world, slot).tickets[token].status == "waiting"


def test_a_called_patient_who_was_a_no_show_comes_back_under_the_same_ticket() -> None:
    world = World()
    slot = world.slot(2)
    token = arrived(world, slot)
    world.ask(CallToken(token_id=token))
    for _ in range(2):
        world.ask(CallToken(token_id=token))
    world.ask(MarkNoShow(token_id=token))
    doctor = world.state(slot).doctor_id
    assert ended(world, doctor, token).status == "no_show"
    world.ask(CheckIn(token_id=token))
    assert service_of(world, slot).tickets[token].status == "waiting"
    assert token not in world.states[service_day_key(doctor, "2026-02-01")].tickets


def test_a_token_that_moves_to_another_doctor_takes_its_ticket_along() -> None:
    world = World()
    slot, other = world.slot(2), world.slot(2)
    token = arrived(world, slot)
    world.ask(RescheduleToken(token_id=token, slot_id=other))
    there = service_of(world, other)
    assert there.tickets[token].code == f"{world.state(other).prefix}-001"
    assert token not in service_of(world, slot).tickets


def test_undo_is_one_for_both() -> None:
    world = World()
    slot = world.slot(2)
    token = arrived(world, slot)
    doctor = world.state(slot).doctor_id
    world.ask(CallNext(service_id=doctor, counter="1"))
    world.ask(UndoTicket(ticket_id=token))
    assert world.token(token).phase == "ARRIVED"
    assert service_of(world, slot).tickets[token].status == "waiting"
    world.ask(CallNext(service_id=doctor, counter="1"))
    world.ask(StartTicket(ticket_id=token))
    world.ask(CompleteTicket(ticket_id=token))
    world.ask(UndoToken(token_id=token))
    assert world.token(token).phase == "IN_CONSULT"
    assert service_of(world, slot).tickets[token].status == "consulting"
    assert token not in world.states[service_day_key(doctor, "2026-02-01")].tickets


def test_a_cancelled_slot_takes_all_its_tickets_out_of_line() -> None:
    world = World()
    slot = world.slot(3)
    tokens = [arrived(world, slot) for _ in range(3)]
    world.ask(CancelSlot(slot_id=slot, reason=reason("ill")))
    assert service_of(world, slot).tickets == {}
    assert {ended(world, world.state(slot).doctor_id, token).status for token in tokens} == {"cancelled"}


def test_parked_and_resumed_the_token_stays_arrived() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    world.ask(CallToken(token_id=token))
    world.ask(ParkTicket(ticket_id=token))
    assert world.token(token).phase == "ARRIVED"
    world.ask(ResumeTicket(ticket_id=token))
    assert service_of(world, slot).tickets[token].status == "waiting"


def test_a_ticket_that_went_to_the_laboratory_is_left_alone_and_comes_back_exempt() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    doctor = world.state(slot).doctor_id
    lab = world.ask(AddService(name="Laboratory")).id
    world.ask(TransferTicket(ticket_id=token, to_service=lab))
    assert world.ask(CallNext(service_id=lab, counter="1")).ticket.code == f"{world.state(slot).prefix}-001"
    assert world.token(token).phase == "ARRIVED"
    world.ask(TicketNoAnswer(ticket_id=token))
    world.ask(TransferTicket(ticket_id=token, to_service=doctor))
    back = service_of(world, slot).tickets[token]
    assert [leg.service_id for leg in back.legs] == [doctor, lab]
    world.ask(CallTicket(ticket_id=token, counter="1"))
    assert world.token(token).phase == "CALLED"


def test_merged_records_share_the_ticket() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    into = world.patient()
    world.ask(MergePatients(patient_id=world.token(token).patient_id, into=into))
    assert service_of(world, slot).tickets[token].patient_id == into


def test_who_comes_back_to_the_doctor_while_his_ticket_is_at_the_laboratory_has_one_ticket() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    lab = world.ask(AddService(name="Laboratory")).id
    world.ask(TransferTicket(ticket_id=token, to_service=lab))
    for _ in range(3):
        world.ask(CallToken(token_id=token))
    world.ask(MarkNoShow(token_id=token))
    world.ask(CheckIn(token_id=token))
    assert token in world.states[f"service:{lab}"].tickets
    assert token not in service_of(world, slot).tickets


def test_who_was_called_while_his_ticket_was_at_the_laboratory_waits_again_with_it() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    lab = world.ask(AddService(name="Laboratory")).id
    world.ask(TransferTicket(ticket_id=token, to_service=lab))
    world.ask(CallToken(token_id=token))
    world.ask(TransferTicket(ticket_id=token, to_service=world.state(slot).doctor_id))
    assert service_of(world, slot).tickets[token].status == "waiting"
    assert (world.token(token).phase, world.token(token).calls) == ("ARRIVED", 1)


def test_a_ticket_does_not_come_back_to_wait_for_a_consultation_that_has_begun_or_is_over() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    lab = world.ask(AddService(name="Laboratory")).id
    world.ask(TransferTicket(ticket_id=token, to_service=lab))
    world.ask(CallToken(token_id=token))
    world.ask(StartConsult(token_id=token))
    back = TransferTicket(ticket_id=token, to_service=world.state(slot).doctor_id)
    for state in ("IN_CONSULT", "COMPLETED"):
        refused = world.refusal(back)
        assert (refused.code, refused.facts["token_state"]) == ("invalid_transition", state)
        if state == "IN_CONSULT":
            world.ask(CompleteConsult(token_id=token))
    assert token in world.states[f"service:{lab}"].tickets


def test_an_undone_consultation_does_not_open_what_ended_at_the_laboratory() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    lab = world.ask(AddService(name="Laboratory")).id
    world.ask(TransferTicket(ticket_id=token, to_service=lab))
    world.ask(CallNext(service_id=lab, counter="1"))
    world.ask(StartTicket(ticket_id=token))
    world.ask(CompleteTicket(ticket_id=token))
    world.later(5)
    world.ask(CallToken(token_id=token))
    world.ask(StartConsult(token_id=token))
    world.ask(CompleteConsult(token_id=token))
    world.ask(UndoToken(token_id=token))
    assert world.token(token).phase == "IN_CONSULT"
    assert ended(world, lab, token).status == "completed"


def test_an_undone_cancellation_opens_no_ticket_for_a_patient_whose_check_in_was_taken_back() -> None:
    world = World()
    slot = world.slot(3)
    token = arrived(world, slot)
    world.ask(UndoToken(token_id=token))
    world.ask(CancelToken(token_id=token))
    world.ask(UndoToken(token_id=token))
    assert (world.token(token).status, world.token(token).phase) == ("CONFIRMED", "BOOKED")
    assert token not in service_of(world, slot).tickets
