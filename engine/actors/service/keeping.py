"""What the engine needs to keep a service: its invariants, its next instant, its snapshot, and how it is found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import msgspec

from engine.actors.service.events import (
    ServiceEvent,
    ServiceOpened,
    TicketEnded,
    TicketJoined,
    TicketPatientChanged,
    TicketStepUndone,
    TicketTransferred,
)
from engine.actors.service.indexes import admit
from engine.actors.service.state import Service, ServiceRecord, Ticket, counter_named, position

INDEXES = ("line", "pools", "serving", "parked", "lifts", "alerts", "by_patient", "by_counter", "series_alive")


class StoredService(msgspec.Struct, frozen=True, omit_defaults=True):
    """A snapshot: the service without its indexes, and its tickets as a plain list."""

    service: ServiceRecord
    tickets: list[Ticket] = []


def freeze(state: Service) -> StoredService:
    """The snapshot of a state."""
    return StoredService(ServiceRecord(**_plain(state)), list(state.tickets.values()))


def thaw(stored: StoredService) -> Service:
    """The state of a snapshot, its indexes rebuilt."""
    state = Service(**_plain(stored.service))
    for ticket in stored.tickets:
        admit(state, ticket)
    return state


def _plain(state: ServiceRecord) -> dict[str, Any]:
    return {name: getattr(state, name) for name in ServiceRecord.__struct_fields__}


def check(state: Service) -> None:
    """What always holds: orders, places and indexes are those that the tickets alone give."""
    again = thaw(freeze(state))
    for name in INDEXES:
        assert _ids(getattr(state, name)) == _ids(getattr(again, name)), f"the index {name} is wrong"
    line = list(state.line)
    assert all(one.order < next.order for one, next in pairwise(line)), "R4: two tickets stand at one place"
    places = [position(state, ticket) for ticket in line]
    assert places == list(range(1, len(line) + 1)), "R4: the places have a gap"
    known = [ticket.patient_id for ticket in state.tickets.values() if ticket.patient_id]
    assert len(set(known)) == len(known), "R3: a patient has two tickets"
    counters = [ticket.counter for ticket in state.serving if ticket.counter]
    assert len(set(counters)) == len(counters), "R5: two tickets are at one counter"
    assert all(counter_named(state.settings, name) for name in counters), "R18: a ticket's counter is gone"
    numbers = [ticket.number for ticket in state.tickets.values() if ticket.number]
    assert len(set(numbers)) == len(numbers), "R17: a number was given twice"
    for id, ticket in state.tickets.items():
        _check_ticket(id, ticket)


def _check_ticket(id: str, ticket: Ticket) -> None:
    assert id == ticket.id, "a ticket is kept under another id"
    status = ticket.status
    assert status in ("waiting", "called", "consulting", "parked"), "R6: a ticket that is over is alive"
    assert not ticket.ended_at, "R6: a ticket that is over is alive"
    assert bool(ticket.called_at) == (status in ("called", "consulting")), "R6: called or not?"
    assert bool(ticket.started_at) == (status == "consulting"), "R6: in consultation or not?"
    assert bool(ticket.parked_at) == (status == "parked"), "R6: parked or not?"
    assert bool(ticket.alert_at) == (status in ("consulting", "parked")), "R14: an alert is missing"
    assert not (ticket.counter and status not in ("called", "consulting")), "R5: at a counter without being served"


def _ids(index: Any) -> Any:
    if isinstance(index, dict):
        return {name: _ids(one) for name, one in index.items()}
    return index if isinstance(index, str | int) else [ticket.id for ticket in index]


def due(state: Service) -> int | None:
    """The next instant at which something happens by itself (µs)."""
    instants = []
    if state.lifts:
        instants.append(state.lifts[0].lift_at)
    if state.alerts:
        instants.append(state.alerts[0].alert_at)
    if state.next_close_at:
        instants.append(state.next_close_at)
    return min(instants, default=None)


def files(state: Service) -> Iterable[tuple[str, str]]:
    """All ids by which the service is found now."""
    if not state.version:
        return
    yield "services", state.id
    for ticket in state.tickets.values():
        yield "tickets", ticket.id
        if ticket.group and ticket.patient_id:
            yield "exclusive", f"{ticket.group}:{ticket.patient_id}"


def filed(event: ServiceEvent) -> Iterable[tuple[str, str, bool]]:
    """How one event changed that."""
    match event:
        case ServiceOpened():
            yield "services", event.id, True
        case TicketJoined() | TicketStepUndone():
            yield "tickets", event.ticket.id, True
            yield from _exclusive(event.group, event.ticket.patient_id, present=True)
        case TicketEnded() | TicketTransferred():
            yield "tickets", event.ticket_id, False
            yield from _exclusive(event.group, event.patient_id, present=False)
        case TicketPatientChanged():
            yield from _exclusive(event.group, event.was, present=False)
            yield from _exclusive(event.group, event.patient_id, present=True)
        case _:
            return


def _exclusive(group: str, patient_id: str, *, present: bool) -> Iterable[tuple[str, str, bool]]:
    if group and patient_id:
        yield "exclusive", f"{group}:{patient_id}", present
