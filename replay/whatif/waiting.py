"""Whom a counter could call, and from when on: asked of the rule book itself, by a call that does not happen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.actors.service.events import TicketCalled
from engine.actors.service.state import Counter, Service
from engine.errors import Rejected
from engine.recovery import Book
from engine.stepping import Accepted
from replay.whatif.world import COMMANDS, tried


class Next(NamedTuple):
    """Somebody can be called from ``time`` (µs) on; ``ticket_id`` is ``""`` where that is still to come."""

    time: int
    ticket_id: str


def service_of(book: Book, service_id: str) -> Service | None:
    """A service as it is now."""
    cell = book.cell(f"service:{service_id}")
    return cell.state if cell is not None and cell.version else None


def free_counters(service: Service) -> list[Counter]:
    """Counters that are open and serve nobody."""
    return [one for one in service.settings.counters if one.open and one.name not in service.by_counter]


def callable_at(book: Book, service: Service, time: int) -> Iterator[tuple[str, Next | None]]:
    """For each free counter whom it would call next. Counters with the same skills are one question."""
    known: dict[frozenset[str], Next | None] = {}
    for counter in free_counters(service):
        skills = frozenset(counter.skills)
        if skills not in known:
            known[skills] = _next(book, service, counter, time)
        yield counter.name, known[skills]


def called(accepted: Accepted, service_id: str) -> TicketCalled | None:
    """The call that a decision made in this service, if it did."""
    found = accepted.get(f"service:{service_id}")
    return None if found is None else next((one for one in found[1] if isinstance(one, TicketCalled)), None)


def first_arrived(book: Book, service: Service, day: str) -> str:
    """Who comes first of a doctor's slots, in order of start, as one sees them who works by slots; ``""``: nobody."""
    doctor_day = book.cell(f"doctor_day:{service.doctor_id}:{day}") if service.doctor_id else None
    planned: list[Any] = sorted(doctor_day.state.slots, key=lambda one: one.start) if doctor_day is not None else []
    for one in planned:
        cell = book.cell(f"slot:{one.id}")
        if cell is None or cell.state.paused or cell.state.status == "CANCELLED":
            continue
        for token in cell.state.line:
            if token.phase == "ARRIVED":
                return str(token.id)
    return ""


def _next(book: Book, service: Service, counter: Counter, time: int) -> Next | None:
    if not service.line:
        return None
    try:
        accepted = tried(book, COMMANDS["CallNext"](service_id=service.id, counter=counter.name), time, b"", "")
    except Rejected:
        return None
    call = called(accepted, service.id)
    if call is not None:
        return Next(time, call.ticket_id)
    skills = frozenset(counter.skills)
    later = [
        ticket.not_before
        for (needs, _, _), pool in service.pools.items()
        if skills.issuperset(needs)
        for ticket in pool
        if ticket.not_before > time
    ]
    return Next(min(later), "") if later else None
