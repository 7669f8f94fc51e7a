"""The faults that the store in memory can play, on which the simulations of a whole engine rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing

from engine.errors import CommitFailed
from engine.eventlog.memory_store import CommitTorn, MemoryDisk, MemoryStore, Step
from engine.eventlog.store import Batch, Round, Space


def failing(at: Step, error: Exception) -> Callable[[Step], Any]:
    async def faults(step: Step) -> None:
        if step == at:
            raise error

    return faults


@pytest.mark.parametrize(
    ("at", "error", "applied", "keys"),
    [
        ("before", OSError("disk full"), False, False),
        ("data", OSError("disk full"), False, True),
        ("meta", CommitTorn(applied=False), False, True),
        ("meta", CommitTorn(applied=True), True, True),
        ("meta", OSError("i/o error"), False, True),
        ("after", CommitFailed("reported as failed"), True, True),
    ],
)
async def test_a_failed_commit_is_applied_whole_or_not_at_all(at: Step, error: Exception, applied: bool, keys: bool):
    disk = MemoryDisk()
    store = MemoryStore(disk, faults=failing(at, error))
    await store.open()
    with pytest.raises(CommitFailed):
        await store.write([Batch("north", 0, [b"a"]), Batch("south", 0, [b"b"])], [(b"p1", b"k1")])
    store.faults = None
    with pytest.raises(CommitFailed):  # until it is opened again
        await store.write([Batch("west", 0, [b"c"])])
    assert await store.hospitals() == (["north", "south"] if applied else [])
    await store.open()
    assert bool(await store.read_keys([b"p1"])) == keys
    assert await store.write([Batch("west", 0, [b"c"])]) == [1]


@pytest.mark.parametrize("at", ["pages", "seal", "archive"])
async def test_a_failed_commit_of_a_snapshot_leaves_nothing(at: Step):
    store = MemoryStore(faults=failing(at, OSError("disk full")))
    await store.open()

    async def snapshot() -> None:
        await store.write_archive("north", [("slot:1", b"x")])
        await store.write_pages("north", 1, 0, [b"p"])
        await store.seal_round("north", Round(1, 1, 1), drop_older=True)

    with pytest.raises(CommitFailed):
        await snapshot()
    await store.open()
    assert await store.rounds("north") == []
    assert bool(await store.read_archive("north", ["slot:1"])) == (at != "archive")


async def test_a_store_that_hung_in_a_write_cannot_finish_it_once_another_holds_the_disk(autojump_clock):
    async def stalls(step: Step) -> None:
        if step == "data":
            await trio.sleep(60)

    disk = MemoryDisk()
    hung, other = MemoryStore(disk, faults=stalls), MemoryStore(disk)
    await hung.open()

    async def writes_late() -> None:
        with pytest.raises(CommitFailed):
            await hung.write([Batch("north", 0, [b"late"])])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(writes_late)
        await trio.testing.wait_all_tasks_blocked()
        await other.open()
        assert await other.write([Batch("north", 0, [b"first"])]) == [1]
    assert await other.read("north", 1, 9) == [(1, b"first")]


async def test_free_space_is_what_the_test_says():
    store = MemoryStore(free=Space(5, 6))
    await store.open()
    assert store.space() == Space(5, 6)
    store.free = Space(0, 6)
    assert store.space().disk == 0
