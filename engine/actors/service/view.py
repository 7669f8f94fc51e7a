"""How a service, its tickets and its board are answered. Estimates are read at ``time`` (µs): they move.

What leaves for a waiting room or for the holder of a link has no ids of people, and nothing here has a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from heapq import nlargest
from itertools import islice
from typing import Final

import msgspec

from engine import calendar
from engine.actors.service.estimate import Pace, Wait, expected_wait, pace
from engine.actors.service.state import (
    Ended,
    Order,
    Priority,
    Service,
    ServiceSettings,
    ServiceStatus,
    Ticket,
    TicketStatus,
    counter_named,
    position,
)
from engine.actors.slot.view import link
from engine.decider import MINUTE, Private
from engine.errors import Invalid

BOARD_CALLS: Final = 8
BOARD_NEXT: Final = 12
LOOKED_AT: Final = 100  # tickets of each pool: those who did not answer a moment ago are few

_CURSOR = re.compile(r"(-?\d{1,19})\.(-?\d{1,19})\.(-?\d{1,19})\.(-?\d{1,19})", re.ASCII)


class LegView(msgspec.Struct, frozen=True):
    """A service that the ticket was in before."""

    service_id: str
    joined_at: datetime
    left_at: datetime


class TicketView(msgspec.Struct, frozen=True):
    """A ticket. ``position`` 1..n while it waits; ``link`` only for who may print it."""

    id: str
    code: str
    service_id: str
    service_name: str
    patient_id: str | None
    token_id: str | None
    priority: Priority
    status: TicketStatus | Ended
    position: int | None
    counter: str | None
    calls: int
    estimated_wait_minutes: Wait | None
    arrived_at: datetime
    joined_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    legs: list[LegView]
    link: Private | None
    version: int
    updated_at: datetime


class PublicTicketView(msgspec.Struct, frozen=True):
    """A ticket for whoever has its link."""

    code: str
    service_name: str
    status: TicketStatus | Ended
    position: int | None
    estimated_wait_minutes: Wait | None
    counter: str | None
    people_ahead: int | None
    updated_at: datetime


class ServiceView(msgspec.Struct, frozen=True):
    """A service and how many are where."""

    id: str
    name: str
    prefix: str
    status: ServiceStatus
    doctor_id: str | None
    settings: ServiceSettings
    waiting: int
    called: int
    consulting: int
    parked: int
    average_minutes: float
    open_counters: int
    version: int
    created_at: datetime


class QueueView(msgspec.Struct, frozen=True):
    """The queue for staff: who is served, who is parked, and a page of who waits, in order."""

    service_id: str
    service_name: str
    status: ServiceStatus
    waiting: int
    serving: list[TicketView]
    parked: list[TicketView]
    items: list[TicketView]
    next_cursor: str | None


class BoardCall(msgspec.Struct, frozen=True):
    """A patient is asked to come, or is there."""

    code: str
    counter: str
    counter_location: str
    status: TicketStatus
    at: datetime
    calls: int


class BoardNext(msgspec.Struct, frozen=True):
    """Who comes soon."""

    code: str
    position: int
    estimated_wait_minutes: Wait


class BoardView(msgspec.Struct, frozen=True):
    """What a waiting room sees: codes, counters and states only; calls newest first."""

    service_id: str
    name: str
    location: str
    status: ServiceStatus
    calls: list[BoardCall]
    next: list[BoardNext]
    waiting: int
    updated_at: datetime


class NextView(msgspec.Struct, frozen=True):
    """What a call for the next one gave; where nobody may be called yet, ``next_callable_at`` says from when on."""

    ticket: TicketView | None
    remaining: int
    next_callable_at: datetime | None


class IntegrityView(msgspec.Struct, frozen=True):
    """Whether places are 1..n and every ticket is where its state says.

    ``over_capacity`` is no fault: a check-in is never sent away.
    """

    service_id: str
    missing_positions: list[int]
    duplicate_positions: list[int]
    max_position: int
    waiting: int
    orphans: list[str]
    over_capacity: bool
    ok: bool


def ticket_view(
    service: Service, ticket: Ticket, time: int, link_key: str | None = None, at: Pace | None = None
) -> TicketView:
    """A ticket as answered, alive or over; ``link_key`` (hex) only for staff; ``at``: the pace, where known."""
    place = position(service, ticket)
    return TicketView(
        id=ticket.id,
        code=ticket.code,
        service_id=service.id,
        service_name=service.name,
        patient_id=ticket.patient_id or None,
        token_id=ticket.token_id or None,
        priority=ticket.priority,
        status=ticket.status,
        position=place or None,
        counter=ticket.counter or None,
        calls=ticket.calls,
        estimated_wait_minutes=expected_wait(at or pace(service, time), place - 1) if place else None,
        arrived_at=calendar.moment(ticket.arrived_at),
        joined_at=calendar.moment(ticket.joined_at),
        called_at=_moment(ticket.called_at),
        started_at=_moment(ticket.started_at),
        ended_at=_moment(ticket.ended_at),
        legs=[
            LegView(leg.service_id, calendar.moment(leg.joined_at), calendar.moment(leg.left_at)) for leg in ticket.legs
        ],
        link=ticket_link(link_key, ticket.id) if link_key else None,
        version=ticket.version,
        updated_at=calendar.moment(ticket.updated_at),
    )


def ticket_link(link_key: str, ticket_id: str) -> Private:
    """``{id}.{32 hex}``: finds the ticket, and cannot be guessed from it."""
    return Private(f"{ticket_id}.{link(link_key, ticket_id).text}", "")


def public_ticket_view(service: Service, ticket: Ticket, time: int) -> PublicTicketView:
    """A ticket for whoever has its link."""
    place = position(service, ticket)
    return PublicTicketView(
        code=ticket.code,
        service_name=service.name,
        status=ticket.status,
        position=place or None,
        estimated_wait_minutes=expected_wait(pace(service, time), place - 1) if place else None,
        counter=ticket.counter or None,
        people_ahead=place - 1 if place else None,
        updated_at=calendar.moment(ticket.updated_at),
    )


def service_view(service: Service, time: int) -> ServiceView:
    """A service as answered."""
    consulting = sum(ticket.status == "consulting" for ticket in service.serving)
    return ServiceView(
        id=service.id,
        name=service.name,
        prefix=service.prefix,
        status=service.status,
        doctor_id=service.doctor_id or None,
        settings=service.settings,
        waiting=len(service.line),
        called=len(service.serving) - consulting,
        consulting=consulting,
        parked=len(service.parked),
        average_minutes=round(service.average / MINUTE, 2),
        open_counters=sum(counter.open for counter in service.settings.counters),
        version=service.version,
        created_at=calendar.moment(service.created_at),
    )


def queue_view(service: Service, time: int, limit: int, cursor: str | None = None) -> QueueView:
    """The queue, and at most ``limit`` of those who wait, behind ``cursor``.

    A cursor is a place in the order, not a number of places: who joins or leaves meanwhile moves nobody else
    from one page to another.
    """
    now = pace(service, time)
    after = None if cursor is None else _order_of(cursor)
    behind = service.line.irange_key(after, inclusive=(False, False)) if after is not None else iter(service.line)
    rows = list(islice(behind, limit + 1))

    def shown(tickets: Iterable[Ticket]) -> list[TicketView]:
        return [ticket_view(service, ticket, time, at=now) for ticket in tickets]

    return QueueView(
        service_id=service.id,
        service_name=service.name,
        status=service.status,
        waiting=len(service.line),
        serving=shown(service.serving),
        parked=shown(service.parked),
        items=shown(rows[:limit]),
        next_cursor=".".join(map(str, rows[limit - 1].order)) if len(rows) > limit else None,
    )


def board_view(service: Service, time: int) -> BoardView:
    """What the waiting room sees."""
    now = pace(service, time)
    newest = nlargest(BOARD_CALLS, service.serving, key=lambda ticket: (ticket.announced_at, ticket.seq))
    return BoardView(
        service_id=service.id,
        name=service.name,
        location=service.settings.location,
        status=service.status,
        calls=[_board_call(service, ticket) for ticket in newest],
        next=[
            BoardNext(ticket.code, place, expected_wait(now, place - 1))
            for place, ticket in enumerate(islice(service.line, BOARD_NEXT), 1)
        ],
        waiting=len(service.line),
        updated_at=calendar.moment(service.updated_at),
    )


def next_callable_at(service: Service, time: int) -> int | None:
    """When the first of those who did not answer a moment ago may be called again (µs)."""
    firsts = (ticket.not_before for pool in service.pools.values() for ticket in islice(pool, LOOKED_AT))
    return min((instant for instant in firsts if instant > time), default=None)


def integrity_view(service: Service) -> IntegrityView:
    """What is wrong with the state, counted from its tickets; it costs O(n)."""
    waiting = [ticket for ticket in service.tickets.values() if ticket.status == "waiting"]
    places = Counter(position(service, ticket) for ticket in waiting)
    highest = max(places, default=0)
    missing = [place for place in range(1, highest + 1) if place not in places]
    doubles = sorted(place for place, count in places.items() if count > 1)
    orphans = sorted(_orphans(service))
    capacity = service.settings.capacity
    return IntegrityView(
        service_id=service.id,
        missing_positions=missing,
        duplicate_positions=doubles,
        max_position=highest,
        waiting=len(waiting),
        orphans=orphans,
        over_capacity=capacity is not None and len(waiting) > capacity,
        ok=not (missing or doubles or orphans) and highest == len(waiting) == len(service.line),
    )


def _orphans(service: Service) -> set[str]:
    """Ids that stand somewhere without being a live ticket of that state, and tickets that stand nowhere."""
    standing = {
        "waiting": Counter(ticket.id for ticket in service.line),
        "serving": Counter(ticket.id for ticket in service.serving),
        "parked": Counter(ticket.id for ticket in service.parked),
    }
    found = set(service.by_patient.values()) | set(service.by_counter.values())
    found = {id for id in found.union(*standing.values()) if id not in service.tickets}
    for ticket in service.tickets.values():
        where = "serving" if ticket.status in ("called", "consulting") else ticket.status
        if any(ids[ticket.id] != (name == where) for name, ids in standing.items()):
            found.add(ticket.id)
        if ticket.counter and service.by_counter.get(ticket.counter) != ticket.id:
            found.add(ticket.id)
        if ticket.patient_id and service.by_patient.get(ticket.patient_id) != ticket.id:
            found.add(ticket.id)
    return found


def _board_call(service: Service, ticket: Ticket) -> BoardCall:
    counter = counter_named(service.settings, ticket.counter)
    return BoardCall(
        code=ticket.code,
        counter=ticket.counter,
        counter_location=counter.location if counter is not None else "",
        status="consulting" if ticket.status == "consulting" else "called",
        at=calendar.moment(ticket.announced_at),
        calls=ticket.calls,
    )


def _order_of(cursor: str) -> Order:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise Invalid("this cursor is not one that a queue has given", field="cursor")
    rank, instant, seq, place = map(int, found.groups())
    return rank, instant, seq, place


def _moment(time: int) -> datetime | None:
    return calendar.moment(time) if time else None
