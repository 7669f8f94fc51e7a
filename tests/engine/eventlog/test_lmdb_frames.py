"""Frames on LMDB: read from anywhere, missed where they are missing, and behind entries that stand alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import LogCorrupt
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.lmdb_reads import FORMAT
from engine.eventlog.lmdb_store import LmdbStore, raw_environment
from engine.eventlog.store import Batch


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LmdbStore]:
    made = LmdbStore(tmp_path / "log", allow_any_filesystem=True)
    await made.open()
    yield made
    await made.close()


async def test_a_missing_frame_is_corruption_wherever_one_begins_to_read(store: LmdbStore, tmp_path: Path):
    for head, records in ((0, [b"a", b"b"]), (2, [b"c", b"d", b"e"]), (5, [b"f"])):
        await store.write([Batch("north", head, records)])
    assert await store.read_at("north", [4, 1, 6]) == [b"d", b"a", b"f"]
    await store.close()
    with raw_environment(tmp_path / "log" / "log", 1 << 30) as env, env.begin(write=True) as txn:
        assert txn.delete((5).to_bytes(8, "big"), db=env.open_db(b"entries/north", txn=txn))
    await store.open()
    for start in (1, 2, 3, 4, 5):
        with pytest.raises(LogCorrupt):
            await store.read("north", start, 9)
    for position in (3, 4, 5, 7):
        with pytest.raises(LogCorrupt):
            await store.read_at("north", [position])
    assert await store.read("north", 2, 1) == [(2, b"b")]
    assert await store.read("north", 6, 9) == [(6, b"f")]


async def test_what_is_read_begins_and_ends_in_the_middle_of_a_frame(store: LmdbStore):
    for head in range(0, 3_000, 100):
        await store.write([Batch("north", head, [b"%d" % n for n in range(head + 1, head + 101)])])
    for start, limit in ((1, 3_000), (50, 7), (50, 51), (150, 1_500), (2_999, 10), (3_001, 5), (1, 1)):
        found = await store.read("north", start, limit)
        assert found == [(n, b"%d" % n) for n in range(start, min(start + limit, 3_001))]


async def test_a_log_in_which_every_entry_stands_alone_goes_on(store: LmdbStore, tmp_path: Path):
    await store.write([Batch("north", 0, [b"a"])])
    await store.close()
    folder = tmp_path / "log" / "log"
    with raw_environment(folder, 1 << 30) as env, env.begin(write=True) as txn:
        txn.put(b"format", b"matron-log 1", db=env.open_db(b"meta", txn=txn))
        txn.put((2).to_bytes(8, "big"), b"b", db=env.open_db(b"entries/north", txn=txn))
    async with LmdbReader(tmp_path / "log") as reader:
        assert await reader.read("north", 1, 9) == [(1, b"a"), (2, b"b")]
    await store.open()
    await store.write([Batch("north", 2, [b"c", b"d"])])
    assert await store.read("north", 1, 9) == [(1, b"a"), (2, b"b"), (3, b"c"), (4, b"d")]
    await store.close()
    with raw_environment(folder, 1 << 30) as env, env.begin() as txn:
        assert txn.get(b"format", db=env.open_db(b"meta", txn=txn)) == FORMAT
