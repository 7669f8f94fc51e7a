"""One service's queue, followed event by event: who is in it, in which order, and who comes next at a counter.

Knows tickets and places and decides nothing; ``queues`` says what must hold of them. It shares no code with the rule
book that orders the line.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from engine.actors.service.state import ServiceSettings

SERVING: Final = frozenset(("called", "consulting"))
ALIVE: Final = frozenset(("waiting", "parked", "called", "consulting"))

_TURNS: Final = ("high", "medium", "low")

Order = tuple[int, int, int, int]


class Ticket(msgspec.Struct):
    """A ticket that is alive."""

    id: str
    code: str
    patient_id: str
    priority: str
    status: str
    order: Order
    needs: frozenset[str]
    token_id: str
    group: str
    lifted: bool
    counter: str
    calls: int
    not_before: int
    number: int
    version: int = 1
    share: str = ""

    @classmethod
    def of(cls, told: Any) -> Ticket:
        """The ticket as an event has it."""
        return cls(
            told.id, told.code, told.patient_id, told.priority, told.status, told.order, frozenset(told.needs),
            told.token_id, told.group, told.lifted, told.counter, told.calls, told.not_before, told.number,
            told.version, told.share or "",
        )  # fmt: skip


class Line:
    """A service: its settings, its tickets, and those who wait, in order."""

    def __init__(self, id: str, settings: ServiceSettings, doctor_id: str) -> None:
        self.id = id
        self.settings = settings
        self.doctor_id = doctor_id
        self.tickets: dict[str, Ticket] = {}
        self.by_patient: dict[str, str] = {}
        self.by_counter: dict[str, str] = {}
        self.numbered = 0
        self.next_number = 1
        self.shares_used: dict[str, int] = {}
        self.waiting: list[tuple[Order, str]] = []
        self._pools: dict[tuple[str, bool], list[tuple[Order, str]]] = {}

    def admit(self, ticket: Ticket) -> Iterator[str]:
        """The ticket is in this service; what cannot be beside the others is told."""
        if ticket.patient_id:
            other = self.by_patient.get(ticket.patient_id)
            if other is not None:
                yield f"patient {ticket.patient_id} has tickets {other} and {ticket.id} in service {self.id}"
            self.by_patient[ticket.patient_id] = ticket.id
        self.tickets[ticket.id] = ticket
        self.numbered += ticket.number > 0
        yield from self.enter(ticket)

    def dismiss(self, ticket: Ticket) -> None:
        """It is no longer in this service, whose line it has left."""
        del self.tickets[ticket.id]
        self.numbered -= ticket.number > 0
        if self.by_patient.get(ticket.patient_id) == ticket.id:
            del self.by_patient[ticket.patient_id]

    def enter(self, ticket: Ticket) -> Iterator[str]:
        """Put it in its place, or to its counter."""
        if ticket.status == "waiting":
            item = (ticket.order, ticket.id)
            place = bisect_left(self.waiting, item)
            for beside in self.waiting[max(place - 1, 0) : place + 1]:
                if beside[0] == ticket.order:
                    yield f"tickets {beside[1]} and {ticket.id} stand in one place of service {self.id}"
            self.waiting.insert(place, item)
            insort(self._pools.setdefault((ticket.priority, ticket.lifted), []), item)
        elif ticket.status in SERVING and ticket.counter:
            busy = self.by_counter.get(ticket.counter)
            if busy is not None:
                yield f"counter {ticket.counter} of service {self.id} serves {busy} and {ticket.id}"
            self.by_counter[ticket.counter] = ticket.id

    def leave(self, ticket: Ticket) -> None:
        """Take it from its place, or from its counter, before any of its fields changes."""
        if ticket.status == "waiting":
            item = (ticket.order, ticket.id)
            for items in (self.waiting, self._pools[ticket.priority, ticket.lifted]):
                del items[bisect_left(items, item)]
        elif self.by_counter.get(ticket.counter) == ticket.id:
            del self.by_counter[ticket.counter]

    def place(self, ticket: Ticket) -> int:
        """Its place from 1 on, 0 where it does not wait."""
        return bisect_left(self.waiting, (ticket.order, ticket.id)) + 1 if ticket.status == "waiting" else 0

    def called(self, share: str | None) -> None:
        """A call counted against the share of this priority; when that is used up, a new turn begins."""
        if share:
            if self.shares_used.get(share, 0) >= dict(self.settings.shares).get(share, 1):  # type: ignore[call-overload]
                self.shares_used = {}
            self.shares_used[share] = self.shares_used.get(share, 0) + 1

    def uncalled(self, share: str) -> None:
        """That call was taken back."""
        if self.shares_used.get(share):
            self.shares_used[share] -= 1

    def next_at(self, counter: str, time: int, may: Callable[[Ticket], bool]) -> Ticket | None:
        """Who comes next at this counter, of those who may be called: by order, or by turns where calls are shared."""
        found = next((one for one in self.settings.counters if one.name == counter and one.open), None)
        if found is None:
            return None
        skills = frozenset(found.skills)

        def first(items: list[tuple[Order, str]]) -> Ticket | None:
            for _, id in items:
                ticket = self.tickets[id]
                if ticket.not_before <= time and ticket.needs <= skills and may(ticket):
                    return ticket
            return None

        shares: Mapping[Any, int] = self.settings.shares
        if not shares:
            return first(self.waiting)
        firsts = {pool: ticket for pool, items in self._pools.items() if (ticket := first(items)) is not None}
        lifted = [ticket for (_, up), ticket in firsts.items() if up]
        if lifted:
            return min(lifted, key=lambda ticket: ticket.order)
        there = [priority for priority in _TURNS if (priority, False) in firsts]
        if not there:
            return None
        turn = next((one for one in there if self.shares_used.get(one, 0) < shares.get(one, 1)), there[0])
        return firsts[turn, False]
