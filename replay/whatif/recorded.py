"""What is known of some days that no policy decides: who came when, how long each stage took, who was at work when.

Commands of patients and desks are taken as they came (``Root``). What happened at a counter from a call until it was
free again is one ``Stint``: its steps stand by how long after the call they came. When a counter calls is told by its
``Shift``: how soon after it could, and when it did not though it could.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, NamedTuple

import msgspec

from engine.decider import MINUTE

ASKED: Final = frozenset({"BookToken", "InsertEmergency", "JoinQueue", "HoldSeat", "ConfirmHold"})
"""Commands with which somebody asks to be seen; their refusals are counted."""

ARRIVALS: Final = ASKED | {"CheckIn", "AcceptOffer", "RescheduleToken", "ChangeCategory"}
"""Commands that are tried again also where the log refused them: another policy may say yes."""


class Step(NamedTuple):
    """What was done ``after`` µs, by whom."""

    after: int
    command: Any
    who: str


class Stint(msgspec.Struct):
    """One ticket at one counter. ``chosen``: how (queue, slot, named); ``ended``: the counter was free again."""

    service_id: str
    counter: str
    ticket_id: str
    at: int
    who: str
    chosen: str = "queue"
    steps: list[Step] = []
    ended: bool = False


class Root(NamedTuple):
    """An entry that came from outside. ``command`` is asked again; without one, ``changes`` are applied."""

    time: int
    position: int
    id: bytes
    who: str
    name: str
    command: Any
    changes: tuple[Any, ...]
    refused: str


class Chance(NamedTuple):
    """A time in which a counter could call without a break: how long (µs) until it did, or until it could no more."""

    took: int
    lost: bool = False
    absent: bool = False


class Shift(msgspec.Struct):
    """One counter's local day: its calls in order, when it did not work though somebody waited, and its end (µs)."""

    calls: list[Stint] = []
    chances: list[Chance] = []
    absences: list[tuple[int, int, bool]] = []
    """From, until, and whether it was not this counter that called then."""
    begins: int = 0
    ends: int | None = None
    reaction: int = 0
    """The median of those that were none of absence."""

    def when(self, number: int, since: int) -> int | None:
        """When it calls if somebody could be called ``since``, its chance of this number (from 0); ``None``: never."""
        time, moved = max(since, self.begins), since < self.begins
        for begin, end, lost in self.absences:
            if begin <= time < end:
                time, moved = end + (self.reaction + 1 if lost else 0), True
        if self.ends is not None and time >= self.ends:
            return None
        if moved:
            return time
        chance = self.chances[number] if number < len(self.chances) else None
        if chance is None or chance.absent:
            return time + self.reaction
        # Somebody else was quicker then: all that is known is that it takes longer than that.
        return time + chance.took + (self.reaction + 1 if chance.lost else 0)


class Came(msgspec.Struct):
    """What the log knows of a token's patient: whether there ever was a place, and when he said that he is here."""

    placed: bool = False
    checked_in: list[int] = []
    """When a check-in was taken."""
    tried: list[int] = []
    """When one was refused."""
    answers: list[Step | None] = []
    """What came of each seat that he was offered, as long after the offer; ``None``: it lapsed."""


class Recorded(msgspec.Struct):
    """All of it. ``shifts`` by (service, counter, local day); ``stints`` by (ticket, service), in order."""

    zone: str
    roots: list[Root] = []
    shifts: dict[tuple[str, str, str], Shift] = {}
    stints: dict[tuple[str, str], list[Stint]] = {}
    after_root: dict[int, Stint] = {}
    """Stints that no call of a counter's own began: by the position of what did."""
    came: dict[str, Came] = {}
    seen: set[tuple[str, str]] = set()
    """Counters (service, name) that the services had on these days."""
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    """Of ``ASKED``, by code."""
    unusable: int = 0
    """Refused arrivals of which the log has not kept enough,"""
    lost: Counter[str] = msgspec.field(default_factory=Counter)
    """and those of ``ASKED`` among them, by code: they are refused in every world."""
    unusual_calls: int = 0
    """Calls of somebody whom the queue would not have given."""
    wakes: dict[tuple[str, int], int] = {}
    """When the timer of an actor (its key, and the instant for which it was set) came in fact."""
    usual_start: dict[str, int] = {}
    usual_service: dict[str, int] = {}
    """Medians (µs) from call to start and from start to end, by service; ``""``: of all."""
    usual_accept: int = 2 * MINUTE
