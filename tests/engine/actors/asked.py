"""One actor by itself: asked in order, its events applied and its invariants checked."""

from __future__ import annotations

from typing import Any

from engine.decider import At, Decider, Event

NOW = 1_770_000_000_000_000  # 2026-02-02 02:40 UTC


def at(time: int = NOW) -> At:
    """An instant with fixed entropy."""
    return At(time, time.to_bytes(16, "big"), lambda: b"0123456789abcdef")


class Actor:
    """An actor of some kind; ``ask`` gives the events of one command, after they have taken effect."""

    def __init__(self, decider: Decider[Any], id: str, time: int = NOW) -> None:
        self.decider = decider
        self.state = decider.initial(id)
        self.time = time
        self.filed: set[tuple[str, str]] = set()

    def ask(self, command: Any) -> list[Event]:
        """The events; a refusal leaves all as it was."""
        self.time += 1
        events = list(self.decider.decide(self.state, command, at(self.time)))
        for event in events:
            assert isinstance(event, self.decider.events)
            self.decider.evolve(self.state, event)
            for table, id, present in self.decider.filed(event):
                (self.filed.add if present else self.filed.discard)((table, id))
        self.decider.check(self.state)
        assert self.filed == set(self.decider.files(self.state))
        return events
