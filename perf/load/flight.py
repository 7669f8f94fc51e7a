"""A chain on its way, and the one request of it that is under way. Knows no socket and no clock."""

from __future__ import annotations

from perf.load.plan import Chain, Step


class Life:
    """A chain on its way: which step is next, and the id that it holds."""

    __slots__ = ("chain", "due", "held", "made", "next", "number", "ready")

    def __init__(self, chain: Chain, number: int) -> None:
        self.chain = chain
        self.number = number
        self.next = 0
        self.held = ""
        self.made = ""
        self.due = 0.0
        self.ready = True

    @property
    def step(self) -> Step:
        return self.chain.steps[self.next]


class Flight:
    """A request under way."""

    __slots__ = ("due", "key", "life", "sent", "step")

    def __init__(self, life: Life, key: str, due: float, sent: float) -> None:
        self.life = life
        self.step = life.step
        self.key = key
        self.due = due
        self.sent = sent
