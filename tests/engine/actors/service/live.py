"""One live queue by itself: asked in order under a clock that the test moves, checked and stored after every step."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.actors.service import SERVICE
from engine.actors.service.commands import CallNext, Command, End, Join, Open, Start
from engine.actors.service.state import Counter, Priority, Service, ServiceSettings, Ticket, position
from engine.decider import At, FreeText, Private
from engine.errors import Rejected

NOW = 1_770_000_000_000_000  # 2026-02-02 02:40 UTC
TODAY = "2026-02-02"
WHY = FreeText("because", "")


def encode(value: Any) -> bytes:
    """The bytes of an event or a snapshot."""
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def _plain(item: Any) -> Any:
    assert isinstance(item, Private)
    return [item.text, item.subject]


def two_counters(**more: Any) -> ServiceSettings:
    """Settings with two counters."""
    return ServiceSettings(counters=(Counter(name="1"), Counter(name="2")), **more)


class Live:
    """A queue; ``ask`` gives the names of the events, after they took effect; ``events`` are those of the last one."""

    def __init__(self, settings: ServiceSettings | None = None, **more: Any) -> None:
        self.time = NOW
        self.state: Service = SERVICE.initial("s")
        self.events: list[Any] = []
        self.history: list[Any] = []
        self.filed: set[tuple[str, str]] = set()
        self.day = TODAY
        self.minute = 600
        self.ask(Open("s", "Laboratory", "LAB", settings or two_counters(**more)))

    def ask(self, command: Command) -> list[str]:
        """Decide and evolve; a refusal leaves all as it was."""
        self.time += 1
        before = encode(SERVICE.freeze(self.state))
        try:
            events = list(SERVICE.decide(self.state, command, At(self.time, bytes(16), lambda: bytes(16))))
        finally:
            assert encode(SERVICE.freeze(self.state)) == before, "a decision changed the state"
            SERVICE.check(self.state)
        for event in events:
            assert isinstance(event, SERVICE.events)
            SERVICE.evolve(self.state, decode(encode(event), type(event)))
            for table, id, present in SERVICE.filed(event):
                (self.filed.add if present else self.filed.discard)((table, id))
        SERVICE.check(self.state)
        assert self.filed == set(SERVICE.files(self.state))
        self.events = events
        self.history += events
        return [type(event).__name__ for event in events]

    def refused(self, command: Command, reason: type[Rejected]) -> dict[str, Any]:
        """The facts of a refusal."""
        with pytest.raises(reason) as refused:
            self.ask(command)
        assert type(refused.value) is reason
        return refused.value.facts

    def join(self, name: str, priority: Priority = "low", **more: Any) -> Ticket:
        """Somebody gets in line: ticket ``name`` of patient ``p-name``."""
        fields: dict[str, Any] = {
            "patient_id": f"p-{name}",
            "arrived_at": self.time,
            "day": self.day,
            "minute": self.minute,
        } | more
        self.ask(Join(ticket_id=name, priority=priority, **fields))
        return self.state.tickets[name]

    def call(self, counter: str = "1") -> str | None:
        """Who is called next."""
        self.ask(CallNext(counter, "ann"))
        return self.events[0].ticket_id if self.events else None

    def serve(self, minutes: float, counter: str = "1") -> str | None:
        """Call the next, and a consultation of so many minutes."""
        name = self.call(counter)
        assert name is not None
        if self.state.tickets[name].status == "called":
            self.ask(Start(name, "ann"))
        self.later(minutes)
        self.ask(End(name, "completed", "ann", counter))
        return name

    def later(self, minutes: float) -> None:
        """Time passes."""
        self.time += int(minutes * 60_000_000)

    def line(self) -> list[str]:
        """Who waits, in order."""
        return [ticket.id for ticket in self.state.line]

    def places(self) -> dict[str, int]:
        """Every waiting ticket's place."""
        waiting = (ticket for ticket in self.state.tickets.values() if ticket.status == "waiting")
        return {ticket.id: position(self.state, ticket) for ticket in waiting}

    def status(self, name: str) -> str | None:
        """The state of a live ticket."""
        ticket = self.state.tickets.get(name)
        return None if ticket is None else ticket.status


def decode(data: bytes, type: Any) -> Any:
    """What the bytes mean."""
    return msgspec.msgpack.decode(data, type=type, dec_hook=lambda kind, item: kind(*item))
