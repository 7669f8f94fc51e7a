"""A whole log held against what must hold in a hospital: nothing given twice, nobody lost, everyone in turn.

Every check is told from events alone; none asks a rule book or a state. It knows how to bring them together: reading,
handing on, and what was found where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from engine.errors import LogCorrupt
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import Keyring
from engine.recovery import EVENTS
from replay.auditing.assignments import Assignments
from replay.auditing.chains import Chains
from replay.auditing.overlaps import Overlaps
from replay.auditing.queues import Queues
from replay.auditing.tokens import Tokens
from replay.walking import READ, Source

NAMED: Final = 100
"""Of the findings, so many are listed; all are counted."""

Changes = Sequence[tuple[str, Sequence[Any]]]
"""Actors' keys and their events."""

_CONCERNED: Final = {
    "hospital": ("tokens",), "doctor_day": ("tokens",), "patient_day": ("tokens",),
    "slot": ("tokens", "queues", "overlaps"), "service": ("queues",), "service_day": ("queues",),
    "clinic_day": ("overlaps",), "ward": ("assignments",), "roster": ("assignments",), "admission": ("assignments",),
    "intake": ("assignments",),
}  # fmt: skip
"""Which checks look at which kinds of actors."""

_PLACE: Final = re.compile(r",? (?:at|since) position (\d+)$")


class Finding(msgspec.Struct, frozen=True):
    """Something that must not be. ``check``: chain, tokens, queues, overlaps or assignments."""

    position: int
    check: str
    what: str


class Integrity(msgspec.Struct):
    """What was found in one hospital's log. ``counts``: findings by check; ``findings`` the first of them, in order.

    ``tokens`` by state and ``open_tickets`` say what was still open where the log ends: what is not over is somewhere.
    """

    hospital: str
    entries: int = 0
    actors: int = 0
    refusals: int = 0
    tokens: dict[str, int] = {}
    tickets: int = 0
    open_tickets: int = 0
    appointments: int = 0
    admissions: int = 0
    counts: dict[str, int] = {}
    findings: list[Finding] = []

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not any(self.counts.values())


class Audit:
    """All checks of one hospital, told of every entry in order."""

    def __init__(self, hospital: str) -> None:
        self.result = Integrity(hospital)
        self.result.counts = dict.fromkeys(("chain", "tokens", "queues", "overlaps", "assignments"), 0)
        self._lost: set[str] = set()
        self._chains = Chains(hospital)
        self._overlaps = Overlaps()
        self._tokens = Tokens(self._overlaps.engaged)
        self._queues = Queues(self._tokens.slots)
        self._checks: dict[str, Callable[[int, Changes, int, str], None]] = {  # in this order: queues look at tokens
            "tokens": lambda position, changes, time, _: self._tokens.entry(position, changes, time),
            "queues": self._queues.entry,
            "overlaps": lambda position, changes, *_: self._overlaps.entry(position, changes),
            "assignments": lambda position, changes, *_: self._assignments.entry(position, changes),
        }
        self._assignments = Assignments()

    def entry(self, position: int, entry: Any) -> None:
        """One entry, as the codec gives it."""
        result = self.result
        result.entries += 1
        result.refusals += entry.refusal is not None
        for what in self._chains.faults(position, entry):
            self.add("chain", position, what)
        if entry.changes:
            changes = [(change.actor, change.events) for change in entry.changes]
            self.changed(position, changes, entry.time, entry.name)

    def changed(self, position: int, changes: Changes, time: int, name: str) -> None:
        """What an entry changed, looked at for itself: each actor's key and its events."""
        concerned = {check for actor, _ in changes for check in _CONCERNED.get(actor[: actor.find(":")], ())}
        for check, tell in self._checks.items():
            if check in concerned and check not in self._lost:
                try:
                    tell(position, changes, time, name)
                except (LookupError, ValueError, AttributeError, TypeError, AssertionError) as fault:
                    self._lost.add(check)
                    self.add(check, position, f"this cannot have happened, nor be followed any further: {fault!r}")

    def add(self, check: str, position: int, what: str) -> None:
        """Note a finding."""
        self.result.counts[check] += 1
        if self.result.counts[check] <= NAMED:
            self.result.findings.append(Finding(position, check, what))

    def done(self) -> Integrity:
        """What was found in all."""
        result = self.result
        result.actors = len(self._chains.actors)
        result.tokens = dict(sorted(self._tokens.states.items()))
        result.tickets, result.open_tickets = self._queues.joined, self._queues.open
        result.appointments, result.admissions = self._overlaps.appointments, self._assignments.admissions
        for name, check in (
            ("tokens", self._tokens), ("queues", self._queues), ("overlaps", self._overlaps),
            ("assignments", self._assignments),
        ):  # fmt: skip
            result.counts[name] += check.count
            for told in check.found:
                place = _PLACE.search(told)
                assert place is not None, "a finding says where it was made"
                result.findings.append(Finding(int(place[1]), name, told[: place.start()]))
        result.findings.sort(key=lambda one: one.position)
        return result


async def audit(
    source: Source, hospital: str, advance: Callable[[int], None] = lambda _: None, until: int = 0
) -> Integrity:
    """Look at a hospital's log from its first entry to ``until`` or its present head.

    A record that is damaged ends it: what follows cannot be told. ``advance(n)`` is told of every ``n`` entries.
    """
    audit, head = Audit(hospital), until or await source.head(hospital)
    codec, position = Codec(EVENTS, Keyring(hospital, _no_entropy)), 0
    while position < head:
        try:
            records = await source.read(hospital, position + 1, min(READ, head - position))
            if not records:
                raise LogCorrupt(f"the log ends here, and should go on to {head}")
            for found, record in records:
                entry = codec.decode(checked(record))
                audit.entry(found, entry)
                position = found
        except LogCorrupt as fault:
            audit.add("chain", position + 1, str(fault))
            break
        advance(len(records))
    return audit.done()


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")
