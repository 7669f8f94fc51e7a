"""What goes on beside the commands: snapshots are written, trust is checked, rubbish is taken out.

Three tasks for as long as the engine serves. None of them is in the way of a command.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

import trio

from engine.errors import LogCorrupt
from engine.eventlog.store import Store
from engine.partition import Partition
from engine.process import Collector
from engine.recovery import verify_record
from engine.snapshots import Snapshots

_LOOK: Final = 1.0
"""Seconds between two looks whether a snapshot is due."""

_VERIFY: Final = 100
"""Entries of one slice of the verification behind a snapshot (about a millisecond)."""

_PAUSE: Final = 0.01
"""Seconds between two slices, at least: as many as ..."""

_REST: Final = 20
"""... so many times what the slice took. A start is when everybody comes back, and it has a day's time for this."""

_QUIET: Final = 5.0
"""Seconds without a command or a query after which the engine is taken to be idle."""

_log = logging.getLogger("matron.engine")


async def write_snapshots(snapshots: Snapshots, partitions: Callable[[], Iterable[Partition]], entries: int) -> None:
    """Write a round for each hospital whose log has grown by so many entries; 0: never."""
    while entries:
        await trio.sleep(_LOOK)
        for partition in partitions():
            await snapshots.write_if_due(partition, entries)


async def collect_when_quiet(collector: Collector, asked: Callable[[], int]) -> None:
    """Have all objects looked through once nobody has ``asked`` (a count) for anything for a while."""
    before = asked()
    while collector.tuned:
        await trio.sleep(_QUIET)
        now = asked()
        if now == before and collector.due:
            collector.tidy()
        before = now


async def verify_trusted(store: Store, partitions: Iterable[Partition], damaged: Callable[[str], None]) -> None:
    """Recompute the hashes that recovery took on trust from a snapshot, a little at a time."""
    for partition in partitions:
        book, verified = partition.book, 0
        trusted = book.snapshot
        try:
            while verified < trusted:
                records = await store.read(book.hospital, verified + 1, _VERIFY)
                begun = trio.current_time()
                for position, record in records:
                    verify_record(book.codec, book.hospital, position, record)
                    verified = position
                await trio.sleep(max(_PAUSE, _REST * (trio.current_time() - begun)))
        except LogCorrupt as damage:
            _log.critical("the log is damaged: %s", damage)
            damaged(str(damage))
