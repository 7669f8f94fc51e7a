"""Shipping: what arrives is the log, however often whoever ships is stopped, killed or started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio
from click.testing import CliRunner
from trio.testing import MockClock

from engine.clock import SystemClock
from engine.decisions.hospital import AddHospital
from engine.eventlog.checkpoint import Note, Verifier, cosigned
from engine.eventlog.directory import LogDirectory
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.runtime import open_engine
from replay.commands.ship import ship as ship_command
from replay.segments.process import CannotShip
from replay.segments.process import ship as ship_log
from replay.segments.shipping import AnotherLog, Shipment
from replay.segments.source import SegmentSource
from replay.verifier import verify
from tests.engine.living import CLERK, living, patient
from tests.replay.shipped_logs import COSIGNED_AT, NAME, SIGNER, WITNESS, WITNESS_KEY, files_in, sealing
from tests.serving import Desk, serving

KEY = Verifier(NAME, SIGNER.key).text()


async def reading(disk: MemoryDisk) -> MemoryStore:
    store = MemoryStore(disk)
    await store.open()
    return store


async def ship(disk: MemoryDisk, folder: Path, limit: int = 1 << 20) -> Shipment:
    shipment = Shipment(await reading(disk), folder, limit=limit)
    try:
        await shipment.turn()
    finally:
        shipment.close()
    return shipment


async def test_what_comes_while_it_ships_arrives_in_order_and_verifies(autojump_clock: MockClock, tmp_path: Path):
    disk = MemoryDisk()
    async with living(disk, settings=sealing(6)) as engine:
        shipment = Shipment(engine._store, tmp_path, limit=4_000)
        for _ in range(30):
            await engine.ask("main", patient(), CLERK)
            await trio.sleep(0.1)
            await shipment.turn()
            assert shipment.far["main"].shipped == len(disk.entries["main"])
        shipment.close()
    again = await ship(disk, tmp_path, 4_000)
    assert again.far["main"].signed == 31
    [check] = verify([tmp_path], [KEY], complete=True)
    assert (check.findings, check.size) == ([], 31)
    assert check.checkpoints == len(disk.checkpoints["main"])


async def test_a_signature_of_a_witness_that_comes_late_is_shipped_behind_what_was_there(
    autojump_clock: MockClock, tmp_path: Path
):
    disk = MemoryDisk()
    async with living(disk, settings=sealing(3)) as engine:
        for _ in range(9):
            await engine.ask("main", patient(), CLERK)
            await trio.sleep(0.5)
    await ship(disk, tmp_path)
    for size in sorted(disk.checkpoints["main"])[-2:]:
        note = Note.parse(disk.checkpoints["main"][size])
        line = cosigned(note.text, WITNESS_KEY.name, WITNESS, COSIGNED_AT)
        disk.checkpoints["main"][size] = note.with_lines([line]).bytes()
        for _ in range(2):
            await ship(disk, tmp_path)
    [check] = verify([tmp_path], [KEY], [WITNESS_KEY.text()], needed=1, complete=True)
    assert (check.findings, check.witnessed) == ([], 10)
    assert check.checkpoints == len(disk.checkpoints["main"]) + 2
    async with SegmentSource(tmp_path) as source:
        kept = {one.size: one.note for one in await source.checkpoints("main", 0, 99)}
    assert kept == disk.checkpoints["main"]


async def test_a_folder_of_another_log_or_of_one_that_has_lost_entries_is_refused(
    autojump_clock: MockClock, tmp_path: Path
):
    disk, other = MemoryDisk(), MemoryDisk()
    for one, count in ((disk, 5), (other, 9)):
        async with living(one, settings=sealing(100)) as engine:
            for _ in range(count):
                await engine.ask("main", patient(f"Asha {count}"), CLERK)
    await ship(disk, tmp_path)
    before = files_in(tmp_path / "main")
    del disk.entries["main"][3:]
    for wrong in (disk, other):
        with pytest.raises(AnotherLog, match="ship into a new one"):
            await ship(wrong, tmp_path)
    assert files_in(tmp_path / "main") == before


# -- processes ----------------------------------------------------------------------------------------------------


async def make_log(data: Path, entries: int) -> None:
    """A signed log on disk."""
    store = LmdbStore(data, allow_any_filesystem=True)
    async with open_engine(store, clock=SystemClock(), settings=sealing(9)) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        async with trio.open_nursery() as nursery:
            for _ in range(entries):
                nursery.start_soon(engine.ask, "main", patient(), CLERK)


def all_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.segment"))}


def kill_again_and_again(tmp_path: Path, seeds: range) -> None:
    data, whole = tmp_path / "data", tmp_path / "whole"
    trio.run(make_log, data, 150)
    shipped = CliRunner().invoke(ship_command, ["--data", str(data), "--to", str(whole), "--rotate", "9000", "--json"])
    [told] = json.loads(shipped.stdout)
    assert (shipped.exit_code, told["head"], told["shipped"], told["signed"]) == (0, 151, 151, 151)
    assert all_files(whole)
    for seed in seeds:
        command = [sys.executable, "-m", "tests.replay.killed_shipping", str(data), str(tmp_path / f"{seed}")]
        killed = subprocess.run([*command, "9000", str(seed)], capture_output=True, text=True, check=False)
        assert int(killed.stdout) > 1, killed.stderr
        assert all_files(tmp_path / f"{seed}") == all_files(whole)
    [check] = verify([whole], [KEY], complete=True)
    assert check.findings == []


def test_a_folder_that_cannot_be_shipped_into_is_a_wrong_call(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "data").mkdir()
    for data, folder in ((tmp_path / "data", tmp_path / "to"), (tmp_path / "data", tmp_path / "file" / "to")):
        ran = CliRunner().invoke(ship_command, ["--data", str(data), "--to", str(folder)])
        assert ran.exit_code == 2
        assert "cannot be" in ran.output


def test_killed_at_any_point_and_started_again_it_ships_the_same_bytes(tmp_path: Path):
    kill_again_and_again(tmp_path, range(1))


@pytest.mark.long
def test_killed_at_many_points_and_started_again_it_ships_the_same_bytes(tmp_path: Path):
    kill_again_and_again(tmp_path, range(100, 140))


@pytest.mark.long
async def test_who_follows_waits_for_a_log_and_ends_when_told(tmp_path: Path):
    data, folder = tmp_path / "data", tmp_path / "to"
    command = [sys.executable, "-m", "replay", "ship", "--data", str(data), "--to", str(folder), "--follow", "--json"]
    pipe = subprocess.PIPE
    process = await trio.lowlevel.open_process(command, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    assert process.stderr is not None
    assert b"Ctrl-C ends it" in await process.stderr.receive_some()
    await make_log(data, 20)
    process.send_signal(signal.SIGTERM)
    [told] = json.loads(b"".join([some async for some in process.stdout]))
    assert (await process.wait(), told["shipped"], told["signed"]) == (0, 21, 21)


async def test_a_folder_that_is_in_use_or_full_is_refused(tmp_path: Path):
    await make_log(tmp_path / "data", 1)
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "main").write_bytes(b"")
    with pytest.raises(CannotShip, match="cannot be written"):
        await ship_log(tmp_path / "data", tmp_path / "to", 9_000, lambda _: None, None)
    held = LogDirectory(tmp_path / "other", (), allow_any_filesystem=True)
    held.claim()
    with pytest.raises(CannotShip, match="Somebody else"):
        await ship_log(tmp_path / "data", tmp_path / "other", 9_000, lambda _: None, None)
    held.release()


def test_beside_a_server_it_is_started_again_when_it_dies_and_ships_the_last_checkpoint_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder, data = tmp_path / "shipped", tmp_path / "data"
    monkeypatch.setenv("MATRON_AUDIT_SHIP", str(folder))
    with serving(data) as server:
        desk = Desk(server.url)

        def status() -> dict[str, Any]:
            told: dict[str, Any] = httpx2.get(f"{server.url}/health/audit").json()["shipping"]
            return told

        desk.patients(10)
        desk.get("/patients/")  # which stands in the log beside
        while status()["logs"].get("main", {}).get("shipped", 0) < 11:
            desk.patients(1)
        os.kill(status()["pid"], signal.SIGKILL)
        while not status()["restarts"]:
            desk.patients(1)
        desk.patients(10)
        assert server.stop() == 0
    desk.close()
    checks = verify([folder], [(data / "signing.key.pub").read_text()], complete=True)
    assert [(check.log, check.findings) for check in checks] == [("main", []), ("main.access", [])]
    assert trio.run(head_of, data) == checks[0].size


async def head_of(data: Path) -> int:
    async with LmdbReader(data) as reader:
        return await reader.head("main")
