"""Take the last step of a ticket back, its end included: by the one who took it, soon after, if nothing rests on it.

R0  In an exclusive group the patient still has one ticket at a time.
R1  A step that the token went too is taken back there, and its rules hold as well.
"""

from __future__ import annotations

from engine.actors.hospital import Id
from engine.actors.service import service_key
from engine.actors.service.commands import Reopen, Undo
from engine.actors.service.refusals import UndoRefused
from engine.decider import At, Deciding, Decision, Find, Look, Value
from engine.decisions import finding
from engine.decisions.join_queue import alone_in_group
from engine.decisions.tickets import as_it_is, the_ended, visit_of
from engine.decisions.undo_token import undone
from engine.decisions.visits import ask_service, live_ticket


class UndoTicket(Value, frozen=True):
    """Take the last step back."""

    ticket_id: Id


def undo_ticket(command: UndoTicket, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    minutes = hospital.policy.undo_minutes
    found = yield from live_ticket(command.ticket_id)
    if found is not None:
        service, ticket = found
    else:
        ticket = yield from the_ended(command.ticket_id)
        if ticket.patient_id:
            yield from finding.not_erased(ticket.patient_id)
        key: str = yield Find("tickets", ticket.id)
        service = yield Look(service_key(key.split(":")[1]))
    visit = yield from visit_of(service, ticket)
    if visit is not None and ticket.last in ("call", "start", "complete", "no_show", "cancel"):
        yield from undone(hospital, visit.slot, visit.token, at)
    elif visit is not None and ticket.last == "no_answer":
        raise UndoRefused("call the patient again instead", ticket_id=ticket.id, step=ticket.last)
    else:
        if found is None and ticket.patient_id:
            yield from alone_in_group(service, ticket.patient_id)
        ask = Undo(ticket.id, at.who, minutes) if found is not None else Reopen(ticket, at.who, minutes)
        yield from ask_service(service.id, ask, hospital, at)
    return as_it_is(service, ticket, hospital, at)


def _home(command: UndoTicket, find: object) -> None:
    """It waits at the hospital: a ticket that is over has no queue."""


UNDO_TICKET = Decision(command=UndoTicket, run=undo_ticket, home=_home)
