"""One service's local day: the tickets that ended on it, and what they add up to.

It gets its events in the same decision as the service's, and never says no to a ticket that ended. It knows nothing
of the line. A wait is from joining this service until the consultation began; who was never served waited until he
left, for a statistic without those flatters the queue.

R1  A ticket is filed once; one that is alive again is taken out with all it had added.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final, assert_never, get_args

import msgspec

from engine.actors.service.state import Ended, Priority, Ticket
from engine.actors.service.steps import ended as filed_ticket
from engine.decider import DAY, At, Decider, Event
from engine.errors import NotFound

__all__ = [
    "SERVICE_DAY", "ChangeServiceDay", "CountTransfer", "DayChange", "FileTicket", "ServiceDay", "UnfileTicket",
    "filed_ticket", "percentile", "service_day_key",
]  # fmt: skip


class TicketFiled(Event, frozen=True):
    """A ticket is over. ``wait`` and ``served`` in µs; ``served`` is -1 where nobody was."""

    ticket: Ticket
    wait: int
    served: int


class TicketUnfiled(Event, frozen=True):
    """A ticket is alive again."""

    ticket_id: str


class TicketTransferCounted(Event, frozen=True):
    """A ticket left for another service."""

    priority: Priority
    lifted: bool = False


ServiceDayEvent = TicketFiled | TicketUnfiled | TicketTransferCounted


class FileTicket(msgspec.Struct, frozen=True):
    """Keep a ticket that is over: ``ticket`` as ``filed_ticket`` gives it."""

    ticket: Ticket


class UnfileTicket(msgspec.Struct, frozen=True):
    """Give a ticket up that is alive again."""

    ticket_id: str


class CountTransfer(msgspec.Struct, frozen=True):
    """Count a ticket that leaves for another service; ``ticket`` as it was in this one."""

    ticket: Ticket


DayChange = FileTicket | UnfileTicket | CountTransfer


class ChangeServiceDay(msgspec.Struct, frozen=True):
    """Several changes at once, in order."""

    changes: tuple[DayChange, ...]


class ServiceDay(msgspec.Struct, gc=False):
    """State. Counts by status and priority; durations (µs) sorted, so that a percentile is an index."""

    service_id: str = ""
    day: str = ""
    version: int = 0
    tickets: dict[str, Ticket] = {}
    spans: dict[str, tuple[int, int]] = {}
    """Ticket id to (wait, served), as its event had them."""
    counts: dict[str, dict[Priority, int]] = {}
    """Status, or ``transferred``, to the count of each priority."""
    waits: list[int] = []
    services: list[int] = []
    waits_sum: int = 0
    services_sum: int = 0
    """Of all of them: a busy day is looked at often."""
    lifts: int = 0


def service_day_key(service_id: str, day: str) -> str:
    """The actor of a service's local day."""
    return f"service_day:{service_id}:{day}"


def decide(state: ServiceDay, command: ChangeServiceDay | DayChange, at: At) -> list[ServiceDayEvent]:
    """The events of a command to a service's day."""
    changes = command.changes if isinstance(command, ChangeServiceDay) else (command,)
    present: dict[str, bool] = {}
    events: list[ServiceDayEvent] = []
    for one in changes:
        match one:
            case FileTicket(ticket):
                there = present.get(ticket.id, ticket.id in state.tickets)
                assert not there, "R1: the ticket is filed already"
                assert ticket.status in get_args(Ended), "only a ticket that is over is filed"
                present[ticket.id] = True
                events.append(TicketFiled(ticket=ticket, wait=waited(ticket), served=served(ticket)))
            case UnfileTicket(ticket_id):
                if not present.get(ticket_id, ticket_id in state.tickets):
                    raise NotFound("there is no such ticket on this day", ticket_id=ticket_id)
                present[ticket_id] = False
                events.append(TicketUnfiled(ticket_id=ticket_id))
            case CountTransfer(ticket):
                events.append(TicketTransferCounted(priority=ticket.priority, lifted=ticket.lifted))
            case _:
                assert_never(one)
    return events


