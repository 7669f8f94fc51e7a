"""What happens at a counter and around it: recall, no answer, start, complete, no-show, cancel, park, resume, priority.

R1  What is done to the ticket of an OPD token is done to the token, in the same decision (``visits``).
R2  Nothing completes by itself: a completion is a person's act, and the event names that person.
R3  Where a counter is named, it must be the one that serves the ticket.
R4  What is entered afterwards says when it happened (``occurred_at``): not in the future, and not before what came
    before it (the service and the slot say so). It is filed under the day on which it happened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from engine.actors.hospital import Hospital, Id
from engine.actors.service.commands import Command, End, NoAnswer, Park, Prioritize, Recall, Resume, Start
from engine.actors.service.refusals import CounterBusy
from engine.actors.service.state import Priority, Service, Ticket
from engine.actors.slot import slot_key
from engine.actors.slot.commands import Call, MarkAbsent, StandBack
from engine.actors.slot.commands import Complete as CompleteToken
from engine.actors.slot.commands import Start as StartToken
from engine.decider import At, Deciding, Decision, FreeText, Propose, Value
from engine.decisions import finding
from engine.decisions.book_token import Moment, entered
from engine.decisions.cancel_token import cancelled
from engine.decisions.consult import completed, reason_if_forced
from engine.decisions.finding import Found
from engine.decisions.no_show import absent
from engine.decisions.tickets import as_it_is, the_ticket, visit_of
from engine.decisions.visits import ask_service, ask_slot
from engine.errors import Invalid

CounterName = Annotated[str, Meta(min_length=1, max_length=40)]


class RecallTicket(Value, frozen=True):
    """Announce the call again."""

    ticket_id: Id


class TicketNoAnswer(Value, frozen=True):
    """Nobody came: back in line, or a no-show after as many calls as the service makes."""

    ticket_id: Id


class StartTicket(Value, frozen=True):
    """The patient is at the counter: the consultation begins."""

    ticket_id: Id
    occurred_at: Moment | None = None


class CompleteTicket(Value, frozen=True):
    """The consultation is over; ``force`` (with a reason) where its beginning was never entered."""

    ticket_id: Id
    counter: CounterName | None = None
    force: bool = False
    reason: FreeText | None = None
    occurred_at: Moment | None = None


class TicketNoShow(Value, frozen=True):
    """The patient who was called did not come; ``force`` (with a reason) for one who was not called."""

    ticket_id: Id
    force: bool = False
    reason: FreeText | None = None
    occurred_at: Moment | None = None


class CancelTicket(Value, frozen=True):
    """The patient leaves the queue."""

    ticket_id: Id
    reason: FreeText | None = None
    occurred_at: Moment | None = None


class ParkTicket(Value, frozen=True):
    """Take a ticket out of the line for a while."""

    ticket_id: Id
    reason: FreeText | None = None


class ResumeTicket(Value, frozen=True):
    """Put a parked ticket back, in front of its own priority."""

    ticket_id: Id


class PrioritizeTicket(Value, frozen=True):
    """Give a ticket another priority; it keeps the arrival it had."""

    ticket_id: Id
    priority: Priority
    reason: FreeText


def recall(command: RecallTicket, at: At) -> Deciding:
    """R1."""
    hospital, service, ticket, visit = yield from _found(command.ticket_id, "called")
    yield from ask_service(service.id, Recall(ticket.id, at.who), hospital, at)
    if visit is not None:
        yield Propose(slot_key(visit.slot.id), Call(visit.token.id))
    return as_it_is(service, ticket, hospital, at)


def no_answer(command: TicketNoAnswer, at: At) -> Deciding:
    """R1: the seat of one who is a no-show goes to who waits for it, as after any other."""
    hospital, service, ticket, visit = yield from _found(command.ticket_id, "waiting")
    if visit is not None and ticket.status == "called" and ticket.calls >= service.settings.max_calls:
        yield from absent(hospital, visit.slot, MarkAbsent(ticket.id, hospital.policy, in_vain=True), at)
    else:
        yield from ask_service(service.id, NoAnswer(ticket.id, at.who), hospital, at)
        if visit is not None:
            yield Propose(slot_key(visit.slot.id), StandBack(visit.token.id))
    return as_it_is(service, ticket, hospital, at)


def start(command: StartTicket, at: At) -> Deciding:
    """R1, R4."""
    happened_at = entered(command.occurred_at, at.time)
    hospital, service, ticket, visit = yield from _found(command.ticket_id, "consulting")
    if visit is not None:
        yield from ask_slot(visit.slot, StartToken(visit.token.id, happened_at), hospital, at)
    else:
        yield from ask_service(service.id, Start(ticket.id, at.who, happened_at), hospital, at)
    return as_it_is(service, ticket, hospital, at)


def complete(command: CompleteTicket, at: At) -> Deciding:
    """R1, R2, R3, R4."""
    happened_at = entered(command.occurred_at, at.time)
    reason = reason_if_forced(command.force, command.reason)
    hospital, service, ticket, visit = yield from _found(command.ticket_id, "completed")
    if command.counter is not None and command.counter != ticket.counter:
        raise CounterBusy("another counter serves this ticket", counter=ticket.counter, ticket_id=ticket.id)
    if visit is not None:
        done = CompleteToken(visit.token.id, command.force, reason, happened_at)
        yield from completed(hospital, visit.slot, visit.token, at, done)
    else:
        end = End(ticket.id, "completed", at.who, force=command.force, reason=reason, happened_at=happened_at)
        yield from ask_service(service.id, end, hospital, at)
    return as_it_is(service, ticket, hospital, at, happened_at)


def no_show(command: TicketNoShow, at: At) -> Deciding:
    """R1, R4."""
    happened_at = entered(command.occurred_at, at.time)
    reason = reason_if_forced(command.force, command.reason)
    hospital, service, ticket, visit = yield from _found(command.ticket_id, "no_show")
    if visit is not None and ticket.status == "called":
        mark = MarkAbsent(ticket.id, hospital.policy, in_vain=True, reason=reason, happened_at=happened_at)
        yield from absent(hospital, visit.slot, mark, at)
    else:
        end = End(ticket.id, "no_show", at.who, force=command.force, reason=reason, happened_at=happened_at)
        yield from ask_service(service.id, end, hospital, at)
    return as_it_is(service, ticket, hospital, at, happened_at)


def cancel(command: CancelTicket, at: At) -> Deciding:
    """R1, R4."""
    happened_at = entered(command.occurred_at, at.time)
    hospital, service, ticket, visit = yield from _found(command.ticket_id, "cancelled")
    if visit is not None:
        yield from cancelled(hospital, visit.slot, visit.token, at, command.reason, happened_at)
    else:
        end = End(ticket.id, "cancelled", at.who, reason=command.reason, happened_at=happened_at)
        yield from ask_service(service.id, end, hospital, at)
    return as_it_is(service, ticket, hospital, at, happened_at)


def park(command: ParkTicket, at: At) -> Deciding:
    """R1: a token that was called waits again."""
    hospital, service, ticket, visit = yield from _found(command.ticket_id, "parked")
    yield from ask_service(service.id, Park(ticket.id, at.who, command.reason), hospital, at)
    if visit is not None and ticket.status == "called":
        yield Propose(slot_key(visit.slot.id), StandBack(visit.token.id))
    return as_it_is(service, ticket, hospital, at)


def resume(command: ResumeTicket, at: At) -> Deciding:
    """Only the service decides."""
    hospital, service, ticket, _ = yield from _found(command.ticket_id, "waiting")
    yield from ask_service(service.id, Resume(ticket.id, at.who), hospital, at)
    return as_it_is(service, ticket, hospital, at)


def prioritize(command: PrioritizeTicket, at: At) -> Deciding:
    """Only the service decides; the token keeps its tier."""
    if not command.reason.text.strip():
        raise Invalid("another priority needs a reason", field="reason")
    hospital, service, ticket, _ = yield from _found(command.ticket_id, "waiting")
    ask: Command = Prioritize(ticket.id, command.priority, at.who, command.reason)
    yield from ask_service(service.id, ask, hospital, at)
    return as_it_is(service, ticket, hospital, at)


def _found(ticket_id: str, to_state: str) -> finding.Deciding[tuple[Hospital, Service, Ticket, Found | None]]:
    hospital = yield from finding.the_hospital()
    service, ticket = yield from the_ticket(ticket_id, to_state)
    visit = yield from visit_of(service, ticket)
    return hospital, service, ticket, visit


def _of_ticket(command: type[Any], run: Callable[[Any, At], Deciding]) -> Decision:
    return Decision(command=command, run=run, home=lambda command, find: find("tickets", command.ticket_id))


RECALL_TICKET = _of_ticket(RecallTicket, recall)
TICKET_NO_ANSWER = _of_ticket(TicketNoAnswer, no_answer)
START_TICKET = _of_ticket(StartTicket, start)
COMPLETE_TICKET = _of_ticket(CompleteTicket, complete)
TICKET_NO_SHOW = _of_ticket(TicketNoShow, no_show)
CANCEL_TICKET = _of_ticket(CancelTicket, cancel)
PARK_TICKET = _of_ticket(ParkTicket, park)
RESUME_TICKET = _of_ticket(ResumeTicket, resume)
PRIORITIZE_TICKET = _of_ticket(PrioritizeTicket, prioritize)
