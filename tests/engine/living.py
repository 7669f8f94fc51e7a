"""An engine on a disk in memory, and the few commands that the engine's own tests need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio

from engine.actor import Reply
from engine.decider import PersonName
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import RegisterPatient
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import Faults, MemoryDisk, MemoryStore
from engine.runtime import Engine, EngineSettings, open_engine

CLERK = Principal("desk", "clerk")
START = 1_800_000_000_000_000


class TrioClock:
    """Wall and monotonic time from trio's clock (µs), so that autojump moves both; bytes from a counter."""

    def __init__(self, start: int = START) -> None:
        self.start = start
        self.step = 0
        self.drawn = 0

    def wall(self) -> int:
        """Now, and whatever step the test has put in."""
        return self.start + self.step + self.monotonic()

    def monotonic(self) -> int:
        """µs of trio's clock."""
        return int(trio.current_time() * 1_000_000)

    def entropy(self, count: int) -> bytes:
        """Different bytes each time, the same in each run."""
        self.drawn += 1
        return self.drawn.to_bytes(count, "big")


@asynccontextmanager
async def living(
    disk: MemoryDisk,
    *,
    faults: Faults | None = None,
    settings: EngineSettings | None = None,
    clock: TrioClock | None = None,
) -> AsyncIterator[Engine]:
    """An engine that serves hospital ``main``, made at first use."""
    store = MemoryStore(disk, faults=faults)
    async with open_engine(
        store, clock=clock or TrioClock(), settings=settings or EngineSettings(checking=True)
    ) as engine:
        await engine.until_ready()
        if "main" not in disk.entries:
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        yield engine


def patient(name: str = "Asha Rao") -> RegisterPatient:
    """A command that makes one actor."""
    return RegisterPatient(name=PersonName(name))


def read(reply: Reply) -> Any:
    """The answer as plain maps."""
    return msgspec.msgpack.decode(reply.body)


class Heard:
    """What a callback of the engine was called with."""

    def __init__(self) -> None:
        self.outcomes: list[Any] = []  # replies and errors
        self.came = trio.Event()

    def __call__(self, outcome: Reply | Exception) -> None:
        self.outcomes.append(outcome)
        self.came.set()

    async def only(self) -> Any:
        """The one outcome; nothing more comes."""
        await self.came.wait()
        await trio.sleep(20)
        [outcome] = self.outcomes
        return outcome


def hold_keys(engine: Engine) -> trio.Event:
    """Patients' keys are read from the disk only once this is set; until then messages that need one wait."""
    let, read_keys = trio.Event(), engine._store.read_keys

    async def later(subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        await let.wait()
        return await read_keys(subjects)

    engine._store.read_keys = later  # type: ignore[method-assign]
    return let
