"""Shipping: a log copied into segments as it grows, beside the engine, with short reads.

What is shipped is what is durable. Whoever ships goes on where the folder ends, so that it may be stopped, or killed,
at any time; a folder of another log than this is refused, for it holds what this one has lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from engine.errors import LogCorrupt, Rejected
from engine.eventlog.checkpoint import Note
from engine.eventlog.directory import BESIDE
from engine.eventlog.store import Signed
from engine.eventlog.tree import root_at
from replay.segments.writing import KEPT, LIMIT, SegmentWriter

if TYPE_CHECKING:  # whoever ships loads no rule book, and walking knows them all
    from replay.walking import Source

PAGE: Final = 1_000
"""Checkpoints, or entries, read at once: a reader must not hold the log's pages for long."""


class AnotherLog(Rejected):
    """The folder holds entries that this log has not."""

    code = "another_log"
    family = "conflict"


class Shipped(msgspec.Struct, frozen=True):
    """How far a log has come: its last entry, the last in the folder, the last that a checkpoint there signs."""

    log: str
    head: int
    shipped: int
    signed: int


class Shipment:
    """All logs of ``source`` on their way into ``folder``. ``far`` says how far each has come."""

    def __init__(self, source: Source, folder: Path, *, limit: int = LIMIT) -> None:
        self.far: dict[str, Shipped] = {}
        self._source = source
        self._folder = folder
        self._limit = limit
        self._writers: dict[str, SegmentWriter] = {}

    async def turn(self) -> None:
        """Ship what is new in all logs; ``AnotherLog`` when the folder is not theirs."""
        for hospital in await self._source.hospitals():
            for log in (hospital, hospital + BESIDE):
                await self._ship(log)

    def close(self) -> None:
        """Release the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    async def _ship(self, log: str) -> None:
        writer = self._writers.get(log)
        if writer is None:
            if not await self._source.head(log):
                return
            writer = await self._begin(log)
        full = True
        while full:
            notes, full = await self._notes(writer)  # before the head: they speak of what is durable
            head = await self._source.head(log)
            for note in notes:
                await self._entries(writer, note.size)
                writer.checkpoint(note.note)
            if not full:
                await self._entries(writer, head)
            writer.flush()
            self.far[log] = Shipped(log, head, writer.position, max(writer.notes, default=0))

    async def _begin(self, log: str) -> SegmentWriter:
        writer = SegmentWriter(self._folder, log, limit=self._limit)
        try:
            await self._compare(writer)
        except BaseException:
            writer.close()
            raise
        self._writers[log] = writer
        return writer

    async def _compare(self, writer: SegmentWriter) -> None:
        """Whether what is in the folder is how this log begins."""
        log, size = writer.log, writer.position
        if size > (head := await self._source.head(log)):
            same = False
        else:
            try:
                same = await root_at(size, partial(self._source.hashes, log)) == writer.tree.root()
            except LogCorrupt as fault:  # a log that no program with a tree has opened yet
                raise AnotherLog(f"the tree of {log} is not there; start the engine once: {fault}") from fault
        if not same:
            raise AnotherLog(
                f"{self._folder} holds {size} entries of {log} that are not how this log of {head} begins: "
                "keep that folder, and ship into a new one"
            )

    async def _notes(self, writer: SegmentWriter) -> tuple[Sequence[Signed], bool]:
        """Checkpoints that are to be written, in order; those too that have more signatures by now. Are there more?"""
        kept = writer.notes
        above = min(kept) - 1 if len(kept) == KEPT else 0
        found = await self._source.checkpoints(writer.log, above, PAGE)
        due = [signed for signed in found if _is_news(signed, kept.get(signed.size))]
        return due, len(found) == PAGE

    async def _entries(self, writer: SegmentWriter, until: int) -> None:
        while writer.position < until:
            records = await self._source.read(writer.log, writer.position + 1, min(PAGE, until - writer.position))
            if not records:
                raise LogCorrupt(f"{writer.log}: position {writer.position + 1} is missing")
            for position, record in records:
                writer.entry(position, record)


def _is_news(signed: Signed, before: Note | None) -> bool:
    return before is None or not set(Note.parse(signed.note).lines) <= set(before.lines)
