"""Why a ticket was called, or stands where it does: the line of its service, and who could not be called before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any, Final

from engine.actors.service import calling
from engine.actors.service.state import RANK, Service, Ticket, position
from engine.recovery import Book
from replay.explaining.form import Candidate, Section
from replay.explaining.watching import Sight

LISTED: Final = 50
"""Tickets of a line that are listed."""

_STANDS: Final = {
    "TicketJoined": "it is in line",
    "TicketUnanswered": "nobody came to the call: some places back",
    "TicketResumed": "it is in line again",
    "TicketLifted": "it waited longer than the limit of its priority",
    "TicketPrioritized": "it has another priority",
    "TicketStepUndone": "the last step was taken back",
}


class Queues:
    """Watches the choice of who comes next at a counter."""

    def __init__(self) -> None:
        self._next: dict[str, Section] = {}

    def sights(self) -> Mapping[CodeType, Sight]:
        """What it looks at."""
        return {calling.first_for.__code__: self._first}

    def sections(self, book: Book, entry: Any) -> Iterator[Section]:
        """One for each ticket that was called, or came to stand somewhere."""
        for change in entry.changes:
            kind, _, id = change.actor.partition(":")
            if kind != "service":
                continue
            cell = book.cell(change.actor)
            assert cell is not None, "an entry has changed it"
            for event in change.events:
                name = type(event).__name__
                if name == "TicketCalled":
                    yield self._called(id, event)
                elif name in _STANDS:
                    yield _stands(cell.state, _ticket_of(event), _STANDS[name], name)

    def _called(self, service_id: str, event: Any) -> Section:
        found = self._next.get(service_id)
        section = Section("call", f"called to counter {event.counter or 'of the doctor'}", event.ticket_id)
        section.winner = section.decided = event.ticket_id
        if found is None:
            section.said.append("called by name, outside the line")
            return section
        section.candidates, section.more, section.said = found.candidates, found.more, list(found.said)
        if found.winner == event.ticket_id:
            section.title += ": the first in line whom the counter can serve"
        else:
            section.title += " out of turn, by somebody's word"
            by_line = f"ticket {found.winner} would have come" if found.winner else "nobody would have come"
            section.said.append(f"by the line, {by_line}")
            for row in section.candidates:
                row.chosen = row.id == event.ticket_id
                if row.chosen and row.why_not:
                    section.said.append(f"by itself it would not have been called: {'; '.join(row.why_not)}")
                    row.why_not = []
        return section

    def _first(self, local: Mapping[str, Any], gave: Any) -> None:
        service, counter, time = local["service"], local["counter"], local["time"]
        winner: Ticket | None = None
        share = None
        if gave is not None:
            winner, share = gave
        shares = service.settings.shares
        rows = []
        for place, one in enumerate(service.line, 1):
            if place > LISTED and one is not winner:
                continue
            row = _row(one, place)
            row.chosen = one is winner
            if lacking := sorted(set(one.needs).difference(counter.skills)):
                row.why_not.append(f"the counter lacks {', '.join(lacking)}")
            if one.not_before > time:
                row.why_not.append("did not answer a moment ago")
            if one.id in local["skip"]:
                row.why_not.append("the slot does not let it be called now")
            if shares and winner is not None and place < service.line.index(winner) + 1 and not row.why_not:
                row.why_not.append("the turn is another priority's")
            rows.append(row)
        said = ["by priority, then by arrival"]
        if shares:
            said.append(
                f"calls are shared by turns {dict(shares)}, used {dict(service.shares_used)}; this one: {share}"
            )
        more = max(len(service.line) - len(rows), 0)
        found = Section("call", "", service.id, winner.id if winner else "", "", said, rows, more)
        self._next[service.id] = found


def _ticket_of(event: Any) -> str:
    return str(event.ticket.id if hasattr(event, "ticket") else event.ticket_id)


def _stands(service: Service, ticket_id: str, title: str, decided: str) -> Section:
    section = Section("place", title, ticket_id, decided, decided)
    ticket = service.tickets.get(ticket_id)
    number = position(service, ticket) if ticket is not None else 0
    if ticket is None or not number:
        section.said.append("it is in no line now")
        return section
    section.said.append(f"place {number} of {len(service.line)}: by priority, then by arrival, then by joining")
    for place, one in enumerate(service.line[:number], 1):
        if place > number - LISTED:
            row = _row(one, place)
            row.chosen = one is ticket
            if one is not ticket:
                row.facts["because"] = _because(one, ticket)
            section.candidates.append(row)
    section.more = max(number - LISTED, 0)
    return section


def _row(one: Ticket, place: int) -> Candidate:
    facts: dict[str, Any] = {"place": place, "priority": one.priority, "since": one.arrived_at, "lifted": one.lifted}
    if one.needs:
        facts["needs"] = list(one.needs)
    return Candidate(one.id, f"{one.code} ({one.id})", facts=facts)


def _because(one: Ticket, ticket: Ticket) -> str:
    if one.order[0] != ticket.order[0]:
        lifted = one.lifted and RANK[one.priority] >= RANK[ticket.priority]
        return "waited longer than the limit of its priority" if lifted else "priority comes first"
    return "same priority, since earlier" if one.arrived_at <= ticket.arrived_at else "was put before it"
