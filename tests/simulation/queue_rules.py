"""What holds between a service, its tickets and the tokens whose visits they are, worked out from states alone.

Written down a second time on purpose: nothing here asks the code that decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.actors.service.state import RANK, Service
from engine.actors.slot.state import Slot

PHASE = {"waiting": "ARRIVED", "parked": "ARRIVED", "called": "CALLED", "consulting": "IN_CONSULT"}
"""The phase of a token by the state of its ticket in the doctor's own queue."""


def service_broken(service: Service) -> Iterator[str]:
    """Each rule that a service breaks by itself."""
    line = list(service.line)
    waiting = {ticket.id for ticket in service.tickets.values() if ticket.status == "waiting"}
    if len(line) != len(waiting) or {ticket.id for ticket in line} != waiting:
        yield f"the line of {service.id} is not who waits"
    ranks = [ticket.order[0] for ticket in line if ticket.order[2] == ticket.seq]
    if any(ticket.order[0] not in (*RANK.values(), 15) for ticket in line):
        yield f"somebody in {service.id} has a rank that does not exist"
    if ranks != sorted(ranks):
        yield f"the line of {service.id} does not go by priority: {ranks}"
    counters = [ticket.counter for ticket in service.serving if ticket.counter]
    if len(counters) != len(set(counters)):
        yield f"a counter of {service.id} has two tickets: {counters}"
    patients = [ticket.patient_id for ticket in service.tickets.values() if ticket.patient_id]
    if len(patients) != len(set(patients)):
        yield f"a patient stands in {service.id} twice"


def visits_broken(service: Service, slot: Slot) -> Iterator[str]:
    """Where the tokens of a slot and their tickets in the doctor's queue do not agree."""
    for token in slot.tokens.values():
        ticket = service.tickets.get(token.id)
        if ticket is None:
            continue
        if token.status != "CONFIRMED" or token.phase != PHASE[ticket.status]:
            yield f"ticket {ticket.id} is {ticket.status}; its token is {token.status} and {token.phase}"
        if token.patient_id != ticket.patient_id:
            yield f"ticket {ticket.id} is of another patient than its token"


def tickets_kept_twice(states: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Tickets that stand in two places, services and their days together."""
    seen: dict[str, str] = {}
    for key, holder in states:
        for ticket_id in holder.tickets:
            if seen.setdefault(ticket_id, key) != key:
                yield f"ticket {ticket_id} is in {seen[ticket_id]} and in {key}"
