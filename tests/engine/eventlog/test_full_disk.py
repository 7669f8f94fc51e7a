"""A disk that is really full: the commit fails, reads go on, and with room again nothing is lost.

Full is a small file system of its own where the tests may mount one (ext4 in a file, and tmpfs); anywhere,
it is this process's limit on the size of a file, which stops LMDB at the same place with another error.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import CommitFailed, Unavailable
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.store import Batch, Round
from tests.disks import Disk, Limited, ext4, mountable, tmpfs

RECORD = bytes(3000)


@pytest.fixture(params=["limit", *mountable()])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "limit":
        limited = Limited(tmp_path)
        yield limited
        limited.make_room()
    else:
        mounted = {"ext4": ext4, "tmpfs": tmpfs}[request.param](tmp_path)
        yield mounted
        mounted.unmount()


async def write_until_full(store: LmdbStore) -> int:
    """Append until the commit fails; answers the last head that was reported."""
    head = await store.head("north")
    while head < 100_000:
        try:
            [now] = await store.write([Batch("north", head, [RECORD] * 10)], [(b"p%d" % head, b"k")])
        except CommitFailed:
            return head
        assert now == head + 10
        head = now
    raise AssertionError("the disk is never full")


async def test_a_full_disk_fails_the_commit_and_with_room_again_nothing_is_lost(disk: Disk):
    store = LmdbStore(disk.path / "log", map_size=1 << 30, allow_any_filesystem=True)
    await store.open()
    assert await store.write([Batch("north", 0, [RECORD] * 100)]) == [100]
    disk.fill()
    head = await write_until_full(store)
    kept = [(position, RECORD) for position in range(1, head + 1)]

    assert await store.read("north", 1, 99_999) == kept
    with pytest.raises(CommitFailed):
        await store.write([Batch("north", head, [b"small"])])
    await store.open()  # the engine starts anew while the disk is still full: to read
    assert await store.read("north", 1, 99_999) == kept
    with pytest.raises(CommitFailed):
        await store.write([Batch("north", head, [RECORD] * 100)])

    disk.make_room()
    with pytest.raises(CommitFailed):
        await store.write([Batch("north", head, [b"small"])])
    await store.open()
    assert await store.head("north") == head
    assert await store.write([Batch("north", head, [RECORD] * 10)], [(b"p", b"k")]) == [head + 10]
    await store.close()
    again = LmdbStore(disk.path / "log", map_size=1 << 30, allow_any_filesystem=True)
    await again.open()
    assert await again.read("north", head + 1, 99) == [(n, RECORD) for n in range(head + 1, head + 11)]
    assert await again.read_keys([b"p"]) == {b"p": b"k"}
    await again.close()


async def test_an_engine_that_started_on_a_full_disk_writes_when_there_is_room(disk: Disk):
    first = LmdbStore(disk.path / "log", map_size=1 << 30, allow_any_filesystem=True)
    await first.open()
    disk.fill()
    head = await write_until_full(first)
    await first.close()
    store = LmdbStore(disk.path / "log", map_size=1 << 30, allow_any_filesystem=True)
    await store.open()
    assert await store.head("north") == head
    disk.make_room()
    assert await store.write([Batch("north", head, [RECORD] * 10)]) == [head + 10]
    assert await store.write([Batch("north", head + 10, [RECORD] * 10)]) == [head + 20]
    await store.close()


@pytest.mark.parametrize("but", [1, 512, 4095, 4097, 6000, 10_000, 20_000, 50_001, 100_003])
async def test_nothing_is_lost_wherever_in_a_write_the_disk_ends(tmp_path: Path, but: int):
    disk = Limited(tmp_path)
    store = LmdbStore(disk.path / "log", map_size=1 << 30, allow_any_filesystem=True)
    await store.open()
    await store.write([Batch("north", 0, [RECORD] * 100)], [(b"p", b"k")])
    try:
        disk.fill(but)
        head = await write_until_full(store)
        await store.open()
        assert await store.read("north", 1, 99_999) == [(n, RECORD) for n in range(1, head + 1)]
    finally:
        disk.make_room()
    assert await store.write([Batch("north", head, [RECORD])]) == [head + 1]
    await store.close()


async def test_a_snapshot_that_finds_no_room_leaves_none_behind(disk: Disk):
    store = LmdbStore(disk.path / "log", map_size=1 << 30, allow_any_filesystem=True)
    await store.open()
    await store.write_pages("north", 1, 0, [RECORD])
    await store.seal_round("north", Round(1, 0, 1), drop_older=True)
    disk.fill()
    with pytest.raises(CommitFailed):
        await store.write_pages("north", 2, 0, [RECORD * 1000] * 2)
    disk.make_room()
    await store.open()
    assert await store.rounds("north") == [Round(1, 0, 1)]
    assert await store.read_pages("north", 1, 0, 9) == [RECORD]
    await store.close()


async def test_a_new_log_on_a_full_disk_is_refused_as_such(disk: Disk):
    store = LmdbStore(disk.path / "log", map_size=1 << 30, allow_any_filesystem=True)
    disk.fill()
    with pytest.raises(Unavailable) as refused:
        await store.open()
    assert refused.value.code == "storage_full"
    disk.make_room()
    await store.open()
    assert await store.write([Batch("north", 0, [b"a"])]) == [1]
    await store.close()
