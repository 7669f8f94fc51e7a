"""Decisions over services and tickets: joining, calling, transferring, the groups, the end of a day."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.service.state import Counter, Service, ServiceSettings
from engine.actors.service_day import service_day_key
from engine.decider import FreeText
from engine.decisions.call_next import CallNext, CallTicket
from engine.decisions.join_queue import JoinQueue
from engine.decisions.serve_ticket import CancelTicket, CompleteTicket, ParkTicket, StartTicket, TicketNoShow
from engine.decisions.services import AddService, ChangeService, EndServiceDay, SetServiceStatus
from engine.decisions.transfer_ticket import TransferTicket
from engine.decisions.undo_ticket import UndoTicket
from engine.errors import Invalid, NotFound
from tests.engine.deciding import World

NOBODY = "01900000-0000-7000-8000-000000000000"


def opened(world: World, name: str = "Laboratory", **settings: Any) -> str:
    id: str = world.ask(AddService(name=name, settings=ServiceSettings(**settings))).id
    return id


def joined(world: World, service: str, priority: Any = "low", patient: str | None = None) -> str:
    id: str = world.ask(JoinQueue(service_id=service, priority=priority, patient_id=patient)).id
    return id


def state(world: World, service: str) -> Service:
    found: Service = world.states[f"service:{service}"]
    return found


def test_a_prefix_is_one_services_or_doctors_alone() -> None:
    world = World()
    world.doctor("Cardiology")
    assert world.refusal(AddService(name="Cashier", prefix="CAR")).code == "prefix_taken"
    assert world.ask(AddService(name="Cardiac echo")).prefix == "CA2"


def test_a_ticket_has_the_services_code_its_place_and_a_link() -> None:
    world = World()
    service = opened(world)
    first = world.ask(JoinQueue(service_id=service))
    second = world.ask(JoinQueue(service_id=service, priority="high"))
    assert (first.code, first.position, second.code, second.position) == ("LAB-001", 1, "LAB-002", 1)
    assert first.link.text.startswith(first.id + ".")
    assert len(first.link.text) == len(first.id) + 33


def test_an_unknown_patient_service_or_ticket_is_not_found() -> None:
    world = World()
    service = opened(world)
    for command in (
        JoinQueue(service_id=NOBODY),
        JoinQueue(service_id=service, patient_id=NOBODY),
        CallNext(service_id=NOBODY, counter="1"),
        StartTicket(ticket_id=NOBODY),
        UndoTicket(ticket_id=NOBODY),
        TransferTicket(ticket_id=NOBODY, to_service=service),
    ):
        assert isinstance(world.refusal(command), NotFound)


def test_an_empty_queue_calls_nobody_and_completes_nobody() -> None:
    world = World()
    service = opened(world, counters=(Counter(name="1"), Counter(name="2")))
    ticket = joined(world, service)
    world.ask(CallNext(service_id=service, counter="1"))
    world.ask(StartTicket(ticket_id=ticket))
    answer = world.ask(CallNext(service_id=service, counter="2"))
    assert (answer.ticket, answer.remaining, world.events) == (None, 0, [])
    assert state(world, service).tickets[ticket].status == "consulting"


def test_a_busy_counter_calls_nobody() -> None:
    world = World()
    service = opened(world)
    first = joined(world, service)
    joined(world, service)
    world.ask(CallNext(service_id=service, counter="1"))
    refused = world.refusal(CallNext(service_id=service, counter="1"))
    assert (refused.code, refused.facts["ticket_id"]) == ("counter_busy", first)


def test_a_completion_names_the_person_and_nothing_else_completes() -> None:
    world = World()
    service = opened(world)
    ticket = joined(world, service)
    assert world.refusal(CompleteTicket(ticket_id=ticket)).code == "invalid_transition"
    world.ask(CallNext(service_id=service, counter="1"))
    assert world.refusal(CompleteTicket(ticket_id=ticket)).code == "invalid_transition"
    world.ask(StartTicket(ticket_id=ticket))
    world.later(10_000)
    assert state(world, service).tickets[ticket].status == "consulting"
    world.ask(CompleteTicket(ticket_id=ticket, counter="1"))
    (event,) = world.named("TicketEnded")
    assert (event.status, event.by) == ("completed", world.who)


def test_another_counter_cannot_complete_it() -> None:
    world = World()
    service = opened(world, counters=(Counter(name="1"), Counter(name="2")))
    ticket = joined(world, service)
    world.ask(CallNext(service_id=service, counter="1"))
    world.ask(StartTicket(ticket_id=ticket))
    assert world.refusal(CompleteTicket(ticket_id=ticket, counter="2")).code == "counter_busy"


def test_a_transfer_is_all_or_none() -> None:
    world = World()
    one, two = opened(world), opened(world, "X-ray")
    patient = world.patient()
    ticket = joined(world, one, patient=patient)
    there = joined(world, two, patient=patient)
    refused = world.refusal(TransferTicket(ticket_id=ticket, to_service=two))
    assert (refused.code, refused.facts["ticket_id"]) == ("already_in_queue", there)
    world.ask(CancelTicket(ticket_id=there))
    moved = world.ask(TransferTicket(ticket_id=ticket, to_service=two))
    assert (moved.id, moved.code, moved.service_id) == (ticket, "LAB-001", two)
    assert [leg.service_id for leg in moved.legs] == [one]
    assert ticket not in state(world, one).tickets


def test_a_transfer_to_where_it_is_is_refused() -> None:
    world = World()
    service = opened(world)
    ticket = joined(world, service)
    assert isinstance(world.refusal(TransferTicket(ticket_id=ticket, to_service=service)), Invalid)


def test_a_transfer_keeps_the_arrival_where_the_service_says_so() -> None:
    for keeps in (True, False):
        world = World()
        one, two = opened(world), opened(world, "X-ray", transfer_keeps_arrival=keeps)
        ticket = joined(world, one)
        arrived = state(world, one).tickets[ticket].arrived_at
        world.later(10)
        world.ask(TransferTicket(ticket_id=ticket, to_service=two))
        assert (state(world, two).tickets[ticket].arrived_at == arrived) is keeps


def test_an_exclusive_group_has_a_patient_once() -> None:
    world = World()
    one, two = opened(world, exclusive_group="imaging"), opened(world, "X-ray", exclusive_group="imaging")
    patient = world.patient()
    ticket = joined(world, one, patient=patient)
    refused = world.refusal(JoinQueue(service_id=two, patient_id=patient))
    assert (refused.code, refused.facts["ticket_id"]) == ("already_in_queue", ticket)
    world.ask(TransferTicket(ticket_id=ticket, to_service=two))
    world.ask(CancelTicket(ticket_id=ticket))
    joined(world, one, patient=patient)


def test_an_end_is_not_taken_back_where_the_patient_stands_elsewhere_in_the_group() -> None:
    world = World()
    one, two = opened(world, exclusive_group="imaging"), opened(world, "X-ray", exclusive_group="imaging")
    patient = world.patient()
    ticket = joined(world, one, patient=patient)
    world.ask(CancelTicket(ticket_id=ticket))
    other = joined(world, two, patient=patient)
    refused = world.refusal(UndoTicket(ticket_id=ticket))
    assert (refused.code, refused.facts["ticket_id"]) == ("already_in_queue", other)


def test_the_day_ends_by_the_clock_who_waits_expires_and_who_is_served_stays() -> None:
    world = World(zone="Asia/Kolkata")
    service = opened(world, closes_at="18:00", counters=(Counter(name="1"), Counter(name="2")))
    served, waits = joined(world, service), joined(world, service)
    world.ask(CallNext(service_id=service, counter="1"))
    world.ask(StartTicket(ticket_id=served))
    world.later(24 * 60)
    assert list(state(world, service).tickets) == [served]
    assert world.states[service_day_key(service, "2026-02-01")].tickets[waits].status == "expired"
    assert state(world, service).next_close_at > world.time


def test_carried_over_they_keep_their_order() -> None:
    world = World()
    service = opened(world, carry_over=True)
    tickets = [joined(world, service, priority) for priority in ("low", "high", "medium")]
    world.ask(EndServiceDay(service_id=service))
    assert [ticket.id for ticket in state(world, service).line] == [tickets[1], tickets[2], tickets[0]]


def test_what_is_over_is_found_and_its_end_can_be_taken_back() -> None:
    world = World()
    service = opened(world)
    ticket = joined(world, service)
    world.ask(CallNext(service_id=service, counter="1"))
    world.ask(TicketNoShow(ticket_id=ticket))
    refused = world.refusal(StartTicket(ticket_id=ticket))
    assert (refused.facts["from_state"], refused.facts["to_state"]) == ("no_show", "consulting")
    assert world.ask(UndoTicket(ticket_id=ticket)).status == "called"
    assert state(world, service).tickets[ticket].status == "called"


def test_undo_is_for_the_one_who_did_it() -> None:
    world = World()
    service = opened(world)
    ticket = joined(world, service)
    world.ask(CallNext(service_id=service, counter="1"))
    world.who = "somebody else"
    assert world.refusal(UndoTicket(ticket_id=ticket)).code == "undo_refused"


def test_out_of_turn_needs_a_reason() -> None:
    world = World()
    service = opened(world)
    joined(world, service)
    second = joined(world, service)
    assert isinstance(world.refusal(CallTicket(ticket_id=second, counter="1")), Invalid)
    called = world.ask(CallTicket(ticket_id=second, counter="1", reason=FreeText("in pain", "")))
    assert called.status == "called"


@pytest.mark.parametrize(
    ("status", "joins", "calls"), [("paused", True, False), ("inactive", False, True), ("closed", False, False)]
)
def test_a_service_that_is_not_active(status: Any, joins: bool, calls: bool) -> None:
    world = World()
    service = opened(world)
    joined(world, service)
    world.ask(SetServiceStatus(service_id=service, status=status))
    for allowed, command in (
        (joins, JoinQueue(service_id=service)),
        (calls, CallNext(service_id=service, counter="1")),
    ):
        if allowed:
            world.ask(command)
        else:
            assert world.refusal(command).code in ("queue_paused", "queue_closed")


def test_a_counter_that_serves_somebody_cannot_be_taken_away() -> None:
    world = World()
    service = opened(world)
    joined(world, service)
    world.ask(CallNext(service_id=service, counter="1"))
    gone = ServiceSettings(counters=(Counter(name="2"),))
    assert world.refusal(ChangeService(service_id=service, settings=gone)).code == "counter_busy"


def test_parked_too_long_is_said_and_nothing_else_happens() -> None:
    world = World()
    service = opened(world, parked_minutes=10)
    ticket = joined(world, service)
    world.ask(ParkTicket(ticket_id=ticket))
    world.later(25)
    assert state(world, service).tickets[ticket].status == "parked"
    assert state(world, service).tickets[ticket].alerts == 2
