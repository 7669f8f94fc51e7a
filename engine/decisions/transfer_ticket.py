"""A ticket goes to another service: both queues change in one decision, or neither does.

R1  It keeps its id, its code and what it went through; a service that has the patient in line already refuses, and then
    the ticket stays where it was.
R2  Since when it waits, the service it comes to says: since its first arrival, or since it came.
R3  Back in the queue of its token's doctor it waits, and so does the token: one that was called meanwhile stands back.
    Whose consultation has begun or is over does not come back to wait for it.
"""

from __future__ import annotations

from typing import Any

from engine.actors.hospital import Id
from engine.actors.service import service_key
from engine.actors.service.commands import TransferOut
from engine.actors.service.refusals import TicketTransition
from engine.actors.service.state import Leg, Service
from engine.actors.service.view import TicketView, ticket_view
from engine.actors.slot import slot_key
from engine.actors.slot.commands import StandBack
from engine.actors.slot.tally import state_word
from engine.decider import At, Deciding, Decision, Done, FreeText, Propose, Value
from engine.decisions import finding
from engine.decisions.join_queue import alone_in_group, joining
from engine.decisions.services import the_service
from engine.decisions.tickets import the_ticket, visit_of
from engine.decisions.visits import Queues
from engine.errors import Invalid


class TransferTicket(Value, frozen=True):
    """Send a waiting or parked ticket to another service."""

    ticket_id: Id
    to_service: Id
    reason: FreeText | None = None


def transfer(command: TransferTicket, at: At) -> Deciding:
    """R1, R2, R3."""
    hospital = yield from finding.the_hospital()
    service, ticket = yield from the_ticket(command.ticket_id, "transferred")
    there = yield from the_service(command.to_service)
    if there.id == service.id:
        raise Invalid("the ticket is in this service", field="to_service", service_id=there.id)
    if ticket.patient_id and there.settings.exclusive_group != service.settings.exclusive_group:
        yield from alone_in_group(there, ticket.patient_id)
    visit = yield from visit_of(there, ticket)
    if visit is not None and (visit.token.status != "CONFIRMED" or visit.token.phase == "IN_CONSULT"):
        raise TicketTransition(
            "the consultation that it would wait for has begun or is over",
            ticket_id=ticket.id,
            from_state=ticket.status,
            to_state="waiting",
            token_state=state_word(visit.token),
        )
    queues = Queues(hospital, at)
    queues.ask(service.id, TransferOut(ticket.id, there.id, at.who, command.reason))
    since = ticket.arrived_at if there.settings.transfer_keeps_arrival else at.time
    join = joining(hospital, at, ticket.id, ticket.patient_id, ticket.priority, since)
    queues.ask(
        there.id,
        join(
            code=ticket.code,
            token_id=ticket.token_id,
            needs=ticket.needs,
            legs=(*ticket.legs, Leg(service.id, ticket.joined_at, at.time)),
            from_service=service.id,
            bypass=any(leg.service_id == there.id for leg in ticket.legs),
            version=ticket.version + 1,
        ),
    )
    yield from queues.propose()
    if visit is not None and visit.token.phase == "CALLED":
        yield Propose(slot_key(visit.slot.id), StandBack(visit.token.id))
    key, ticket_id = service_key(there.id), ticket.id

    def answer(look: Any) -> TicketView:
        after: Service = look(key)
        return ticket_view(after, after.tickets[ticket_id], at.time)

    return Done(answer, subject=ticket.patient_id)


TRANSFER_TICKET = Decision(
    command=TransferTicket, run=transfer, home=lambda command, find: find("tickets", command.ticket_id)
)
