"""One actor out of a whole log: its own entries, and its state at any moment, without folding all the others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from engine.errors import LogCorrupt
from engine.eventlog.entry import checked
from engine.recovery import Book, Cell
from replay.selecting import Reading


class Actor:
    """One actor followed through a log. ``cell`` is its state as of ``head``; ``None`` while it has no events."""

    def __init__(self, reading: Reading, key: str) -> None:
        self.key = key
        self.cell: Cell | None = None
        self.head = 0
        self._reading = reading
        self._book = Book(reading.log, reading.keys)

    async def go(self, until: int, advance: Callable[[int], None] = lambda _: None) -> None:
        """Follow it to a position; ``LogCorrupt`` where its versions do not follow each other."""
        async with aclosing(own_entries(self._reading, self.key, self.head + 1, until, advance)) as entries:
            async for entry in entries:
                for change in entry.changes:
                    if change.actor == self.key:
                        self._follow(entry.position, change)
        self.head = until

    def _follow(self, position: int, change: Any) -> None:
        cell = self.cell
        if cell is None:
            cell = self.cell = self._book.new_cell(self.key)
        if change.version != cell.version + 1 or change.previous != cell.position:
            raise LogCorrupt(f"position {position}: {self.key} is at version {cell.version}, not before it")
        for event in change.events:
            cell.decider.evolve(cell.state, event)
        cell.version, cell.position = change.version, position


async def own_entries(
    reading: Reading, key: str, start: int, until: int, advance: Callable[[int], None] = lambda _: None
) -> AsyncGenerator[Any, None]:
    """The entries that changed this actor. Others are not decoded: a key stands in a record as it is."""
    name = key.encode()
    async with aclosing(reading.records(start, until, advance)) as records:
        async for _, record in records:
            if name in record:
                entry = reading.codec.decode(checked(record))
                if any(change.actor == key for change in entry.changes):
                    yield entry
