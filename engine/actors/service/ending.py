"""Rules of leaving the line: ends, parking and coming back, priorities, transfers (R6, R10, R11)."""

from __future__ import annotations

from engine.actors.service.commands import End, Park, Prioritize, Resume, TransferOut
from engine.actors.service.events import (
    TicketEnded,
    TicketParked,
    TicketPrioritized,
    TicketResumed,
    TicketTransferred,
)
from engine.actors.service.joining import lift_at
from engine.actors.service.line import in_front, own_order, place_of, rank_of, settle
from engine.actors.service.refusals import OtherCounter, TicketTransition
from engine.actors.service.state import Ended, Order, Service, Ticket
from engine.actors.service.tally import Tally, about, given, happened
from engine.decider import MINUTE, FreeText
from engine.errors import Invalid


def end(tally: Tally, command: End) -> None:
    """R6: nothing completes by itself; a person completes what is in consultation, or says why otherwise."""
    ticket = tally.ticket(command.ticket_id)
    status = command.status
    legal = {
        "completed": ticket.status == "consulting",
        "no_show": ticket.status == "called",
        "cancelled": ticket.status != "consulting",
        "expired": ticket.status != "consulting",
    }[status]
    here = not command.counter or ticket.counter == command.counter
    if not (legal and here):
        if command.force and status in ("completed", "no_show"):
            if not given(command.reason):
                raise Invalid("what is forced needs a reason", field="reason")
        elif not legal:
            raise illegal(ticket, status)
        else:
            raise OtherCounter("it is at another counter", ticket_id=ticket.id, counter=ticket.counter)
    end_as(tally, ticket, status, command.by, command.reason, command.happened_at)


def end_as(
    tally: Tally, ticket: Ticket, status: Ended, by: str, reason: FreeText | None = None, happened_at: int = 0
) -> None:
    """The ticket is over."""
    service = tally.service
    happened_at = happened(tally, ticket, happened_at)
    average, deviation = service.average, service.deviation
    if status == "completed" and ticket.status == "consulting":
        average, deviation = learnt(service, (happened_at or tally.time) - ticket.started_at)
    waits = ticket.status == "waiting"
    tally.events.append(
        TicketEnded(
            ticket_id=ticket.id,
            code=ticket.code,
            status=status,
            waiting=len(service.line) - waits,
            at=tally.time,
            by=by,
            reason=about(reason, ticket.patient_id),
            average=average,
            deviation=deviation,
            counter=ticket.counter,
            patient_id=ticket.patient_id,
            group=ticket.group,
            happened_at=happened_at,
        )
    )
    tally.moved = tally.moved or waits


def learnt(service: Service, took: int) -> tuple[int, int]:
    """Average and deviation after one more consultation.

    A quarter of the newest: ten consultations forget what was expected, one long one does not rule the day.
    """
    average = service.average + (took - service.average) // 4
    deviation = service.deviation + (abs(took - service.average) - service.deviation) // 4
    return average, deviation


def park(tally: Tally, command: Park) -> None:
    """R10: out of the line; the counter is free."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.status not in ("waiting", "called"):
        raise illegal(ticket, "parked")
    service = tally.service
    waits = ticket.status == "waiting"
    tally.events.append(
        TicketParked(
            ticket_id=ticket.id,
            code=ticket.code,
            alert_at=tally.time + service.settings.parked_minutes * MINUTE,
            waiting=len(service.line) - waits,
            at=tally.time,
            by=command.by,
            reason=about(command.reason, ticket.patient_id),
        )
    )
    tally.moved = tally.moved or waits


def resume(tally: Tally, command: Resume) -> None:
    """R10: in front of its own rank, or where it stood if that is better."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.status != "parked":
        raise illegal(ticket, "waiting")
    line = tally.service.line
    rank = rank_of(ticket.priority, lifted=ticket.lifted)
    order = settle(line, min(ticket.order, in_front(line, rank, own_order(ticket, rank))))
    tally.events.append(
        TicketResumed(
            ticket_id=ticket.id,
            code=ticket.code,
            order=order,
            position=line.bisect_key_left(order) + 1,
            waiting=len(line) + 1,
            at=tally.time,
            by=command.by,
        )
    )
    tally.moved = True


def prioritize(tally: Tally, command: Prioritize) -> None:
    """R4: another priority, with the arrival it had; not once it is called."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.status not in ("waiting", "parked"):
        raise illegal(ticket, "waiting")
    if ticket.priority == command.priority:
        return
    service = tally.service
    order = moved_to(service, ticket, own_order(ticket, rank_of(command.priority, lifted=ticket.lifted)))
    waited = lift_at(service.settings, command.priority, ticket.arrived_at, ticket.calls)
    tally.events.append(
        TicketPrioritized(
            ticket_id=ticket.id,
            code=ticket.code,
            priority=command.priority,
            order=order,
            lift_at=0 if ticket.lifted else waited,
            position=place_of(service, ticket, order) if ticket.status == "waiting" else 0,
            at=tally.time,
            by=command.by,
            reason=about(command.reason, ticket.patient_id),
        )
    )
    tally.moved = True


def moved_to(service: Service, ticket: Ticket, order: Order) -> Order:
    """An order that nobody else has; the ticket itself may stand there."""
    return order if ticket.status == "waiting" and ticket.order == order else settle(service.line, order)


def transfer_out(tally: Tally, command: TransferOut) -> None:
    """R11: waiting or parked, it leaves for another service."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.status not in ("waiting", "parked"):
        raise illegal(ticket, "transferred")
    service = tally.service
    if command.to_service == service.id:
        raise Invalid("it is in this service", field="to_service")
    waits = ticket.status == "waiting"
    tally.events.append(
        TicketTransferred(
            ticket_id=ticket.id,
            code=ticket.code,
            to_service=command.to_service,
            waiting=len(service.line) - waits,
            at=tally.time,
            by=command.by,
            reason=about(command.reason, ticket.patient_id),
            patient_id=ticket.patient_id,
            group=ticket.group,
        )
    )
    tally.moved = tally.moved or waits


def illegal(ticket: Ticket, to: str) -> TicketTransition:
    """R6: the refusal that names both states."""
    return TicketTransition(
        f"a ticket that is {ticket.status} cannot become {to}",
        ticket_id=ticket.id,
        from_state=ticket.status,
        to_state=to,
    )
