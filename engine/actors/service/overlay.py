"""A service as it will be after some events, laid over the one that is: nothing of the state below is touched.

The second step of a decision must see what the first one did, and a line of 100,000 cannot be copied for it. So
``evolve`` runs on the overlay as it runs on a state: what it adds and removes stays in the overlay, a ticket is
copied when it is first asked for, and what is read comes from both.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from copy import copy
from itertools import islice
from typing import Any, Generic, TypeVar, cast

from engine.actors.service.state import ALERTS, LIFTS, ORDER, PARKED, Line, Service, Ticket

V = TypeVar("V")


def overlay(state: Service) -> Service:
    """A service that reads from this one and keeps its own changes."""
    over = copy(state)
    over.tickets = cast("dict[str, Ticket]", LayeredTickets(state.tickets))
    over.by_patient = cast("dict[str, str]", LayeredDict(state.by_patient))
    over.by_counter = dict(state.by_counter)
    over.shares_used = dict(state.shares_used)
    over.serving = list(state.serving)
    over.counts = copy(state.counts)
    over.line = layered(state.line, ORDER)
    over.parked = layered(state.parked, PARKED)
    over.lifts = layered(state.lifts, LIFTS)
    over.alerts = layered(state.alerts, ALERTS)
    over.pools = {name: layered(pool, ORDER) for name, pool in state.pools.items()}
    return over


def layered(line: Line, key: Callable[[Ticket], Any]) -> Line:
    """A line over this one; it can all that rules ask of a line."""
    return cast("Line", LayeredLine(line, key))


class LayeredDict(Generic[V]):
    """A dictionary over another one."""

    __slots__ = ("base", "own")

    def __init__(self, base: dict[str, V]) -> None:
        self.base = base
        self.own: dict[str, V | None] = {}

    def get(self, key: str, default: V | None = None) -> V | None:
        """The value, or the default."""
        found = self.own[key] if key in self.own else self.base.get(key)
        return default if found is None else found

    def __getitem__(self, key: str) -> V:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __setitem__(self, key: str, value: V) -> None:
        self.own[key] = value

    def __delitem__(self, key: str) -> None:
        self.own[key] = None


class LayeredTickets(LayeredDict[Ticket]):
    """Tickets over those of a state: each is copied when it is first asked for, for whoever asks may change it."""

    __slots__ = ()

    def get(self, key: str, default: Ticket | None = None) -> Ticket | None:
        """A ticket of one's own."""
        if key not in self.own:
            below = self.base.get(key)
            if below is None:
                return default
            self.own[key] = copy(below)
        return self.own[key] or default


class LayeredLine:
    """Tickets in the order of a key, over a sorted list: those that came, and the keys of those that went."""

    __slots__ = ("base", "came", "key", "went")

    def __init__(self, base: Line, key: Callable[[Ticket], Any]) -> None:
        self.base = base
        self.key = key
        self.came: list[Ticket] = []
        self.went: list[Any] = []

    def add(self, ticket: Ticket) -> None:
        """Put a ticket in."""
        insort(self.came, ticket, key=self.key)

    def remove(self, ticket: Ticket) -> None:
        """Take a ticket out; its key is as it was when it came."""
        key = self.key(ticket)
        index = bisect_left(self.came, key, key=self.key)
        if index < len(self.came) and self.came[index].id == ticket.id:
            del self.came[index]
        else:
            insort(self.went, key)

    def bisect_key_left(self, key: Any) -> int:
        """How many stand before this key."""
        below = self.base.bisect_key_left(key) - bisect_left(self.went, key)
        return below + bisect_left(self.came, key, key=self.key)

    def __len__(self) -> int:
        return len(self.base) - len(self.went) + len(self.came)

    def __getitem__(self, index: int) -> Ticket:
        for ticket in self.came:
            if self.bisect_key_left(self.key(ticket)) == index:
                return ticket
        first = max(index - len(self.came), 0)
        for ticket in islice(self.base, first, index + len(self.went) + 1):
            key = self.key(ticket)
            if not self._went(key) and self.bisect_key_left(key) == index:
                return ticket
        raise IndexError(index)

    def __iter__(self) -> Iterator[Ticket]:
        came = iter(self.came)
        next_came = next(came, None)
        for ticket in self.base:
            key = self.key(ticket)
            while next_came is not None and self.key(next_came) < key:
                yield next_came
                next_came = next(came, None)
            if not self._went(key):
                yield ticket
        if next_came is not None:
            yield next_came
            yield from came

    def _went(self, key: Any) -> bool:
        index = bisect_left(self.went, key)
        return index < len(self.went) and self.went[index] == key
