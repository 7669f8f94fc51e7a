"""What goes on beside the commands: snapshots are written, trust is checked.

Two tasks for as long as the engine serves. Neither is in the way of a command.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

import trio

from engine.errors import LogCorrupt
from engine.eventlog.store import Store
from engine.partition import Partition
from engine.recovery import verify_record
from engine.snapshots import Snapshots

_LOOK: Final = 1.0
"""Seconds between two looks whether a snapshot is due."""

_VERIFY: Final = 200
"""Entries of one slice of the verification behind a snapshot (about a millisecond)."""

_PAUSE: Final = 0.01
"""Seconds between two slices."""

_log = logging.getLogger("matron.engine")


async def write_snapshots(snapshots: Snapshots, partitions: Callable[[], Iterable[Partition]], entries: int) -> None:
    """Write a round for each hospital whose log has grown by so many entries; 0: never."""
    while entries:
        await trio.sleep(_LOOK)
        for partition in partitions():
            await snapshots.write_if_due(partition, entries)


async def verify_trusted(store: Store, partitions: Iterable[Partition], damaged: Callable[[str], None]) -> None:
    """Recompute the hashes that recovery took on trust from a snapshot, a little at a time."""
    for partition in partitions:
        book, verified = partition.book, 0
        trusted = book.snapshot
        try:
            while verified < trusted:
                for position, record in await store.read(book.hospital, verified + 1, _VERIFY):
                    verify_record(book.codec, book.hospital, position, record)
                    verified = position
                await trio.sleep(_PAUSE)
        except LogCorrupt as damage:
            _log.critical("the log is damaged: %s", damage)
            damaged(str(damage))