def waited(ticket: Ticket) -> int:
    """How long it waited in this service (µs); of what is entered afterwards, since the arrival."""
    until = ticket.started_at or ticket.ended_at
    return max(until - (ticket.joined_at if until >= ticket.joined_at else ticket.arrived_at), 0)


def served(ticket: Ticket) -> int:
    """How long its consultation was (µs), -1 without one."""
    return ticket.ended_at - ticket.started_at if ticket.started_at else -1


def evolve(state: ServiceDay, event: ServiceDayEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case TicketFiled():
            ticket = event.ticket
            state.tickets[ticket.id] = ticket
            state.spans[ticket.id] = (event.wait, event.served)
            _count(state, ticket.status, ticket.priority, 1)
            state.lifts += ticket.lifted
            insort(state.waits, event.wait)
            state.waits_sum += event.wait
            if event.served >= 0:
                insort(state.services, event.served)
                state.services_sum += event.served
        case TicketUnfiled():
            ticket = state.tickets.pop(event.ticket_id)
            wait, served = state.spans.pop(event.ticket_id)
            _count(state, ticket.status, ticket.priority, -1)
            state.lifts -= ticket.lifted
            del state.waits[bisect_left(state.waits, wait)]
            state.waits_sum -= wait
            if served >= 0:
                del state.services[bisect_left(state.services, served)]
                state.services_sum -= served
        case TicketTransferCounted():
            _count(state, "transferred", event.priority, 1)
            state.lifts += event.lifted
        case _:
            assert_never(event)


def _count(state: ServiceDay, status: str, priority: Priority, by: int) -> None:
    counts = state.counts.setdefault(status, {})
    counts[priority] = counts.get(priority, 0) + by


def percentile(durations: Sequence[int], percent: int) -> int:
    """The smallest of sorted durations that so many percent do not exceed; 0 of none."""
    return durations[max(-(-len(durations) * percent // 100) - 1, 0)] if durations else 0


def check(state: ServiceDay) -> None:
    """What always holds: the tallies are those of the tickets."""
    assert state.tickets.keys() == state.spans.keys()
    assert all(id == ticket.id for id, ticket in state.tickets.items()), "a ticket is kept under another id"
    assert state.waits == sorted(wait for wait, _ in state.spans.values()), "the waits are wrong"
    assert state.services == sorted(took for _, took in state.spans.values() if took >= 0), "the services are wrong"
    assert (state.waits_sum, state.services_sum) == (sum(state.waits), sum(state.services)), "the sums are wrong"
    counted = Counter((ticket.status, ticket.priority) for ticket in state.tickets.values())
    kept = {
        (status, priority): count
        for status, counts in state.counts.items()
        for priority, count in counts.items()
        if count and status != "transferred"
    }
    assert kept == counted, "the counts are wrong"


def closed(state: ServiceDay, time: int) -> bool:
    """Three days after its midnight in UTC: over for more than a day in every zone."""
    if not state.version:
        return False
    began = (date.fromisoformat(state.day) - date(1970, 1, 1)).days * DAY
    return time > began + 3 * DAY


def _initial(key: str) -> ServiceDay:
    service_id, _, day = key.rpartition(":")
    return ServiceDay(service_id, day)


def _files(state: ServiceDay) -> Iterable[tuple[str, str]]:
    return (("tickets", ticket_id) for ticket_id in state.tickets)


def _filed(event: ServiceDayEvent) -> Iterable[tuple[str, str, bool]]:
    match event:
        case TicketFiled():
            return (("tickets", event.ticket.id, True),)
        case TicketUnfiled():
            return (("tickets", event.ticket_id, False),)
        case _:
            return ()


SERVICE_DAY: Final[Decider[Any]] = Decider(
    kind="service_day",
    events=(TicketFiled, TicketUnfiled, TicketTransferCounted),
    initial=_initial,
    decide=decide,
    evolve=evolve,
    check=check,
    state=ServiceDay,
    closed=closed,
    files=_files,
    filed=_filed,
)
