"""Any sequence of steps leaves in a store what it leaves in plain dictionaries."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.store import Batch, Round, Store

NAMES = st.sampled_from(["north", "south", "n"])
RECORD = st.binary(max_size=20) | st.integers(0, 9000).map(bytes)
BATCH = st.tuples(NAMES, st.integers(-1, 1), st.lists(RECORD, max_size=4))  # the middle: how wrong the head is
STEPS = st.one_of(
    st.tuples(st.just("write"), st.lists(BATCH, max_size=4)),
    st.tuples(st.just("keys"), st.dictionaries(st.binary(max_size=3), st.binary(max_size=5), max_size=3)),
    st.tuples(st.just("archive"), NAMES, st.dictionaries(st.text(max_size=3), st.binary(max_size=5), max_size=3)),
    st.tuples(st.just("round"), NAMES, st.lists(RECORD, max_size=3), st.booleans()),
    st.tuples(st.just("reopen")),
)


class Model:
    """What the store should hold, in the plainest form."""

    def __init__(self) -> None:
        self.logs: dict[str, list[bytes]] = {}
        self.keys: dict[bytes, bytes] = {}
        self.archive: dict[str, dict[str, bytes]] = {}
        self.rounds: dict[str, list[tuple[Round, list[bytes]]]] = {}

    async def apply(self, store: Store, step: tuple) -> None:
        match step:
            case ("write", items):
                batches, expected = [], []
                for name, off, records in items:
                    log = self.logs.get(name, [])
                    batches.append(Batch(name, len(log) + off, records))
                    expected.append(None if off else len(log) + len(records))
                    if records and not off:
                        self.logs[name] = log + records
                assert await store.write(batches) == expected
            case ("keys", keys):
                self.keys |= keys
                await store.write([], list(keys.items()))
            case ("archive", name, items):
                self.archive.setdefault(name, {}).update(items)
                await store.write_archive(name, list(items.items()))
            case ("round", name, pages, drop):
                kept = self.rounds.setdefault(name, [])
                made = Round(kept[-1][0].number + 1 if kept else 1, len(self.logs.get(name, [])), len(pages))
                await store.write_pages(name, made.number, 0, pages)
                await store.seal_round(name, made, drop)
                self.rounds[name] = [*([] if drop else kept), (made, pages)]

    async def compare(self, store: Store) -> None:
        assert await store.hospitals() == sorted(self.logs)
        assert await store.read_keys([*self.keys, b"none"]) == self.keys
        for name, log in self.logs.items():
            assert await store.head(name) == len(log)
            assert await store.read(name, 1, 9999) == list(enumerate(log, 1))
        for name, items in self.archive.items():
            assert await store.read_archive(name, [*items, "none"]) == items
        for name, rounds in self.rounds.items():
            assert await store.rounds(name) == [made for made, _ in rounds]
            for made, pages in rounds:
                assert await store.read_pages(name, made.number, 0, 99) == pages


@settings(max_examples=30)
@given(steps=st.lists(STEPS, max_size=12))
def test_lmdb_holds_what_a_plain_dictionary_would(steps: list[tuple]):
    with tempfile.TemporaryDirectory() as path:
        trio.run(replayed, lambda: LmdbStore(Path(path) / "log", allow_any_filesystem=True), steps)


@settings(max_examples=100)
@given(steps=st.lists(STEPS, max_size=20))
def test_memory_holds_what_a_plain_dictionary_would(steps: list[tuple]):
    disk = MemoryDisk()
    trio.run(replayed, lambda: MemoryStore(disk), steps)


async def replayed(make: Callable[[], Store], steps: list[tuple]) -> None:
    model, store = Model(), make()
    await store.open()
    for step in steps:
        if step == ("reopen",):
            await store.close()
            store = make()
            await store.open()
        await model.apply(store, step)
    await model.compare(store)
    await store.close()
