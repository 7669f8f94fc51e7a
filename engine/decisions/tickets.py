"""What most decisions about tickets begin with: the ticket, its service, and the token whose visit it is."""

from __future__ import annotations

from typing import Any

from engine import calendar
from engine.actors.hospital import Hospital
from engine.actors.service import service_key
from engine.actors.service.refusals import TicketTransition
from engine.actors.service.state import Service, Ticket
from engine.actors.service.view import TicketView, ticket_view
from engine.actors.service_day import ServiceDay, service_day_key
from engine.actors.slot.state import Slot
from engine.decider import At, Done, Find, Look
from engine.decisions.finding import Deciding, Found
from engine.decisions.visits import live_ticket
from engine.errors import NotFound


def the_ticket(ticket_id: str, to_state: str) -> Deciding[tuple[Service, Ticket]]:
    """A ticket that is alive; of one that is over, the refusal names both states."""
    found = yield from live_ticket(ticket_id)
    if found is None:
        over = yield from the_ended(ticket_id)
        raise TicketTransition("the ticket is over", ticket_id=ticket_id, from_state=over.status, to_state=to_state)
    return found


def the_ended(ticket_id: str) -> Deciding[Ticket]:
    """A ticket that is over."""
    key: str | None = yield Find("tickets", ticket_id)
    day: ServiceDay | None = (yield Look(key)) if key is not None else None
    ticket: Any = None if day is None else day.tickets.get(ticket_id)
    if ticket is None:
        raise NotFound("there is no such ticket", field="ticket_id", ticket_id=ticket_id)
    return ticket  # type: ignore[no-any-return]


def as_it_is(service: Service, ticket: Ticket, hospital: Hospital, at: At, happened_at: int = 0) -> Done:
    """The ticket as the decision leaves it, alive or filed in the service's day of when it happened."""
    key, ticket_id = service_key(service.id), ticket.id
    day = service_day_key(service.id, calendar.local_day(happened_at or at.time, hospital.time_zone))

    def answer(look: Any) -> TicketView:
        after: Service = look(key)
        now = after.tickets.get(ticket_id) or look(day).tickets[ticket_id]
        return ticket_view(after, now, at.time)

    return Done(answer, subject=ticket.patient_id)


def visit_of(service: Service, ticket: Ticket) -> Deciding[Found | None]:
    """The token whose visit this ticket is, while it is in the queue of the token's doctor."""
    if not ticket.token_id or not service.doctor_id:
        return None
    key: str | None = yield Find("tokens", ticket.token_id)
    slot: Slot | None = None if key is None else (yield Look(key))
    if slot is None or slot.doctor_id != service.doctor_id:
        return None
    token = slot.tokens.get(ticket.token_id)
    return None if token is None else Found(slot, token)
