"""One hospital's log as states at any position: folded forward once, with marks behind to come back to.

A window of the log is kept at hand: of every actor that changes in it, its frozen state before it and at each mark it
had changed by. The state at a position is the one at the mark before, and the few entries in between applied to it; so
that going back costs what going forward costs. What lies before the window is folded without marks; what is asked of
it begins anew from the first entry. Snapshots of the engine are not used: an audit is to find out what they say.

Nothing is sealed open here, and no key is read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import trio

from engine import calendar
from engine.eventlog.entry import checked
from engine.eventlog.keys import Keyring
from engine.recovery import Book, Cell
from replay.moments import position_at, zone_of
from replay.serving.reasons import Base, copied, forget_round, walked
from replay.walking import Source, Walk

SPACING: Final = 400
"""Entries between two marks; it doubles when the marks take too much memory."""

MARK_BYTES: Final = 128 * 1024 * 1024
"""Frozen states that the marks of a window may hold."""

JUMP: Final = 30_000
"""Entries behind the window that are still taken into it; a day further away begins a new one."""

SEGMENTS: Final = 4
"""Stretches between two marks that are kept decoded: who moves a slider comes back to the same."""

LARGEST_WINDOW: Final = 300_000
"""Entries that a window may have; then it begins with the day that is asked for."""


class Busy(Exception):
    """So much of the log has been folded by now, and it does not reach there yet."""

    def __init__(self, read: int, of: int) -> None:
        super().__init__(f"{read} of {of} entries")
        self.read = read
        self.of = of


class Window(msgspec.Struct):
    """What is kept of the entries behind ``start``: when each was, what it names, and the states at the marks."""

    start: int
    marks: list[int]
    times: Any = msgspec.field(default_factory=lambda: array("q"))
    commands: list[str] = []
    refused: set[int] = set()
    about: dict[str, Any] = {}
    """Ids and keys of actors to the positions of the entries that name them."""
    history: dict[str, tuple[list[int], list[bytes]]] = {}
    """Keys to the marks by which they had changed, and their states then; ``b""``: there was none."""
    fresh: set[str] = set()
    """Keys that have a state at the last mark."""
    held: int = 0
    spacing: int = SPACING


class Past:
    """One hospital's. Its methods are to be called one at a time (``lock``)."""

    def __init__(self, source: Source, hospital: str, *, spacing: int = SPACING, mark_bytes: int = MARK_BYTES) -> None:
        self.source = source
        self.hospital = hospital
        self._zone = ""
        self.lock = trio.Lock()
        self._spacing = spacing
        self._mark_bytes = mark_bytes
        self._walk = Walk(source, hospital)
        self._window: Window | None = None
        self._segments: dict[int, list[Any]] = {}
        self.base: Base | None = None
        """A copy of the states at the window's start."""
        self._scratch = Book(hospital, Keyring(hospital, _no_entropy))
        self.folded = 0
        """Entries folded in all: what going back costs."""

    @property
    def book(self) -> Book:
        """As of the window's end."""
        return self._walk.book

    @property
    def window(self) -> Window:
        """The stretch that is at hand."""
        assert self._window is not None
        return self._window

    async def open(self, start: int, until: int) -> None:
        """Have the entries from ``start`` to ``until`` at hand; cancelled, it goes on from there the next time."""
        before, window = start - 1, self._window
        if window is not None and (
            before < window.start
            or before - self.book.head > JUMP
            or (until - window.start > LARGEST_WINDOW and before > window.start)
        ):
            self._window = self.base = window = None
            self._segments.clear()
        if window is None:
            if before < self.book.head:
                self._walk = Walk(self.source, self.hospital)
            await walked(self._walk, before)
            self.base = copied(self.book)
            self._window = window = Window(before, [before], spacing=self._spacing)
        while self.book.head < until:
            limit = min(window.spacing, until - self.book.head)
            records = await self.source.read(self.hospital, self.book.head + 1, limit)
            if not records:
                return
            self._take(window, records)

    def _take(self, window: Window, records: list[tuple[int, bytes]]) -> None:
        """Fold a stretch into the window, noting what each entry names and what states were before it."""
        book = self.book
        entries = [book.codec.decode(checked(record)) for _, record in records]
        for entry in entries:
            window.times.append(entry.time)
            window.commands.append(entry.name)
            if entry.refusal is not None:
                window.refused.add(entry.position)
            for name in named(entry):
                window.about.setdefault(name, array("q")).append(entry.position)
            for change in entry.changes:
                if change.actor not in window.history:
                    found = book.cells.get(change.actor)
                    frozen = b"" if found is None else book.freeze(found) if type(found) is Cell else found
                    assert isinstance(frozen, bytes)
                    self._note(window, change.actor, window.start, frozen)
        for _ in book.folded(records):
            self.folded += 1
        if len(window.marks) > 1 and book.head - window.marks[-2] <= window.spacing:
            self._lengthen(window, book)  # a live log comes in small pieces: each needs no mark of its own
        else:
            window.marks.append(book.head)
            window.fresh.clear()
        for key in book.dirty:
            cell = book.cells[key]
            assert type(cell) is Cell
            self._note(window, key, book.head, book.freeze(cell))
            window.fresh.add(key)
        forget_round(book)
        if window.held > self._mark_bytes:
            thin(window)

    def _lengthen(self, window: Window, book: Book) -> None:
        """Move the last mark on to the book's head: what had changed by it, and does not change again, with it."""
        window.marks[-1] = book.head
        for key in window.fresh:
            marks, states = window.history[key]
            if key in book.dirty:
                window.held -= len(states.pop())
                marks.pop()
            else:
                marks[-1] = book.head

    def _note(self, window: Window, key: str, mark: int, frozen: bytes) -> None:
        marks, states = window.history.setdefault(key, ([], []))
        marks.append(mark)
        states.append(frozen)
        window.held += len(frozen)

    # -- what was, at a position in the window ---------------------------------------------------------------

    async def states(self, keys: Iterable[str], position: int) -> dict[str, Any]:
        """The states of these actors once the entry at ``position`` had been applied, as far as there are any."""
        window, scratch, found = self.window, self._scratch, {}
        assert window.start <= position <= self.book.head
        mark = window.marks[bisect_right(window.marks, position) - 1]
        cells: dict[str, Cell] = {}
        for key in keys:
            frozen = self._frozen(key, mark)
            if frozen is None:
                present = self.book.cell(key)
                if present is not None:
                    found[key] = present.state
            elif frozen:
                cells[key] = scratch.thaw(key, frozen)
            else:
                cells[key] = scratch.new_cell(key)
        scratch.cells.clear()
        entries = await self._between(mark, position) if cells else []
        for entry in entries:
            if entry.position > position:
                break
            for change in entry.changes:
                cell = cells.get(change.actor)
                if cell is not None:
                    for event in change.events:
                        cell.decider.evolve(cell.state, event)
                    cell.version += 1
        return {**found, **{key: cell.state for key, cell in cells.items() if cell.version}}

    def _frozen(self, key: str, mark: int) -> bytes | None:
        history = self.window.history.get(key)
        if history is None:
            return None  # it does not change in the window: as it is at the end it was all the time
        marks, states = history
        return states[bisect_right(marks, mark) - 1]

    async def _between(self, mark: int, position: int) -> list[Any]:
        """The entries from one mark to the next, decoded."""
        if position == mark:
            return []
        known = self._segments.pop(mark, None)
        if known is None or known[-1].position < position:
            marks = self.window.marks
            end = marks[bisect_right(marks, mark)]
            records = await self.source.read(self.hospital, mark + 1, end - mark)
            known = [self._scratch.codec.decode(checked(record)) for _, record in records]
        self._segments[mark] = known
        while len(self._segments) > SEGMENTS:
            del self._segments[next(iter(self._segments))]
        return known

    # -- where things stand ----------------------------------------------------------------------------------

    async def bounds(self, day: str) -> tuple[int, int]:
        """The first and the last position of a local day; the last is before the first where it has none."""
        start, end = calendar.day_bounds(day, await self.time_zone())
        first = await position_at(self.source, self.hospital, start - 1) + 1
        return first, await position_at(self.source, self.hospital, end - 1)

    async def time_zone(self) -> str:
        """The hospital's; its first entry says it once and for all."""
        if not self._zone:
            self._zone = await zone_of(self.source, self.hospital)
        return self._zone

    def at(self, position: int) -> int:
        """When the entry at a position of the window was decided (µs)."""
        time: int = self.window.times[position - self.window.start - 1]
        return time

    def around(self, name: str, position: int, first: int, last: int) -> tuple[int, int]:
        """Of the entries ``first`` to ``last`` that name this, the ones before and after a position; 0: none."""
        found = self.window.about.get(name, ())
        before, after = bisect_left(found, position) - 1, bisect_right(found, position)
        earlier = found[before] if before >= 0 and found[before] >= first else 0
        return earlier, found[after] if after < len(found) and found[after] <= last else 0

    def latest(self, name: str, position: int, first: int) -> int:
        """The last entry from ``first`` up to this position that names this; 0: none."""
        found = self.window.about.get(name, ())
        index = bisect_right(found, position) - 1
        return found[index] if index >= 0 and found[index] >= first else 0

    def count(self, name: str, first: int, last: int) -> int:
        """How many of the entries ``first`` to ``last`` name this."""
        found = self.window.about.get(name, ())
        return bisect_right(found, last) - bisect_left(found, first)


def named(entry: Any) -> set[str]:
    """The keys of the actors that an entry changed, and every id that stands in its events."""
    names: set[str] = set()
    for change in entry.changes:
        names.add(change.actor)
        left: list[Any] = list(change.events)
        while left:
            value = left.pop()
            if isinstance(value, msgspec.Struct):
                left.extend(getattr(value, field) for field in value.__struct_fields__)
            elif type(value) is str:
                if len(value) == ID and value[8] == "-" == value[13]:
                    names.add(value)
            elif type(value) in (tuple, list):
                left.extend(value)
    return names


def thin(window: Window) -> None:
    """Forget every second mark, the first and the last ones kept; what had changed by it goes to the next."""
    last = window.marks[-1]
    kept = [*window.marks[:-1:2], last]
    window.held = 0
    for marks, states in window.history.values():
        moved = [kept[bisect_left(kept, mark)] for mark in marks]
        rows = dict(zip(moved, states, strict=True))  # of two at one mark the later
        marks[:], states[:] = list(rows), list(rows.values())
        window.held += sum(map(len, states))
    window.marks = kept
    window.spacing *= 2


ID: Final = 36
"""Characters of an id."""


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")
