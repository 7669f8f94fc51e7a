"""A hospital's log on a disk, as an engine leaves it: what backups are made of and restored logs are held against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result

from engine.clock import SystemClock
from engine.decider import PersonName
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import RegisterPatient
from engine.eventlog.checkpoint import SIGNATURE, LocalSigner, Verifier
from engine.eventlog.entry import Principal
from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.lmdb_store import LmdbStore
from engine.notary import Seal
from engine.recovery import Book, state_hash
from engine.runtime import Engine, EngineSettings, open_engine
from engine.views.people import GetPatient
from gateway.__main__ import main
from gateway.backing.backup import Advance
from replay.segments.shipping import Shipment

CLERK, NURSE = Principal("desk", "clerk"), Principal("ward-3", "clinician", "10.0.0.7")
SIGNER = LocalSigner(bytes(range(32)))
KEY = Verifier("hospital.example/main", SIGNER.key, SIGNATURE).text()


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Engine]:
    """An engine on this folder, its subject keys wrapped, its checkpoints signed; hospital ``main`` is there."""
    store = LmdbStore(data, allow_any_filesystem=True, master_key=data / "master.key")
    settings = EngineSettings(seal=Seal("hospital.example", SIGNER), checking=True)
    async with open_engine(store, clock=SystemClock(), settings=settings) as engine:
        await engine.until_ready()
        if not engine.partitions:
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        yield engine


async def register(engine: Engine, *names: str) -> list[str]:
    """New patients, each looked at once."""
    ids = []
    for name in names:
        reply = await engine.ask("main", RegisterPatient(name=PersonName(name)), CLERK)
        ids.append(msgspec.msgpack.decode(reply.body)["id"])
        await engine.view("main", GetPatient(patient_id=ids[-1]), NURSE)
    return ids


async def grow(data: Path, *names: str) -> list[str]:
    """The same, by an engine that stops."""
    async with opened(data) as engine:
        return await register(engine, *names)


async def name_of(engine: Engine, id: str) -> str:
    """As the interface shows it."""
    reply = await engine.view("main", GetPatient(patient_id=id), NURSE)
    name: str = msgspec.msgpack.decode(reply.body)["name"]
    return name


async def hash_at(data: Path, position: int) -> str:
    """The hash of all states as of a position, from the log alone."""
    book = Book("main", Keyring("main", bytes))
    async with LmdbReader(data) as reader:
        for _ in book.folded(await reader.read("main", 1, position)):
            pass
    return state_hash(book.frozen_states())


async def ship(data: Path, to: Path) -> None:
    """Ship a stopped log."""
    async with LmdbReader(data) as reader:
        shipment = Shipment(reader, to)
        await shipment.turn()
        shipment.close()


def records(data: Path, log: str = "main") -> Callable[[], Any]:
    """All that stands in a log."""

    async def read() -> Any:
        async with LmdbReader(data) as reader:
            return await reader.read(log, 1, 1 << 20)

    return read


def matron(*arguments: object) -> Result:
    """The command line, in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def quiet(what: str, total: int) -> Advance:
    """Nobody watches."""
    return lambda _: None
