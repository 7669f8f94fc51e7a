"""A day's log on a disk, for who reads it in a process of its own; no test stands here."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk
from engine.eventlog.store import Batch
from engine.eventlog.tree import Node
from tests.replay.days import Hospital


def day_on_disk(data: Path, seed: int = 5) -> Hospital:
    """A day of a small hospital, lived through in no time and put into this folder."""
    hospital = Hospital(seed)
    trio.run(hospital.live, clock=MockClock(autojump_threshold=0))
    trio.run(put, hospital.disk, data)
    return hospital


async def put(disk: MemoryDisk, data: Path) -> None:
    """Write what is on a disk in memory to a folder."""
    store = LmdbStore(data, allow_any_filesystem=True)
    await store.open()
    for hospital, records in disk.entries.items():
        nodes = [Node(level, index, found) for (name, level, index), found in disk.nodes.items() if name == hospital]
        await store.write([Batch(hospital, 0, records, disk.trees.get(hospital, b""), nodes)], list(disk.keys.items()))
    await store.close()
