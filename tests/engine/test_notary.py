"""Checkpoints: made of what is durable, in time, by whoever can sign; and what the log is when it starts again."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from engine.decisions.origins import BeginOrigin
from engine.eventlog.checkpoint import SIGNATURE, LocalSigner, Note, Verifier
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.tree import consistency_proof, consistent, root_at
from engine.notary import CheckpointSettings, Seal
from engine.runtime import EngineSettings
from tests.engine.living import CLERK, living, patient

SIGNER = LocalSigner(bytes(range(32)))
KEY = Verifier("hospital.example/main", SIGNER.key, SIGNATURE)


def sealed(**settings):
    return EngineSettings(checking=True, seal=Seal("hospital.example", SIGNER, CheckpointSettings(**settings)))


async def kept(disk):
    store = MemoryStore(disk)
    await store.open()
    return store, [Note.parse(signed.note) for signed in await store.checkpoints("main", 0, 1_000)]


async def test_a_log_that_grows_is_signed_every_ten_seconds_and_not_while_it_rests(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=sealed()) as engine:
        for _ in range(3):
            await engine.ask("main", patient(), CLERK)
            await trio.sleep(11)
        await trio.sleep(300)
        assert sorted(disk.checkpoints["main"]) == [2, 3, 4]
    assert sorted(disk.checkpoints["main"]) == [2, 3, 4]


async def test_a_thousand_entries_are_signed_at_once(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=sealed(entries=20)) as engine:
        for _ in range(60):
            await engine.ask("main", patient(), CLERK)
        await trio.sleep(1)
        assert max(disk.checkpoints["main"]) == 61


async def test_the_end_is_signed(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=sealed()) as engine:
        await engine.ask("main", patient(), CLERK)
    assert max(disk.checkpoints["main"]) == len(disk.entries["main"]) == 2


async def test_each_checkpoint_is_signed_right_and_continues_the_one_before(autojump_clock: MockClock):
    disk = MemoryDisk()
    for _ in range(3):
        async with living(disk, settings=sealed(entries=7)) as engine:
            for _ in range(25):
                await engine.ask("main", patient(), CLERK)
                await trio.sleep(0.1)
    store, notes = await kept(disk)
    hashes = partial(store.hashes, "main")
    assert len(notes) > 6
    for before, after in pairwise(notes):
        old, new = before.head(), after.head()
        assert after.signed_by(KEY)
        assert new.root == await root_at(new.size, hashes)
        assert consistent(old.size, old.root, new.size, new.root, await consistency_proof(old.size, new.size, hashes))


async def test_nothing_is_signed_that_is_not_durable(autojump_clock: MockClock):
    disk, stalled = MemoryDisk(), trio.Event()

    async def faults(step: str) -> None:
        if step == "data" and len(disk.entries.get("main", ())) == 2:
            await stalled.wait()

    async with living(disk, settings=sealed(seconds=1), faults=faults) as engine, trio.open_nursery() as nursery:
        await engine.ask("main", patient(), CLERK)
        nursery.start_soon(engine.ask, "main", patient(), CLERK)
        await trio.sleep(3)
        assert all(size <= 2 for size in disk.checkpoints.get("main", ()))
        stalled.set()
        await trio.sleep(3)
        assert max(disk.checkpoints["main"]) == 3


async def test_a_signer_that_cannot_sign_holds_nothing_up(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture):
    class Gone:
        key = SIGNER.key
        here = False

        async def sign(self, message: bytes) -> bytes:
            if not self.here:
                raise OSError("the key is not there")
            return SIGNER.now(message)

    disk, signer = MemoryDisk(), Gone()
    settings = EngineSettings(seal=Seal("hospital.example", signer, CheckpointSettings(seconds=1)))
    async with living(disk, settings=settings) as engine:
        await engine.ask("main", patient(), CLERK)
        await trio.sleep(5)
        assert "main" not in disk.checkpoints
        assert "the key is not there" in caplog.text
        signer.here = True
        await trio.sleep(5)
        assert max(disk.checkpoints["main"]) == 2


async def test_a_log_that_is_not_what_was_signed_is_told(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=sealed()) as engine:
        await engine.ask("main", patient(), CLERK)
    [size] = disk.checkpoints["main"]
    disk.checkpoints["main"][size] = disk.checkpoints["main"][size].replace(b"\n2\n", b"\n1\n")
    async with living(disk, settings=sealed()) as engine:
        await trio.sleep(1)
        assert "not what its checkpoint" in engine.ready().detail["log_damage"]


async def test_a_new_origin_stands_in_the_log_and_on_what_is_signed_from_there(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=sealed()) as engine:
        again = "hospital.example/main/2"
        begin = BeginOrigin(origin=again, previous=KEY.name, size=9, root="00" * 32, reason="restored")
        for _ in range(2):
            await engine.ask("main", begin, Principal("engine", "system"))
        assert len(disk.entries["main"]) == 2
    _, notes = await kept(disk)
    assert notes[-1].head().origin == "hospital.example/main/2"
