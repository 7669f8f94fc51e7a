"""Proofs from a log as a tool reads it: they hold by themselves, and are not given where the log was altered."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result
from trio.testing import MockClock

from engine.decisions.hospital import AddHospital
from engine.decisions.origins import BeginOrigin
from engine.errors import Invalid, LogCorrupt
from engine.eventlog.checkpoint import LocalSigner, Note, Verifier
from engine.eventlog.entry import Principal
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.tree import HASH, consistent, included
from engine.notary import CheckpointSettings, Seal
from engine.runtime import EngineSettings, open_engine
from gateway.audit.keys import PUBLIC_FILE
from replay.__main__ import main
from replay.witnessing.proofs import newest, origins, prove_entry, prove_growth
from tests.engine.living import CLERK, START, TrioClock, living, patient

SIGNER = LocalSigner(bytes(range(32)))
KEY = Verifier("hospital.example/main", SIGNER.key)
SEALED = EngineSettings(seal=Seal("hospital.example", SIGNER, CheckpointSettings(entries=20)))


async def grown(disk: MemoryDisk, patients: int, origin: str = "") -> None:
    async with living(disk, settings=SEALED, clock=TrioClock(START + len(disk.entries) * 10**9)) as engine:
        if origin:
            begin = BeginOrigin(origin=origin, previous="", size=0, root="", reason="renamed")
            await engine.ask("main", begin, Principal("audit", "system"))
        for _ in range(patients):
            await engine.ask("main", patient(), CLERK)
            await trio.sleep(0.05)


async def store_of(disk: MemoryDisk) -> MemoryStore:
    store = MemoryStore(disk)
    await store.open()
    return store


async def test_every_entry_is_proven_by_the_newest_checkpoint_and_by_older_ones(autojump_clock: MockClock):
    disk = MemoryDisk()
    await grown(disk, 90)
    store = await store_of(disk)
    sizes = sorted(disk.checkpoints["main"])
    assert len(sizes) > 3
    for size in (None, *sizes):
        for position in (1, 2, 7, size or 91):
            proof = await prove_entry(store, "main", position, size)
            note = Note.parse(proof.checkpoint.encode())
            assert note.signed_by(KEY)
            assert (proof.size, proof.root) == note.head()[1:3]
            assert proof.leaf == sha256(b"\x00" + disk.entries["main"][position - 1][HASH:]).digest()
            assert included(proof.leaf, proof.index, proof.size, proof.root, proof.proof)
    for wrong in ((92, None), (0, None), (sizes[0] + 1, sizes[0]), (1, sizes[0] + 1), (1, 10**9)):
        with pytest.raises(Invalid):
            await prove_entry(store, "main", *wrong)
    with pytest.raises(Invalid):
        await prove_entry(store, "main.access", 1)


async def test_growth_is_proven_between_any_two_sizes(autojump_clock: MockClock):
    disk = MemoryDisk()
    await grown(disk, 45)
    store = await store_of(disk)
    signed = sorted(disk.checkpoints["main"])
    for old, size in ((1, 46), (7, 8), (20, 40), (46, 46), (signed[0], signed[-1])):
        proof = await prove_growth(store, "main", old, size)
        assert consistent(old, proof.old_root, size, proof.root, proof.proof)
        for kept, at, root in ((proof.old_checkpoint, old, proof.old_root), (proof.checkpoint, size, proof.root)):
            assert (kept is not None) == (at in signed)
            assert kept is None or Note.parse(kept.encode()).head().root == root
    for old, size in ((0, 5), (6, 5), (5, 47)):
        with pytest.raises(Invalid):
            await prove_growth(store, "main", old, size)


async def test_an_altered_log_gives_no_proof(autojump_clock: MockClock):
    disk = MemoryDisk()
    await grown(disk, 30)
    record = disk.entries["main"][10]
    disk.entries["main"][10] = record[:-1] + bytes([record[-1] ^ 1])
    store = await store_of(disk)
    with pytest.raises(LogCorrupt, match="has not the hash"):
        await prove_entry(store, "main", 11)
    altered = record[HASH:-1] + bytes([record[-1] ^ 1])
    disk.entries["main"][10] = sha256(b"\x00" + altered).digest() + altered
    with pytest.raises(LogCorrupt, match="signed over"):
        await prove_entry(store, "main", 11)
    with pytest.raises(LogCorrupt, match="signed over"):
        await prove_entry(store, "main", 12)
    with pytest.raises(LogCorrupt, match="signed over"):
        await prove_growth(store, "main", 5, 31)
    del disk.entries["main"][20:]
    with pytest.raises(LogCorrupt, match="not there"):
        await prove_entry(store, "main", 25)


async def test_all_names_of_a_log_are_found_by_few_looks(autojump_clock: MockClock):
    disk = MemoryDisk()
    store = await store_of(disk)
    assert await newest(store, "main") is None
    assert await origins(store, "main") == []
    names = ["hospital.example/main", "hospital.example/main/1", "hospital.example/main/2", "new.example/main/3"]
    for name in names:
        await grown(disk, 50, name if name != names[0] else "")
        store = await store_of(disk)
        found = await newest(store, "main")
        assert found is not None
        assert found.size == len(disk.entries["main"])
    assert await origins(store, "main") == names


async def log_on_disk(data: Path) -> None:
    settings = EngineSettings(seal=Seal("hospital.example", SIGNER))
    async with open_engine(LmdbStore(data, allow_any_filesystem=True), settings=settings) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        for _ in range(5):
            await engine.ask("main", patient(), CLERK)


def said(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proofs") / "data"
    trio.run(log_on_disk, folder)
    (folder / PUBLIC_FILE).write_text(Verifier("hospital.example", SIGNER.key).text() + "\n")
    return folder


def test_the_command_prints_a_proof_as_it_is_published(data: Path):
    result = said("prove", "--data", data, 3)
    first, index, *lines = result.stdout.split("\n")
    gap = lines.index("")
    note = Note.parse("\n".join(lines[gap + 1 :]).encode())
    proof = [b64decode(line) for line in lines[:gap]]
    head = note.head()
    assert (result.exit_code, first, index) == (0, "c2sp.org/tlog-proof@v1", "index 2")
    assert "Entry 3 of main" in result.stderr
    found: dict[str, Any] = json.loads(said("prove", "--data", data, 3, "--json").stdout)
    assert included(b64decode(found["leaf"]), 2, head.size, head.root, proof)
    assert [b64decode(part) for part in found["proof"]] == proof


def test_the_command_prints_growth_as_a_witness_wants_it(data: Path):
    result = said("prove", "--data", data, "--from", 2, "--to", 6)
    assert result.exit_code == 0
    assert result.stdout.startswith("old 2\n")
    assert Note.parse(result.stdout.partition("\n\n")[2].encode()).signed_by(KEY)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Say either POSITION"),
        ((3, "--from", 1, "--to", 2), "Say either POSITION"),
        (("--from", 1), "Say either POSITION"),
        (("--from", 1, "--to", 2, "--at", 2), "Say either POSITION"),
        ((99,), "covers the entries 1 to 6"),
        ((1, "--at", 5), "no checkpoint of 5"),
        (("--from", 5, "--to", 99), "has 6 entries"),
        ((1, "--access"), "no checkpoint yet"),
        ((1, "--hospital", "north"), "no log of hospital 'north'"),
    ],
)
def test_a_proof_that_cannot_be_meant_ends_with_what_to_say(data: Path, words: tuple[object, ...], told: str):
    result = said("prove", "--data", data, *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not result.stdout


def test_the_keys_of_all_logs_are_printed(data: Path, tmp_path: Path):
    base = Verifier("hospital.example", SIGNER.key).text()
    assert said("vkey", "--data", data).stdout == f"*     {base}\nmain  {KEY.text()}\n"
    told = json.loads(said("vkey", "--data", data, "--json").stdout)
    assert told == {"base": base, "logs": {"main": [KEY.text()]}}
    (data / PUBLIC_FILE).rename(tmp_path / "key")
    without = said("vkey", "--data", data)
    given = said("vkey", "--data", data, "--key", KEY.text())
    (tmp_path / "key").rename(data / PUBLIC_FILE)
    assert (without.exit_code, "--key" in without.stderr) == (2, True)
    assert given.stdout.endswith(f"main  {KEY.text()}\n")
