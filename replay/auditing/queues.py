"""Whether every ticket of every queue is in one place, in its place, and was called in turn: told from events alone.

It keeps what services say of their tickets (``replay.auditing.lines``) and what their days say of those that are over,
and holds them against each other after every entry:

- every step of a ticket follows from the one before it; a ticket is in one service, and one that is transferred comes,
  in the same entry, to the service that it left for, as who it was and under its code;
- a ticket that ends is filed once by its service's day, and is alive again only when it is taken out of there;
- nobody is served twice, no counter serves two, no patient has two tickets in a service or an exclusive group;
- places told (``position``, ``waiting``) are those in the line, and no two tickets stand in one place;
- whoever was called next was the first whom that counter could serve; out of turn only with a reason, or by the token;
- a ticket that is the visit of a token goes the same steps, while it is with the token's own doctor;
- numbers of a service's series follow each other; a day that ends leaves nobody in line unless it carries over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from engine.actors.service import events as on
from engine.actors.service_day import TicketFiled, TicketUnfiled
from replay.auditing.lines import ALIVE, SERVING, Line, Ticket
from replay.auditing.slots import ACTIVE, Slots, token_of

NAMED: Final = 20
"""Of the faults that were found, so many are named."""

_RANK: Final = {"high": 10, "medium": 20, "low": 30}
_WAITING: Final = frozenset(("waiting",))
_CALLED: Final = frozenset(("called",))
_PARKED: Final = frozenset(("parked",))
_UNDONE: Final = {
    "call": SERVING, "start": frozenset(("consulting",)), "no_answer": _WAITING, "park": _PARKED, "resume": _WAITING,
    "priority": _WAITING | _PARKED,
}  # fmt: skip
"""The step of a live ticket that was taken back, and the states it may have led to."""
_ENDS: Final = {"complete": "completed", "no_show": "no_show", "cancel": "cancelled"}
"""The same of the end of a ticket."""


class _Entry:
    """What one entry was about."""

    def __init__(self) -> None:
        self.left: dict[str, tuple[str, Any, Ticket]] = {}
        self.came: dict[str, tuple[str, Any]] = {}
        self.ended: dict[str, int] = {}
        """Tickets that are over, and the version that each then has."""
        self.alive: set[str] = set()
        self.moved: set[str] = set()
        """Tickets of which anything was told."""
        self.over: set[str] = set()
        """Services whose day ended."""
        self.filed: list[tuple[str, Any]] = []


class Queues:
    """Told of every entry in order. ``found`` names the first faults, ``count`` how many there were in all.

    ``slots``: the tokens as they are told, this entry's events included. ``joined`` counts tickets that got in line.
    """

    def __init__(self, slots: Slots) -> None:
        self.found: list[str] = []
        self.count = 0
        self.joined = 0
        self._slots = slots
        self._lines: dict[str, Line] = {}
        self._where: dict[str, str] = {}
        self._filed: dict[str, str] = {}
        self._over: dict[str, str] = {}
        self._groups: dict[tuple[str, str], set[str]] = {}

    @property
    def open(self) -> int:
        """How many tickets are alive."""
        return len(self._where)

    def entry(self, position: int, changes: Iterable[tuple[str, Iterable[Any]]], time: int, name: str = "") -> None:
        """One entry: each actor's key and its events; ``name``: the command's."""
        now = _Entry()
        faults: list[str] = []
        for key, events in changes:
            kind, _, id = key.partition(":")
            if kind == "service_day":
                now.filed += [(id, event) for event in events]
            elif kind == "service":
                for event in events:
                    faults += self._event(now, id, event, time, name)
            elif kind == "slot":
                now.moved |= {token_of(event) for event in events}
        if now.came or now.left:
            faults += self._transfers(now)
        if now.filed or now.ended or now.alive:
            faults += self._days(now)
        for id in sorted(now.moved & self._where.keys()):
            faults += self._visit(id)
        for service_id in now.over:
            faults += self._day_over(self._lines[service_id])
        for fault in faults:
            self.count += 1
            if len(self.found) < NAMED:
                self.found.append(f"{fault}, at position {position}")

    def _event(self, now: _Entry, id: str, event: Any, time: int, name: str) -> Iterator[str]:
        if isinstance(event, on.ServiceOpened):
            if id in self._lines:
                yield f"service {id} was opened twice"
            self._lines[id] = Line(id, event.settings, event.doctor_id)
            return
        line = self._lines.get(id)
        if line is None:
            yield f"service {id} was never opened"
            return
        match event:
            case on.ServiceChanged():
                line.settings = event.settings
            case on.ServiceDayEnded():
                now.over.add(id)
            case on.ServiceStatusChanged():
                pass
            case on.TicketJoined():
                now.came[event.ticket.id] = (id, event)
                yield from self._joined(now, line, event)
            case on.TicketStepUndone():
                yield from self._undone(now, line, event)
            case _:
                ticket = line.tickets.get(event.ticket_id)
                if ticket is None:
                    yield f"{type(event).__name__} of ticket {event.ticket_id}, which is not in service {id}"
                    return
                if isinstance(event, on.TicketCalled):
                    yield from self._called(line, ticket, event, time, name)
                line.leave(ticket)
                yield from self._step(now, line, ticket, event)
        now.moved.add(_ticket_of(event))
        waiting = getattr(event, "waiting", None)
        if waiting is not None and waiting != len(line.waiting):
            yield f"{waiting} were told to wait in service {id}, and {len(line.waiting)} do"
        told = getattr(event, "position", 0)
        if told and not isinstance(event, on.TicketNear):  # who is near is told once all others have moved
            moved = _ticket_of(event)
            if told != (stands := line.place(line.tickets[moved])):
                yield f"ticket {moved} was told place {told} in service {id}, and stands at {stands}"

    def _joined(self, now: _Entry, line: Line, event: Any) -> Iterator[str]:
        ticket = Ticket.of(event.ticket)
        self.joined += 1
        if ticket.id in line.tickets:  # told below; in one place it can be followed only once
            line.leave(line.tickets[ticket.id])
            line.dismiss(line.tickets[ticket.id])
        elsewhere = self._where.get(ticket.id)
        if elsewhere is not None and (elsewhere == line.id or elsewhere != event.from_service):
            yield f"ticket {ticket.id} joined service {line.id} while it is in {elsewhere}"
        if self._over.get(ticket.id) == "completed":
            yield f"ticket {ticket.id} joined service {line.id} and has been served"
        if ticket.order != (_RANK[ticket.priority], event.ticket.arrived_at, event.ticket.seq, 0):
            yield f"ticket {ticket.id} joined service {line.id} out of the order of its arrival"
        if event.number:
            expected = 1 if event.renumbered else line.next_number
            if event.number != expected:
                yield f"service {line.id} gave number {event.number}, and {expected} is its next"
            if event.renumbered and line.numbered:
                yield f"service {line.id} began its series anew while tickets of it are alive"
            line.next_number = event.number + 1
        yield from self._admit(now, line, ticket)

    def _undone(self, now: _Entry, line: Line, event: Any) -> Iterator[str]:
        id, known = event.ticket.id, line.tickets.get(event.ticket.id)
        if known is None:
            if self._over.get(id, "") != _ENDS.get(event.step):
                yield f"ticket {id} is alive again in service {line.id} and had not ended there"
        else:
            if known.status not in _UNDONE.get(event.step, ()):
                yield f"step {event.step} of ticket {id} was taken back, which was {known.status}"
            if event.ticket.version != known.version + 1:
                yield _lost(id, known.version + 1, event.ticket.version)
            line.leave(known)
            self._forget(line, known)
            if event.step == "call":
                line.uncalled(known.share)
        yield from self._admit(now, line, Ticket.of(event.ticket))

    def _step(self, now: _Entry, line: Line, ticket: Ticket, event: Any) -> Iterator[str]:  # noqa: C901
        was, id, legal = ticket.status, ticket.id, ALIVE
        ticket.version += not isinstance(event, on.TicketNear | on.TicketStale)
        match event:
            case on.TicketCalled():
                legal, ticket.counter, ticket.share = _WAITING, event.counter, event.share or ""
                ticket.status = "consulting" if event.starts else "called"
                if event.calls != ticket.calls + 1:
                    yield f"call {event.calls} of ticket {id} follows call {ticket.calls}"
                ticket.calls = event.calls
            case on.TicketRecalled():
                legal, ticket.calls = _CALLED, event.calls
            case on.TicketUnanswered():
                legal, ticket.status, ticket.counter = _CALLED, "waiting", ""
                ticket.order, ticket.not_before = event.order, event.not_before
            case on.TicketStarted():
                legal, ticket.status = _CALLED, "consulting"
            case on.TicketParked():
                legal, ticket.status, ticket.counter = _WAITING | _CALLED, "parked", ""
            case on.TicketResumed():
                legal, ticket.status, ticket.order = _PARKED, "waiting", event.order
            case on.TicketPrioritized():
                legal, ticket.priority, ticket.order = _WAITING | _PARKED, event.priority, event.order
            case on.TicketLifted():
                legal, ticket.lifted, ticket.order = _WAITING, True, event.order
            case on.TicketPatientChanged():
                self._forget(line, ticket)
                ticket.patient_id = event.patient_id
                yield from self._admit(now, line, ticket)
                return
            case on.TicketEnded():
                if event.status == "completed" and was != "consulting" and event.reason is None:
                    yield f"ticket {id} was completed without a reason while it was {was}"
                self._over[id] = event.status
                now.ended[id] = ticket.version
                self._forget(line, ticket)
                return
            case on.TicketTransferred():
                now.left[id] = (line.id, event, ticket)
                legal = _WAITING | _PARKED
                self._forget(line, ticket)
        if was not in legal:
            yield f"{type(event).__name__} of ticket {id}, which was {was}"
        if not isinstance(event, on.TicketTransferred):
            yield from line.enter(ticket)

    def _called(self, line: Line, ticket: Ticket, event: Any, time: int, name: str) -> Iterator[str]:
        """The first whom this counter could serve; anybody with a reason, or because the token was called."""
        if event.reason is None and name in ("CallNext", "CallTicket"):

            def may(one: Ticket) -> bool:
                return name == "CallTicket" or one.id == ticket.id or self._callable(line, one)

            first = line.next_at(event.counter, time, may)
            if first is None:
                yield f"ticket {ticket.id} was called to {event.counter!r} of service {line.id}, which cannot serve it"
            elif first.id != ticket.id:
                yield f"ticket {ticket.id} was called in service {line.id} before {first.id}, whose turn it was"
        line.called(event.share)

    def _callable(self, line: Line, ticket: Ticket) -> bool:
        """Whether its slot lets a ticket be called; one that is not of a token in this doctor's slots always may."""
        token = self._slots.token(ticket.token_id) if ticket.token_id and line.doctor_id else None
        if token is None:
            return True
        slot = self._slots.slots[self._slots.where[token.id]]
        if slot.doctor_id != line.doctor_id:
            return True
        return token.state in ACTIVE - {"IN_CONSULT"} and not slot.paused and slot.status != "CANCELLED"

    def _admit(self, now: _Entry, line: Line, ticket: Ticket) -> Iterator[str]:
        now.alive.add(ticket.id)
        self._where[ticket.id] = line.id
        self._over.pop(ticket.id, None)
        if ticket.group and ticket.patient_id:
            self._groups.setdefault((ticket.group, ticket.patient_id), set()).add(ticket.id)
        yield from line.admit(ticket)

    def _forget(self, line: Line, ticket: Ticket) -> None:
        line.dismiss(ticket)
        if self._where.get(ticket.id) == line.id:
            del self._where[ticket.id]
        mates = self._groups.get((ticket.group, ticket.patient_id))
        now_in = self._lines.get(self._where.get(ticket.id, ""))
        if mates is not None and (now_in is None or now_in.tickets[ticket.id].group != ticket.group):
            mates.discard(ticket.id)

    def _transfers(self, now: _Entry) -> Iterator[str]:
        for id, (service_id, event, ticket) in now.left.items():
            there = now.came.get(id)
            if there is None or there[0] != event.to_service:
                yield f"ticket {id} left service {service_id} for {event.to_service} and never came there"
            elif there[1].ticket.patient_id != ticket.patient_id:
                yield f"ticket {id} came to service {there[0]} as another patient's"
            elif there[1].ticket.code != ticket.code and not ticket.token_id:  # a token has a code with each doctor
                yield f"ticket {id} came to service {there[0]} under another code"
            elif there[1].ticket.version != ticket.version and not ticket.token_id:
                yield _lost(id, ticket.version, there[1].ticket.version)
        for id, (service_id, event) in now.came.items():
            ticket = event.ticket
            if event.from_service and (id not in now.left or now.left[id][0] != event.from_service):
                yield f"ticket {id} came to service {service_id} and had not left {event.from_service}"
            # A token's own ticket is opened at check-in, whatever the patient waits for besides.
            others = self._groups.get((ticket.group, ticket.patient_id), set()) - {id}
            if others and not ticket.token_id:
                yield f"patient {ticket.patient_id} has tickets {min(others)} and {id} in group {ticket.group!r}"

    def _visit(self, id: str) -> Iterator[str]:
        """A ticket that is a token's visit is its patient's, and with its own doctor goes the same steps."""
        line = self._lines[self._where[id]]
        ticket = line.tickets[id]
        if not ticket.token_id:
            return
        token = self._slots.token(ticket.token_id)
        if token is None or token.patient_id != ticket.patient_id:
            yield f"ticket {id} is the visit of token {ticket.token_id}, which is not there or another patient's"
        elif self._slots.slots[self._slots.where[token.id]].doctor_id == line.doctor_id:
            expected = {"called": "CALLED", "consulting": "IN_CONSULT"}.get(ticket.status, "ARRIVED")
            if token.state != expected:
                yield f"ticket {id} is {ticket.status}, and its token is {token.state}"

    def _days(self, now: _Entry) -> Iterator[str]:
        """Tickets that are over are filed, once, and those alone."""
        for day, event in now.filed:
            if isinstance(event, TicketFiled):
                if event.ticket.id in self._filed:
                    yield f"ticket {event.ticket.id} was filed twice"
                version = now.ended.get(event.ticket.id, event.ticket.version)
                if version != event.ticket.version:
                    yield _lost(event.ticket.id, version, event.ticket.version)
                self._filed[event.ticket.id] = day
                now.alive.add(event.ticket.id)
            elif isinstance(event, TicketUnfiled):
                if self._filed.pop(event.ticket_id, None) is None:
                    yield f"ticket {event.ticket_id} was taken from a day that had not filed it"
                now.alive.add(event.ticket_id)
        for id in sorted({*now.ended, *now.alive}):
            if id in self._where and id in self._filed:
                yield f"ticket {id} is in service {self._where[id]} and filed as ended"
            elif id not in self._where and id not in self._filed:
                yield f"ticket {id} is nowhere: in no service and filed by no day"

    def _day_over(self, line: Line) -> Iterator[str]:
        if not line.settings.carry_over:
            for ticket in line.tickets.values():
                if ticket.status != "consulting":
                    yield f"the day of service {line.id} ended and ticket {ticket.id} is still {ticket.status}"


def _ticket_of(event: Any) -> str:
    ticket = getattr(event, "ticket", None)
    return getattr(event, "ticket_id", "") if ticket is None else ticket.id


def _lost(id: str, version: int, told: int) -> str:
    return f"ticket {id} is told to be at version {told}, and its steps make {version}"
