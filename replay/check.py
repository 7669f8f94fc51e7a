"""Folding a log twice and holding it against the live engine's own states, and its appointments against each other.

Each record's hash is recomputed on the way. The live states are those that the engine wrote to its snapshots, each
with the position it belongs to: the fold must have made the very same bytes at that position. That nobody and no room
was ever in two places, and that beds and staff were given whole, once and in turn, is looked at after every entry, not
only at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import msgspec

from engine.errors import LogCorrupt
from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.pages import PageUnusable, decode_page
from engine.recovery import Book, Cell, state_hash
from replay.auditing.assignments import Assignments
from replay.auditing.overlaps import Overlaps

READ = 1_000
"""Records of one read transaction: short, so that the log's file does not grow under a reader."""


class Checked(msgspec.Struct):
    """What was found out about one hospital's log.

    ``differing`` names live states that the log does not give; ``overlaps`` the first of ``overlapping`` times at
    which a room, a doctor or a patient was in two of its ``appointments``; ``unsound`` the first of ``misassigned``
    faults in what its ``admissions`` were given.
    """

    hospital: str
    entries: int
    actors: int
    state_hash: str
    second_hash: str
    live_states: int
    differing: list[str]
    fault: str = ""
    appointments: int = 0
    overlapping: int = 0
    overlaps: list[str] = []
    admissions: int = 0
    misassigned: int = 0
    unsound: list[str] = []

    @property
    def equal(self) -> bool:
        """Whether both folds and the live states agree and no record is damaged."""
        return not self.fault and self.state_hash == self.second_hash and not self.differing

    @property
    def sound(self) -> bool:
        """Whether besides nobody and no room was in two places, and nothing was given twice, in part or out of turn."""
        return self.equal and not self.overlapping and not self.misassigned


async def check_hospital(reader: LmdbReader, hospital: str, advance: Callable[[int], None] = lambda _: None) -> Checked:
    """Fold this hospital's log twice up to its present head; ``advance(n)`` is told of every ``n`` entries."""
    head = await reader.head(hospital)
    result = Checked(hospital, head, 0, "", "", 0, [])
    try:
        live = await _live_states(reader, hospital, head)
        result.live_states = len(live)
        looked, given = Overlaps(), Assignments()
        first = await _fold(reader, hospital, head, live, result.differing, advance, (looked, given))
        result.appointments, result.overlapping, result.overlaps = looked.appointments, looked.count, looked.found
        result.admissions, result.misassigned, result.unsound = given.admissions, given.count, given.found
        result.actors = len(first.cells)
        result.state_hash = state_hash(first.frozen_states())
        second = await _fold(reader, hospital, head, {}, [], advance)
        result.second_hash = state_hash(second.frozen_states())
    except LogCorrupt as fault:
        result.fault = str(fault)
    return result


async def _live_states(reader: LmdbReader, hospital: str, head: int) -> dict[tuple[str, int], bytes]:
    """SHA-256 of every state in the snapshots, by actor and position."""
    states = {}
    for made in await reader.rounds(hospital):
        for number in range(made.pages):
            for data in await reader.read_pages(hospital, made.number, number, 1):
                try:
                    page = decode_page(data)
                except PageUnusable as reason:
                    raise LogCorrupt(f"snapshot round {made.number}: {reason}") from reason
                kept = dict(zip(page.keys, page.frozen, strict=False))
                kept.update(await reader.read_archive(hospital, page.keys[len(page.frozen) :]))
                for key, frozen in kept.items():
                    position = msgspec.msgpack.decode(frozen, type=tuple[int, int, msgspec.Raw])[1]
                    if position <= head:
                        states[key, position] = sha256(frozen).digest()
    return states


async def _fold(
    reader: LmdbReader,
    hospital: str,
    head: int,
    live: dict[tuple[str, int], bytes],
    differing: list[str],
    advance: Callable[[int], None],
    audits: tuple[Overlaps | Assignments, ...] = (),
) -> Book:
    book = Book(hospital, Keyring(hospital, _no_entropy))
    while book.head < head:
        records = await reader.read(hospital, book.head + 1, min(READ, head - book.head))
        for position, record in records:
            entry = book.fold(position, record)
            for change in entry.changes if live else ():
                expected = live.get((change.actor, position))
                cell = book.cells[change.actor]
                assert type(cell) is Cell
                if expected is not None and sha256(book.freeze(cell)).digest() != expected:
                    differing.append(f"{change.actor} at position {position}")
            for audit in audits:
                audit.entry(position, [(change.actor, change.events) for change in entry.changes])
        advance(len(records))
    return book


def _no_entropy(count: int) -> bytes:
    raise AssertionError("replaying draws nothing")
