"""What a service answers to a command: its events, or a refusal. Which rule stands where: the package's docstring."""

from __future__ import annotations

from itertools import islice
from typing import assert_never

from engine.actors.service import calling, clock, ending, joining, undoing
from engine.actors.service.commands import (
    CallNext,
    CallTicket,
    Change,
    End,
    EndDay,
    Join,
    NoAnswer,
    Open,
    Park,
    Prioritize,
    Recall,
    Reopen,
    ReplacePatient,
    Resume,
    ServiceCommand,
    SetStatus,
    Start,
    Together,
    TransferOut,
    Undo,
    Wake,
)
from engine.actors.service.events import ServiceEvent, TicketNear
from engine.actors.service.state import Service, Ticket
from engine.actors.service.tally import Tally
from engine.decider import At
from engine.errors import NotFound


def decide(state: Service, command: ServiceCommand, at: At) -> list[ServiceEvent]:
    """The events of a command to a service."""
    tally = Tally(state, at.time)
    for one in command.do if isinstance(command, Together) else (command,):
        if not tally.service.version and not isinstance(one, Open):
            raise NotFound("there is no such service", service_id=state.id)
        step(tally, one)
    if tally.moved:
        tell_who_is_near(tally)
    return tally.events


def next_ticket(service: Service, counter: str, skip: tuple[str, ...], time: int) -> Ticket | None:
    """R5: whom ``CallNext`` at this counter would call, or its refusal."""
    found = calling.first_for(service, calling.free_counter(service, counter), time, skip)
    return None if found is None else found[0]


def step(tally: Tally, command: ServiceCommand) -> None:  # noqa: C901 - one match over a closed set
    """Decide one step."""
    match command:
        case Join():
            joining.join(tally, command)
        case CallNext():
            calling.call_next(tally, command)
        case CallTicket():
            calling.call_ticket(tally, command)
        case Recall():
            calling.recall(tally, command)
        case NoAnswer():
            calling.no_answer(tally, command)
        case Start():
            calling.start(tally, command)
        case End():
            ending.end(tally, command)
        case Park():
            ending.park(tally, command)
        case Resume():
            ending.resume(tally, command)
        case Prioritize():
            ending.prioritize(tally, command)
        case TransferOut():
            ending.transfer_out(tally, command)
        case Undo():
            undoing.undo(tally, command)
        case Reopen():
            undoing.reopen(tally, command)
        case ReplacePatient():
            joining.replace_patient(tally, command)
        case Wake():
            clock.wake(tally)
        case EndDay():
            clock.end_day(tally, command)
        case Open():
            joining.open_service(tally, command)
        case Change():
            joining.change(tally, command)
        case SetStatus():
            joining.set_status(tally, command)
        case Together():
            raise AssertionError("it is no step of another command")
        case _:
            assert_never(command)


def tell_who_is_near(tally: Tally) -> None:
    """R15: the first few of the line, each once; nobody further back is looked at."""
    service = tally.service
    first = islice(service.line, service.settings.near_places)
    near = [(place, ticket) for place, ticket in enumerate(first, 1) if not ticket.near]
    tally.events.extend(
        TicketNear(ticket_id=ticket.id, code=ticket.code, position=place, at=tally.time) for place, ticket in near
    )
