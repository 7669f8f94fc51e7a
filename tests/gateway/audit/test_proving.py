"""All of it beside an engine: what the health pages tell, and that a fault of it stops no hospital."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine import notary
from engine.clock import SystemClock
from engine.decisions.hospital import AddHospital
from engine.eventlog.checkpoint import Note, Verifier
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.runtime import Engine, EngineSettings, open_engine
from gateway.audit import cosigning
from gateway.audit.keys import PUBLIC_FILE
from gateway.audit.origins import ORIGIN_FILE
from gateway.audit.proving import Proving
from gateway.audit.settings import AuditSettings, WitnessPlace
from gateway.health import Vitals
from tests.engine.living import CLERK, patient
from tests.gateway.audit.witnessed import BASE, OWNER, WITNESS, listening, newest, real_witness, until
from tests.gateway.surface import As, ScriptedEngine, client_of


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosigning, "LOOK", 0.03)
    monkeypatch.setattr(notary, "_LOOK", 0.02)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the key that the witness trusts."""
    folder = tmp_path / "data"
    folder.mkdir()
    pem = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "signing.key").write_bytes(pem)
    (folder / "signing.key").chmod(0o600)
    return folder


@asynccontextmanager
async def proven(disk: MemoryDisk, data: Path, *urls: str) -> AsyncIterator[tuple[Engine, Vitals]]:
    places = tuple(WitnessPlace(url=url, vkey=WITNESS.text()) for url in urls)
    proving = Proving(AuditSettings(name=BASE, seconds=0.05, witnesses=places), data, SystemClock())
    store, shutdown = MemoryStore(disk), trio.Event()
    async with open_engine(store, settings=EngineSettings(seal=proving.seal)) as engine, trio.open_nursery() as nursery:
        await proving.begin(engine, store, shutdown)
        await engine.until_ready()
        nursery.start_soon(proving.run, engine, store, shutdown)
        yield engine, Vitals(engine, proofs=proving)
        shutdown.set()


async def grow(engine: Engine, hospital: str = "main") -> None:
    await engine.ask(hospital, AddHospital(hospital_id=hospital, name=hospital, time_zone="UTC"), CLERK)
    for _ in range(3):
        await engine.ask(hospital, patient(), CLERK)


def is_cosigned(disk: MemoryDisk, log: str = "main") -> bool:
    return log in disk.checkpoints and len(newest(disk, log).lines) == 2


async def page(vitals: Vitals, name: str, hospital: str = "main") -> dict[str, Any]:
    status, body = await vitals.page(name, hospital)
    assert status == 200
    found: dict[str, Any] = json.loads(body)
    return found


async def test_the_page_tells_how_far_the_callers_own_logs_are_signed_and_cosigned(data: Path, tmp_path: Path):
    disk = MemoryDisk()
    async with listening(real_witness(tmp_path / "w")) as url, proven(disk, data, url) as (engine, vitals):
        await grow(engine)
        await grow(engine, "north")
        await until(
            lambda: all(log in disk.checkpoints and len(newest(disk, log).lines) == 2 for log in ("main", "north"))
        )
        told, other = await page(vitals, "audit"), await page(vitals, "audit", "north")
        assert "audit_alarms" not in await page(vitals, "ready")
    assert (told["origin"], other["origin"]) == (f"{BASE}/main", f"{BASE}/north")
    assert told["key"] == OWNER.key.hex()
    assert Verifier.parse((data / PUBLIC_FILE).read_text()) == Verifier(BASE, OWNER.key)
    assert told["logs"]["main"] == {"entries": 4, "signed": 4}
    [witness] = told["witnesses"]
    assert (witness["witness"], witness["url"]) == (WITNESS.name, url)
    standing = witness["logs"]["main"]
    assert (standing["size"], standing["failure"], standing["alarm"]) == (4, None, None)
    assert standing["cosigned_at"].endswith("Z")
    assert "north" not in str(told)
    assert "main" not in str(other)


async def test_readiness_says_that_a_witness_speaks_against_a_log_and_detail_what(data: Path, tmp_path: Path):
    disk = MemoryDisk()
    async with listening(real_witness(tmp_path / "w")) as url:
        async with proven(disk, data, url) as (engine, _):
            await grow(engine)
            await until(partial(is_cosigned, disk))
            before = deepcopy(disk)
            await engine.ask("main", patient(), CLERK)
            await until(lambda: newest(disk).head().size == 5 and len(newest(disk).lines) == 2)
        async with proven(before, data, url) as (_, vitals):
            proofs = vitals._proofs
            assert proofs is not None
            await until(proofs.alarms)
            told, detail, own = [await page(vitals, *which) for which in (("ready",), ("detail", ""), ("detail",))]
    assert (told["status"], told["audit_alarms"]) == ("ready", 1)
    assert "main" not in str(told), "anybody may read it"
    assert "the log of main is not what it was" in detail["engine"]["alarms"][0]
    assert "alarms" not in own["engine"], "they may be of another hospital's"


async def test_after_a_restore_the_new_name_stands_before_the_first_command(data: Path):
    disk = MemoryDisk()
    async with proven(disk, data) as (engine, _):
        await grow(engine)
    lost = {"main": {"previous": f"{BASE}/main", "size": 9, "root": "00" * 32, "reason": "restored"}}
    (data / ORIGIN_FILE).write_bytes(msgspec.json.encode(lost))
    async with proven(disk, data) as (engine, vitals):
        assert len(disk.entries["main"]) == 5
        await engine.ask("main", patient(), CLERK)
        await until(lambda: newest(disk).head().size == 6)
        origin = (await page(vitals, "audit"))["origin"]
    assert newest(disk).head().origin == origin
    assert origin.startswith(f"{BASE}/main/")


async def test_checkpoints_that_cannot_be_read_stop_no_hospital(data: Path, caplog: pytest.LogCaptureFixture):
    disk = MemoryDisk()
    async with proven(disk, data) as (engine, _):
        await grow(engine)
    assert Note.parse(disk.checkpoints["main"].pop(4))
    disk.checkpoints["main"][4] = b"no note"
    async with listening(real_witness(data / "w")) as url, proven(disk, data, url) as (engine, vitals):
        await until(lambda: "log_damage" in engine.ready().detail)
        await engine.ask("main", patient(), CLERK)
        await until(lambda: max(disk.checkpoints["main"]) == 5)
        assert (await page(vitals, "audit"))["logs"]["main"]["entries"] == 5
    assert "cannot be read" in caplog.text


async def test_a_board_is_not_shown_how_the_logs_are_proven():
    async with client_of(ScriptedEngine(), As("board")) as client:
        assert (await client.get("/health/audit")).status_code == 403
    async with client_of(ScriptedEngine(), As("auditor")) as client:
        assert (await client.get("/health/audit")).status_code == 200
