"""What an audit report is made of: a stretch of a hospital's log, its proof, and what was found in it.

It brings together what others find out: the verifier, the audit of integrity, the proofs, the accesses beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from engine import calendar
from engine.errors import Invalid, LogCorrupt
from engine.eventlog.checkpoint import BadNote, Note
from engine.eventlog.directory import BESIDE
from replay.accesses import Sought, accesses
from replay.auditing.integrity import Integrity, audit
from replay.moments import position_at, zone_of
from replay.reporting.gathering import Gathered, Gathering
from replay.security import notes
from replay.showing import Showing
from replay.verifying import Demands, Verified, verify_all
from replay.walking import Source, Walk
from replay.whatif.comparing import Comparison
from replay.whatif.figures import seen
from replay.witnessing.proofs import newest, prove_entry

Advance = Callable[[int], None]

_SIGNERS: Final = 10


class Range(msgspec.Struct, frozen=True):
    """What is reported: positions, both included; ``days`` are the local days that lie in it whole or in part."""

    first: int
    last: int
    days: tuple[str, ...]


class Proof(msgspec.Struct, frozen=True):
    """How the stretch hangs in a signed tree. ``proven``: its first and last entry are leaves of that tree.

    ``checkpoint`` is the newest note's text, ``signers`` the names on it.
    """

    size: int = 0
    root: str = ""
    proven: bool = False
    fault: str = ""
    checkpoint: str = ""
    signers: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()


class Looker(msgspec.Struct):
    """One account's looks."""

    name: str
    role: str
    looks: int = 0
    patients: set[str] = set()
    purposes: Counter[str] = msgspec.field(default_factory=Counter)
    queries: Counter[str] = msgspec.field(default_factory=Counter)


