"""How long commands and queries took, in which part of the way, and who is told of the slow ones.

The way of a command has three parts: it waits for its actor (and for what had to be loaded first), is decided, and
waits until that is durable. Knows instants, types and lengths; no id of anybody, and nothing that a command says.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Literal

import msgspec
import trio
from msgspec.structs import force_setattr

from engine.actor import Message, Shares, Word
from engine.eventlog.entry import Principal
from engine.gauges import Gauges

Outcome = Literal["accepted", "refused", "not_applied", "withdrawn", "unknown", "answered", "failed"]

_OUTCOMES: dict[Word, Outcome] = {
    Word.COMMITTED: "accepted",
    Word.REFUSED: "refused",
    Word.NOT_APPLIED: "not_applied",
    Word.ABANDONED: "withdrawn",
}


class Slow(msgspec.Struct, frozen=True):
    """A command, a query, or commands that came together, that took long (s).

    ``behind``: messages that its actor had before it; of a batch, its commands. ``pending``: entries not yet durable,
    of all hospitals, when it was over.
    """

    sort: Literal["command", "query", "batch"]
    name: str
    hospital: str
    request_id: str
    outcome: Outcome
    seconds: float
    shares: Shares
    behind: int
    pending: int


class SlowLimit(msgspec.Struct, frozen=True):
    """From so many seconds on, somebody is told; ``shares``: each reply says how its time was divided."""

    seconds: float = inf
    tell: Callable[[Slow], None] = lambda slow: None
    shares: bool = False


class Timing:
    """Notes what a command or a query took. ``pending`` gives the entries that wait for the disk."""

    def __init__(self, gauges: Gauges, limit: SlowLimit, pending: Callable[[], int]) -> None:
        self._gauges = gauges
        self._took = gauges.asked_for
        self._limit = limit
        self._least = limit.seconds
        self._shares = limit.shares
        self._pending = pending

    def asked(self, hospital: str, message: Message, begun: float) -> None:
        """Nobody waits for this message any more; it came then (trio's clock, s)."""
        now = trio.current_time()
        took = now - begun
        self._took[type(message.command)].note(took)
        if self._shares and message.reply is not None:
            force_setattr(message.reply, "took", shares_of(message, begun, now))
        if took >= self._least:
            self._gauges.slow += 1
            outcome = _OUTCOMES.get(message.word, "unknown")
            who, name = message.who, type(message.command).__name__
            shares = shares_of(message, begun, now)
            self._limit.tell(
                Slow("command", name, hospital, who.request_id, outcome, took, shares, message.behind, self._pending())
            )

    def batch(self, kind: type[Any], hospital: str, who: Principal, begun: float, count: int) -> None:
        """So many commands came together then, and the last of them is over."""
        took = trio.current_time() - begun
        self._gauges.asked_for[kind].note(took)
        if took >= self._least:
            self._gauges.slow += 1
            shares = (0.0, took, 0.0)
            self._limit.tell(
                Slow("batch", kind.__name__, hospital, who.request_id, "answered", took, shares, count, self._pending())
            )

    def looked(
        self, hospital: str, query: type[Any], who: Principal, begun: float, found: float | None, outcome: Outcome
    ) -> None:
        """A query came then, and what it asks for was ``found`` then, if it was; now it is over."""
        now = trio.current_time()
        self._gauges.looked_for[query].note(now - begun)
        if now - begun >= self._least:
            self._gauges.slow += 1
            until = now if found is None else found
            shares = (0.0, until - begun, now - until)
            took, pending = now - begun, self._pending()
            self._limit.tell(Slow("query", query.__name__, hospital, who.request_id, outcome, took, shares, 0, pending))


def shares_of(message: Message, begun: float, now: float) -> Shares:
    """How the time from ``begun`` to now was divided; what was not reached took nothing."""
    if message.done is None:
        waited = max((now if message.claimed is None else message.claimed) - begun, 0.0)
        return waited, max(now - begun - waited, 0.0), 0.0
    claimed = begun if message.claimed is None else max(message.claimed, begun)
    return claimed - begun, max(message.done - claimed, 0.0), max(now - message.done, 0.0)
