"""Call whoever comes next to a counter, or somebody out of turn.

R1  A ticket of a token whose slot calls nobody now (the doctor stepped out, the slot was cancelled) is passed over.
R2  An empty queue is no fault: nobody is called, and nothing else happens either.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.hospital import Id
from engine.actors.service import service_key
from engine.actors.service.commands import CallNext as AskNext
from engine.actors.service.commands import CallTicket as AskTicket
from engine.actors.service.decide import next_ticket
from engine.actors.service.events import TicketCalled
from engine.actors.service.state import Service
from engine.actors.service.view import NextView, next_callable_at, ticket_view
from engine.actors.slot import slot_key
from engine.actors.slot.commands import Call, Start
from engine.actors.slot.commands import Together as SlotTogether
from engine.actors.slot.state import Slot, Token
from engine.decider import At, Deciding, Decision, Done, FreeText, Propose, Value
from engine.decisions import finding
from engine.decisions.book_token import Moment, entered
from engine.decisions.finding import Found
from engine.decisions.services import the_service
from engine.decisions.tickets import as_it_is, the_ticket, visit_of
from engine.decisions.visits import ask_service

CounterName = Annotated[str, Meta(min_length=1, max_length=40)]


class CallNext(Value, frozen=True):
    """Call the next ticket to a counter."""

    service_id: Id
    counter: CounterName


class CallTicket(Value, frozen=True):
    """Call this ticket to a counter; out of turn with a reason. ``occurred_at``: when it was called, if before now."""

    ticket_id: Id
    counter: CounterName
    reason: FreeText | None = None
    occurred_at: Moment | None = None


def call_next(command: CallNext, at: At) -> Deciding:
    """R1, R2."""
    hospital = yield from finding.the_hospital()
    service = yield from the_service(command.service_id)
    passed: list[str] = []
    visit: Found | None = None
    while True:
        ticket = next_ticket(service, command.counter, tuple(passed), at.time)
        if ticket is None:
            break
        visit = yield from visit_of(service, ticket)
        if visit is None or _may_be_called(visit.slot, visit.token):
            break
        passed.append(ticket.id)
    events = yield from ask_service(service.id, AskNext(command.counter, at.who, tuple(passed)), hospital, at)
    called = next((event for event in events if isinstance(event, TicketCalled)), None)
    if called is not None and visit is not None:
        yield from _slot_calls(visit, called)
    key = service_key(service.id)

    def answer(look: Any) -> NextView:
        after: Service = look(key)
        view = None if called is None else ticket_view(after, after.tickets[called.ticket_id], at.time)
        again = None if view else next_callable_at(after, at.time)
        return NextView(view, len(after.line), None if again is None else calendar.moment(again))

    return Done(answer, subject="" if called is None else service.tickets[called.ticket_id].patient_id)


def call_ticket(command: CallTicket, at: At) -> Deciding:
    """The order of the others stays as it is."""
    hospital = yield from finding.the_hospital()
    service, ticket = yield from the_ticket(command.ticket_id, "called")
    visit = yield from visit_of(service, ticket)
    happened_at = entered(command.occurred_at, at.time)
    ask = AskTicket(ticket.id, command.counter, at.who, command.reason, happened_at=happened_at)
    events = yield from ask_service(service.id, ask, hospital, at)
    if visit is not None:
        for event in events:
            if isinstance(event, TicketCalled):
                yield from _slot_calls(visit, event)
    return as_it_is(service, ticket, hospital, at)


def _may_be_called(slot: Slot, token: Token) -> bool:
    """R1."""
    return (
        token.status == "CONFIRMED" and token.phase != "IN_CONSULT" and not slot.paused and slot.status != "CANCELLED"
    )


def _slot_calls(visit: Found, called: TicketCalled) -> finding.Deciding[None]:
    """The token is called as its ticket is."""
    call: Any = Call(visit.token.id, called.happened_at)
    if called.starts:
        call = SlotTogether((call, Start(visit.token.id, called.happened_at)))
    yield Propose(slot_key(visit.slot.id), call)


CALL_NEXT = Decision(command=CallNext, run=call_next, home=lambda command, find: find("services", command.service_id))
CALL_TICKET = Decision(
    command=CallTicket, run=call_ticket, home=lambda command, find: find("tickets", command.ticket_id)
)
