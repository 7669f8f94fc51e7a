"""Why an entry was decided as it was, for the explorer: the decision taken again over the states that it met.

One walk of its own per hospital, at the position where the last entry was explained. To go back it begins anew at the
start of the day that is looked at, of which a copy is kept, or at the log's first entry. Of keys it has the hospital's
own alone: texts about patients stay sealed, so that an explanation names them by their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import trio

from engine.eventlog.keys import Keyring
from engine.recovery import Book, Cell, Directory
from replay.explaining import Explanation
from replay.explaining.telling import Teller
from replay.walking import Source, Walk

SETTLE: Final = 20_000
"""Entries after which states are frozen, so that what is long over takes little memory."""


class Base(msgspec.Struct):
    """All states of a hospital at a position, frozen, and where its ids are filed."""

    head: int
    time: int
    cells: dict[str, Any]
    filed: dict[str, dict[str, str]]


class WithoutPatients:
    """A source that gives no patient's key away."""

    def __init__(self, source: Source, hospital: str) -> None:
        self._source = source
        self._own = Keyring(hospital, bytes).store_name("")
        self.hospitals = source.hospitals
        self.head = source.head
        self.read = source.read
        self.read_at = source.read_at
        self.hashes = source.hashes
        self.checkpoints = source.checkpoints

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """The hospital's own key, where it is asked for."""
        return await self._source.read_keys([name for name in subjects if name == self._own])


class Reasons:
    """One hospital's. To be asked one at a time (``lock``)."""

    def __init__(self, source: Source, hospital: str, zone: str) -> None:
        self.lock = trio.Lock()
        self.head = 0
        """Where the walk is."""
        self._source = source
        self._hospital = hospital
        self._zone = zone
        self._teller = Teller(WithoutPatients(source, hospital), hospital, zone)

    async def explained(self, position: int, base: Base | None) -> Explanation:
        """Why this entry; ``base`` is a copy to begin from, where one is at hand."""
        walk = self._teller.walk
        reach = base if base is not None and base.head < position else None
        if walk.book.head >= position or (reach is not None and walk.book.head < reach.head):
            restore(walk.book, reach)
        await walked(walk, position - 1)
        self.head = walk.book.head
        [record] = await self._source.read_at(self._hospital, [position])
        told = await self._teller.tell(position, record)
        return Explanation(self._hospital, self._zone, str(position), "entry", [told])


async def walked(walk: Walk, position: int) -> None:
    """Fold up to a position; what is long over is frozen on the way."""
    book = walk.book
    while book.head < position:
        await walk.go(min(position, book.head + SETTLE))
        if len(book.dirty) >= SETTLE:
            freeze(book)


def freeze(book: Book) -> None:
    """Freeze every state that has changed since the last time."""
    for key in book.dirty:
        cell = book.cells[key]
        if type(cell) is Cell:
            book.cells[key] = book.freeze(cell)
    forget_round(book)


def forget_round(book: Book) -> None:
    """What has changed from now on is of another round; nothing is woken here."""
    book.dirty.clear()
    book.timers.clear()
    book.era += 1


def copied(book: Book) -> Base:
    """A copy of a book, which is frozen for it."""
    freeze(book)
    for key, found in book.cells.items():
        if type(found) is Cell:
            book.cells[key] = book.freeze(found)
    filed: dict[str, dict[str, str]] = {}
    for table, id, key in book.directory.rows():
        filed.setdefault(table, {})[id] = key
    return Base(book.head, book.time, dict(book.cells), filed)


def restore(book: Book, base: Base | None) -> None:
    """Make a book what it was when it was copied; without a copy, empty."""
    book.directory = Directory()
    book.cells = {} if base is None else dict(base.cells)
    book.head, book.time = (0, 0) if base is None else (base.head, base.time)
    book.commands.clear()
    book.older_commands.clear()
    forget_round(book)
    if base is not None:
        for table, rows in base.filed.items():
            book.directory.load(table, list(rows), list(rows.values()))
        book.directory.finish_loading()
        book.join_groups(book.cells)
