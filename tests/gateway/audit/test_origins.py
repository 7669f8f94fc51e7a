"""Under which names checkpoints go on: none is used for two logs, none is signed before it is settled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine.actors.origin import OriginBegun
from engine.errors import LogCorrupt
from engine.eventlog.checkpoint import Head, LocalSigner, Note, Verifier
from engine.eventlog.memory_store import Faults, MemoryDisk, MemoryStore
from engine.notary import CheckpointSettings, Seal
from engine.runtime import Engine, EngineSettings
from gateway.audit.origins import ORIGIN_FILE, Origins
from replay.walking import Walk
from tests.engine.living import CLERK, TrioClock, living, patient

SIGNER = LocalSigner(bytes(range(32)))
LOST = {"previous": "old.example/main", "size": 40, "root": "ab" * 32, "reason": "restored"}
ENTROPY = TrioClock().entropy


@asynccontextmanager
async def sealed_under(
    name: str,
    disk: MemoryDisk,
    data: Path,
    *,
    settle: bool = True,
    faults: Faults | None = None,
    signer: LocalSigner = SIGNER,
) -> AsyncIterator[tuple[Engine, Origins]]:
    origins = Origins(data, ENTROPY)
    seal = Seal(name, signer, CheckpointSettings(seconds=1, entries=5), origins.held)
    async with living(disk, faults=faults, settings=EngineSettings(checking=True, seal=seal)) as engine:
        if settle:
            store = engine._store
            await origins.settle(engine, store, name, signer.key)
        yield engine, origins


async def signed_in(disk: MemoryDisk) -> list[Head]:
    store = MemoryStore(disk)
    await store.open()
    return [Note.parse(kept.note).head() for kept in await store.checkpoints("main", 0, 1_000)]


async def begun_in(disk: MemoryDisk) -> list[tuple[int, OriginBegun]]:
    """All beginnings of origins, by position."""
    store = MemoryStore(disk)
    await store.open()
    walk = Walk(store, "main")
    return [
        (entry.position, event)
        async for entry in walk.entries(await store.head("main"))
        for change in entry.changes
        for event in change.events
        if isinstance(event, OriginBegun)
    ]


async def grow(engine: Engine, count: int = 7) -> None:
    for _ in range(count):
        await engine.ask("main", patient(), CLERK)
        await trio.sleep(0.3)
    await trio.sleep(3)


async def test_a_log_that_is_renamed_says_so_before_it_is_signed_again(tmp_path: Path, autojump_clock: MockClock):
    disk = MemoryDisk()
    for name in ("one.example", "one.example", "two.example", "two.example", "one.example"):
        async with sealed_under(name, disk, tmp_path) as (engine, _):
            await grow(engine)
    heads = await signed_in(disk)
    names = list(dict.fromkeys(head.origin for head in heads))
    assert names[0] == "one.example/main"
    assert [name.rpartition("/")[0] for name in names[1:]] == ["two.example/main", "one.example/main"]
    begun = await begun_in(disk)
    assert len(begun) == 2
    for name, before, (position, event) in zip(names[1:], names, begun, strict=False):
        last = [head for head in heads if head.origin == before][-1]
        assert event == OriginBegun(name, before, last.size, last.root.hex(), "renamed")
        assert last.size < position <= min(head.size for head in heads if head.origin == name)


async def test_after_a_restore_the_log_goes_on_under_a_name_that_was_never_used(
    tmp_path: Path, autojump_clock: MockClock
):
    disk = MemoryDisk()
    async with sealed_under("old.example", disk, tmp_path) as (engine, _):
        await grow(engine)
    before = await signed_in(disk)
    (tmp_path / ORIGIN_FILE).write_bytes(msgspec.json.encode({"main": LOST}))
    async with sealed_under("old.example", disk, tmp_path) as (engine, origins):
        assert not origins.held()
        assert not (tmp_path / ORIGIN_FILE).exists()
        await grow(engine)
    [(position, event)] = await begun_in(disk)
    assert position == before[-1].size + 1
    assert (event.previous, event.size, event.root, event.reason) == ("old.example/main", 40, "ab" * 32, "restored")
    names = list(dict.fromkeys(head.origin for head in await signed_in(disk)))
    assert names[0] == "old.example/main"
    assert names[1:] == [event.origin]
    assert event.origin.startswith("old.example/main/")
    async with sealed_under("old.example", disk, tmp_path) as (engine, _):
        await grow(engine)
    assert len(await begun_in(disk)) == 1


async def test_two_restores_of_one_backup_get_two_names(tmp_path: Path, autojump_clock: MockClock):
    names = set()
    for _ in range(2):
        disk = MemoryDisk()
        (tmp_path / ORIGIN_FILE).write_bytes(msgspec.json.encode({"main": LOST}))
        async with sealed_under("old.example", disk, tmp_path) as (engine, _):
            await grow(engine)
        names.add((await signed_in(disk))[-1].origin)
    assert len(names) == 2


async def test_a_start_that_was_cut_off_goes_on_with_the_name_that_it_chose(tmp_path: Path, autojump_clock: MockClock):
    disk = MemoryDisk()
    chosen = "old.example/main/0123456789abcdef"
    for _ in range(2):
        (tmp_path / ORIGIN_FILE).write_bytes(msgspec.json.encode({"main": LOST | {"origin": chosen}}))
        async with sealed_under("old.example", disk, tmp_path) as (engine, _):
            await grow(engine)
    assert len(await begun_in(disk)) == 1
    assert {head.origin for head in await signed_in(disk)} == {chosen}


async def test_a_commit_that_fails_meanwhile_is_made_up_for(tmp_path: Path, autojump_clock: MockClock):
    disk = MemoryDisk()
    failed: list[str] = []

    async def fail_once(step: str) -> None:
        if step == "meta" and len(disk.entries.get("main", ())) == 1 and not failed:
            failed.append(step)
            raise OSError("the disk said no")

    (tmp_path / ORIGIN_FILE).write_bytes(msgspec.json.encode({"main": LOST}))
    async with sealed_under("old.example", disk, tmp_path, faults=fail_once) as (engine, origins):
        assert failed
        assert not origins.held()
        await grow(engine)
    assert [position for position, _ in await begun_in(disk)] == [2]


async def test_nothing_is_signed_before_the_names_are_settled(tmp_path: Path, autojump_clock: MockClock):
    disk = MemoryDisk()
    async with sealed_under("old.example", disk, tmp_path, settle=False) as (engine, origins):
        await grow(engine, 12)
        assert origins.held()
        assert not disk.checkpoints
    assert not disk.checkpoints


async def test_another_key_under_the_same_name_goes_on_and_is_told(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
):
    disk, other = MemoryDisk(), LocalSigner(bytes(32))
    async with sealed_under("old.example", disk, tmp_path) as (engine, _):
        await grow(engine)
    assert "another key" not in caplog.text
    async with sealed_under("old.example", disk, tmp_path, signer=other) as (engine, _):
        await grow(engine)
    assert "of main were signed with another key until now" in caplog.text
    assert {head.origin for head in await signed_in(disk)} == {"old.example/main"}
    assert Note.parse(disk.checkpoints["main"][15]).signed_by(Verifier("old.example/main", other.key))


async def test_a_hospital_that_is_not_here_stops_nobody(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
):
    disk = MemoryDisk()
    (tmp_path / ORIGIN_FILE).write_bytes(msgspec.json.encode({"gone": LOST, "main": LOST}))
    async with sealed_under("old.example", disk, tmp_path) as (_, origins):
        assert not origins.held()
    assert "no new origin for the log of gone" in caplog.text
    assert len(await begun_in(disk)) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"main": {}}', b'{"main": {"previous": "x", "size": -1, "root": ""}}',
     b'{"main": {"previous": "x", "size": 1, "root": "AB"}}',
     b'{"main": {"previous": "x", "size": 1, "root": "", "reason": "bored"}}'],
)  # fmt: skip
def test_what_no_restore_left_stops_the_start(tmp_path: Path, content: bytes):
    (tmp_path / ORIGIN_FILE).write_bytes(content)
    with pytest.raises(LogCorrupt, match=ORIGIN_FILE):
        Origins(tmp_path, ENTROPY)
