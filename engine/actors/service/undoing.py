"""Rule R12: the last step is taken back, soon after it and by who took it, as long as nothing rests on it."""

from __future__ import annotations

from copy import copy
from typing import Final

from engine.actors.service.calling import patience
from engine.actors.service.commands import Reopen, Undo
from engine.actors.service.events import TicketStepUndone
from engine.actors.service.joining import lift_at, must_have_no_other
from engine.actors.service.line import settle
from engine.actors.service.refusals import UndoRefused
from engine.actors.service.state import Service, Standing, Ticket, TicketStep, counter_named
from engine.actors.service.tally import Tally
from engine.decider import MINUTE

LIVE: Final[frozenset[TicketStep]] = frozenset(("call", "start", "no_answer", "park", "resume", "priority"))
OVER: Final[frozenset[TicketStep]] = frozenset(("complete", "no_show", "cancel"))


def undo(tally: Tally, command: Undo) -> None:
    """The last step of a live ticket. Joining is taken back by a cancellation."""
    ticket = tally.ticket(command.ticket_id)
    before = _revocable(ticket, LIVE, command, tally.time)
    _take_back(tally, ticket, before, command.by)


def reopen(tally: Tally, command: Reopen) -> None:
    """The end of a ticket: it is as it was before, at its counter if that is free."""
    ticket = command.ticket
    before = _revocable(ticket, OVER, command, tally.time)
    service = tally.service
    must_have_no_other(service, ticket)
    if ticket.number and ticket.joined_at < service.series_at:
        raise UndoRefused("its number is given again", ticket_id=ticket.id, step=ticket.last)
    _take_back(tally, ticket, before, command.by)


def _revocable(ticket: Ticket, steps: frozenset[TicketStep], command: Undo | Reopen, time: int) -> Standing:
    facts = {"ticket_id": ticket.id, "step": ticket.last}
    if ticket.last not in steps or ticket.before is None:
        raise UndoRefused("there is no step to take back", **facts)
    if ticket.last_by != command.by:
        raise UndoRefused("somebody else took this step", **facts)
    until = ticket.last_at + command.undo_minutes * MINUTE
    if not command.undo_minutes or time > until:
        raise UndoRefused("the step is too long ago", **facts, until=until)
    return ticket.before


def _take_back(tally: Tally, ticket: Ticket, before: Standing, by: str) -> None:
    service = tally.service
    step = ticket.last
    if before.counter:
        _must_be_free(service, ticket, before.counter)
    stood = copy(ticket)
    for name in before.__struct_fields__:
        setattr(stood, name, getattr(before, name))
    stood.last, stood.last_by, stood.last_at, stood.before = "", "", 0, None
    stood.updated_at, stood.ended_at, stood.alerts, stood.share = tally.time, 0, 0, None
    stood.version += 1
    stood.alert_at = _next_alert(service, stood, tally.time)
    waited = lift_at(service.settings, stood.priority, stood.arrived_at, stood.calls)
    stood.lift_at = 0 if stood.lifted else waited
    waits = ticket.status == "waiting"
    will_wait = stood.status == "waiting"
    if will_wait:
        stood.order = before.order if waits and before.order == ticket.order else settle(service.line, before.order)
    ahead = service.line.bisect_key_left(stood.order) - (waits and ticket.order < stood.order)
    tally.events.append(
        TicketStepUndone(
            ticket=stood,
            step=step,
            position=ahead + 1 if will_wait else 0,
            waiting=len(service.line) - waits + will_wait,
            at=tally.time,
            by=by,
            group=ticket.group,
        )
    )
    tally.moved = tally.moved or waits or will_wait


def _must_be_free(service: Service, ticket: Ticket, counter: str) -> None:
    busy = service.by_counter.get(counter)
    if counter_named(service.settings, counter) is None or (busy and busy != ticket.id):
        raise UndoRefused("its counter is not free", ticket_id=ticket.id, step=ticket.last, counter=counter)


def _next_alert(service: Service, ticket: Ticket, time: int) -> int:
    """R14: when what goes on again has lasted too long, or long enough to say so once more."""
    match ticket.status:
        case "consulting":
            since, period = ticket.started_at, patience(service)
        case "parked":
            since, period = ticket.parked_at, service.settings.parked_minutes * MINUTE
        case _:
            return 0
    return since + ((time - since) // period + 1) * period
