"""A hospital's log walked from its first entry, the states of all actors beside it.

``Walk`` folds as it goes: at any position it has the book as it then was, by the same code that recovers the engine.
What is sealed stays sealed unless the source has the keys; ``opened`` brings them in when something asks for a text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Protocol, TypeVar

from engine.decider import NotInMemory
from engine.eventlog.store import Signed
from engine.recovery import Book
from replay.deciding.veiling import VeilingKeys

T = TypeVar("T")

READ: Final = 1_000
"""Entries read at once: a reader must not hold the log's pages for long."""


class Source(Protocol):
    """Where a log is read from: beside an engine (``LmdbReader``), a backup, or files of segments."""

    async def hospitals(self) -> list[str]:
        """All hospitals that have a log, in order of name."""

    async def head(self, hospital: str) -> int:
        """The last position, 0 when there is none."""

    async def read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to ``limit`` (position, stored bytes) from ``start`` on, in order."""

    async def read_at(self, hospital: str, positions: Sequence[int]) -> list[bytes]:
        """The stored bytes at these positions."""

    async def hashes(self, hospital: str, level: int, first: int, count: int) -> list[bytes]:
        """Stored hashes of a level of the tree, as many as there are."""

    async def checkpoints(self, hospital: str, above: int, limit: int) -> list[Signed]:
        """Up to ``limit`` checkpoints of a size above this one, in order of size."""

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """The sealing keys of these subjects, as far as they are here."""


class Unreadable(Exception):
    """A text is sealed and its key is not here: destroyed, or never handed over."""


class Walk:
    """One pass over a hospital's log. ``book`` is as of ``book.head``."""

    def __init__(self, source: Source, hospital: str) -> None:
        self.source = source
        self.hospital = hospital
        self.keys = VeilingKeys(hospital, _no_entropy)
        self.book = Book(hospital, self.keys)

    async def entries(self, until: int, advance: Callable[[int], None] = lambda _: None) -> AsyncIterator[Any]:
        """Every entry from behind ``book.head`` up to ``until``, each given once it has been folded."""
        book = self.book
        while book.head < until:
            records = await self.source.read(self.hospital, book.head + 1, min(READ, until - book.head))
            if not records:
                return
            for entry in book.folded(records):
                yield entry
            advance(len(records))

    async def go(self, until: int, advance: Callable[[int], None] = lambda _: None) -> None:
        """Fold up to ``until``."""
        async for _ in self.entries(until, advance):
            pass

    async def opened(self, work: Callable[[], T]) -> T:
        """What ``work`` returns, once all keys that it asks for are in memory; ``Unreadable`` when one is nowhere."""
        keys = self.book.keys
        while True:
            try:
                return work()
            except NotInMemory as missing:
                name = keys.store_name(missing.name)
                found = await self.source.read_keys([name])
                if name not in found:
                    raise Unreadable(missing.name) from missing
                keys.adopt(found)


def _no_entropy(count: int) -> bytes:
    raise AssertionError("replaying draws nothing")