class AtTheDoor(msgspec.Struct):
    """One kind of what happened at the door; ``whose``: how often of which account (``""``: nobody we know)."""

    what: str
    times: int = 0
    whose: Counter[str] = msgspec.field(default_factory=Counter)


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``signatures_asked``: whether a key was there to hold signatures against."""

    hospital: str
    zone: str
    head: int
    range: Range
    proof: Proof
    verified: list[Verified]
    signatures_asked: bool
    integrity: Integrity
    gathered: Gathered
    lookers: list[Looker]
    access_log: bool
    door: list[AtTheDoor] = []
    what_if: Comparison | None = None

    @property
    def sound(self) -> bool:
        """Whether neither the verifier nor the audit found anything."""
        return self.integrity.sound and all(one.sound for one in self.verified) and not self.proof.fault

    def verdicts(self) -> dict[str, Any]:
        """For JSON: what was looked at and whether it holds, without what happened."""
        return {
            "hospital": self.hospital,
            "range": self.range,
            "proof": self.proof,
            "signatures_checked": self.signatures_asked,
            "verified": self.verified,
            "integrity": self.integrity,
        }


async def gather(
    source: Source, path: Path, hospital: str, stretch: Range, demands: Demands, *, reasons: bool,
    what_if: Comparison | None = None, advance: Advance = lambda _: None,
) -> Material:  # fmt: skip
    """Verify, audit and read; three passes over the log, of which ``advance`` is told."""
    zone = await zone_of(source, hospital)
    verified = await verify_all(source, path, [hospital], demands, advance)
    found = await audit(source, hospital, advance, stretch.last)
    access_log = await source.head(hospital + BESIDE) > 0
    return Material(
        hospital=hospital,
        zone=zone,
        head=await source.head(hospital),
        range=stretch,
        proof=await _proof(source, hospital, stretch),
        verified=verified,
        signatures_asked=not demands.unsigned,
        integrity=found,
        gathered=await _gathered(source, hospital, stretch, zone, reasons, advance),
        lookers=await _lookers(source, hospital, stretch, zone) if access_log else [],
        door=await _door(source, hospital, stretch, zone) if access_log else [],
        access_log=access_log,
        what_if=what_if,
    )


async def stretch_between(source: Source, hospital: str, first_day: str, last_day: str) -> Range:
    """The positions of these local days, both included; ``Invalid`` where the log has nothing of them."""
    zone = await zone_of(source, hospital)
    begin, end = calendar.day_bounds(first_day, zone).start, calendar.day_bounds(last_day, zone).end
    if end <= begin:
        raise Invalid("the last day comes before the first", field="to")
    first, last = await position_at(source, hospital, begin - 1) + 1, await position_at(source, hospital, end - 1)
    if last < first:
        raise Invalid(f"the log of {hospital} has nothing from {first_day} to {last_day}", field="day")
    days = [first_day]
    while days[-1] < last_day:
        days.append(calendar.shift(days[-1], 1))
    return Range(first, last, tuple(days))


async def _proof(source: Source, hospital: str, stretch: Range) -> Proof:
    """By the newest checkpoint, if it covers the stretch."""
    last = await newest(source, hospital)
    if last is None:
        return Proof(fault="")
    try:
        note = Note.parse(last.note)
        head = note.head()
    except BadNote as fault:
        return Proof(fault=f"the newest checkpoint cannot be read: {fault.detail}")
    signers = tuple(line.name for line in note.lines[:_SIGNERS])
    if head.size < stretch.last:
        return Proof(head.size, head.root.hex(), False, "", note.text, signers)
    try:
        proofs = [await prove_entry(source, hospital, at) for at in (stretch.first, stretch.last)]
    except (Invalid, LogCorrupt) as fault:
        return Proof(head.size, head.root.hex(), False, str(fault), note.text, signers)
    return Proof(
        head.size, head.root.hex(), True, "", note.text, signers, tuple(proof.leaf.hex() for proof in proofs)
    )  # fmt: skip


async def _gathered(
    source: Source, hospital: str, stretch: Range, zone: str, reasons: bool, advance: Advance
) -> Gathered:
    walk = Walk(source, hospital)
    gathering = Gathering(zone, Showing(source, hospital, walk.book.keys), reasons=reasons)
    ends = [(day, calendar.day_bounds(day, zone).end) for day in stretch.days]
    try:
        async for entry in walk.entries(stretch.last, advance):
            while ends and entry.time >= ends[0][1]:
                _end_day(gathering, walk, *ends.pop(0))
            if entry.position >= stretch.first:
                await gathering.entry(entry)
    except LogCorrupt:  # said by the audit; what comes behind cannot be told
        pass
    for day, _ in ends:
        _end_day(gathering, walk, day, walk.book.time + 1)
    return gathering.gathered


def _end_day(gathering: Gathering, walk: Walk, day: str, until: int) -> None:
    gathering.day(day, seen(walk.book, day, until, {}))


async def _beside(source: Source, hospital: str, stretch: Range, zone: str) -> tuple[int, int]:
    """The positions of these days in the access log."""
    begin = calendar.day_bounds(stretch.days[0], zone).start
    end = calendar.day_bounds(stretch.days[-1], zone).end
    log = hospital + BESIDE
    return await position_at(source, log, begin - 1) + 1, await position_at(source, log, end - 1)


async def _door(source: Source, hospital: str, stretch: Range, zone: str) -> list[AtTheDoor]:
    first, last = await _beside(source, hospital, stretch, zone)
    found: dict[str, AtTheDoor] = {}
    async for noted in notes(source, hospital, first, last):
        one = found.setdefault(noted.what, AtTheDoor(noted.what))
        one.times += noted.times
        one.whose[noted.who.name] += noted.times
    return sorted(found.values(), key=lambda one: (-one.times, one.what))


async def _lookers(source: Source, hospital: str, stretch: Range, zone: str) -> list[Looker]:
    first, last = await _beside(source, hospital, stretch, zone)
    found: dict[tuple[str, str], Looker] = {}
    async for access in accesses(source, hospital, Sought(), first, last):
        who = access.who
        looker = found.setdefault((who.name, who.role), Looker(who.name, who.role))
        looker.looks += 1
        looker.patients.update(access.patients)
        looker.purposes[access.purpose or "not said"] += 1
        looker.queries[access.query] += 1
    return sorted(found.values(), key=lambda one: (-one.looks, one.name))
