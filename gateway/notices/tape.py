"""One hospital's log as notices, durable entries only: what happened, in order, from any position on.

Knows positions, the store and how an entry is read; no destination. The latest entries stay in memory, so that many
destinations that keep up cost one reading.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import trio

from engine.deltas import deltas
from engine.errors import Unavailable
from engine.eventlog.entry import checked
from engine.eventlog.store import Store
from engine.runtime import Engine
from gateway.notices.notice import Notice, notices_of

KEPT: Final = 2_000
"""Entries whose notices stay in memory, for each hospital."""
PORTION: Final = 64
"""Entries that are read and decoded in one go, before others run."""
LOOK: Final = 0.1
"""Seconds between two looks at the end of a log that does not grow."""


class Page(NamedTuple):
    """One entry: its position, its time (µs), and what is told of it."""

    position: int
    time: int
    notices: Sequence[Notice]


class Tape(Protocol):
    """Where an outbox is filled from."""

    def head(self) -> int:
        """The last durable position."""

    async def read(self, after: int, limit: int = PORTION) -> list[Page]:
        """Up to ``limit`` entries behind a position; none at the end. ``Unavailable`` while the engine recovers."""

    async def grown(self, after: int) -> None:
        """Return once there is something behind this position."""


class LogTape:
    """The tape of a hospital of this engine and its store."""

    def __init__(self, engine: Engine, store: Store, hospital: str) -> None:
        self._engine = engine
        self._store = store
        self._hospital = hospital
        self._kept: OrderedDict[int, Page] = OrderedDict()

    def head(self) -> int:
        """The last durable position."""
        found = self._engine.partitions.get(self._hospital)
        if found is None:
            raise Unavailable("recovering", "the engine reads its log")
        return found.tail.durable

    async def read(self, after: int, limit: int = PORTION) -> list[Page]:
        """From memory as far as they are there, else from the store."""
        until = min(self.head(), after + min(limit, PORTION))
        pages: list[Page] = []
        position = after + 1
        while position <= until and (kept := self._kept.get(position)) is not None:
            pages.append(kept)
            position += 1
        if pages or position > until:
            await trio.lowlevel.checkpoint()
            return pages
        codec = self._engine.partitions[self._hospital].book.codec
        for at, record in await self._store.read(self._hospital, position, until - position + 1):
            entry = codec.decode(checked(record))
            changes = [(change.actor, change.events) for change in entry.changes]
            pages.append(Page(at, entry.time, notices_of(at, deltas(at, entry.time, changes))))
        for page in pages:
            self._kept[page.position] = page
            self._kept.move_to_end(page.position)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return pages

    async def grown(self, after: int) -> None:
        """Looks again and again: a look costs nothing, and no command knows of it."""
        while True:
            try:
                if self.head() > after:
                    return
            except Unavailable:
                pass
            await trio.sleep(LOOK)


async def first_after(tape: Tape, cursor: int, time: int) -> int:
    """The last position from ``cursor`` on whose entry is not later than ``time``; times rise with positions."""
    low, high = cursor, tape.head()
    while low < high:
        middle = (low + high + 1) // 2
        (page,) = await tape.read(middle - 1, 1)
        if page.time <= time:
            low = middle
        else:
            high = middle - 1
    return low
