"""A hospital on a disk in memory with its notices running, and a desk that makes things happen there."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from trio.testing import MockClock

from engine.actors.destination.places import Url
from engine.decider import PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.destinations import AddDestination
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import RegisterPatient
from engine.eventlog.memory_store import Faults, MemoryDisk, MemoryStore
from engine.runtime import Engine, EngineSettings, open_engine
from engine.views.destinations import GetDestination, ListDeadLetters
from gateway.notices.notices import Notices, Trust
from gateway.notices.settings import NoticeSettings
from tests.engine.living import CLERK, START, TrioClock, read

OPENS = dt.datetime.fromtimestamp(START / 1_000_000, dt.UTC) + dt.timedelta(hours=6)
LOOPBACK = NoticeSettings(allow="127.0.0.0/8")


def fast() -> MockClock:
    """Real sockets cannot be waited for by a clock that jumps: this one runs, thirty times as fast."""
    return MockClock(rate=30)


class Desk:
    """Asks one engine for hospital ``main``."""

    def __init__(self, engine: Engine, clock: TrioClock) -> None:
        self.engine = engine
        self.clock = clock

    async def ask(self, command: Any) -> Any:
        """The answer as plain maps."""
        reply = await self.engine.ask("main", command, CLERK)
        return read(reply) if reply.body else None

    async def slot(self) -> str:
        """A slot with many places."""
        doctor = (await self.ask(AddDoctor(name=PersonName("Dr. Rao"), specialization="Cardiology")))["id"]
        ends = OPENS + dt.timedelta(hours=2)
        opened = await self.ask(OpenSlot(doctor=doctor, start_time=OPENS, end_time=ends, max_capacity=500))
        return str(opened["id"])

    async def token(self, slot: str) -> str:
        """A new patient's token in it."""
        patient = (await self.ask(RegisterPatient(name=PersonName("Asha Rao"))))["id"]
        return str((await self.ask(BookToken(slot_id=slot, patient_id=patient, category="ONLINE")))["id"])

    async def cancel(self, token: str) -> None:
        """Give it back."""
        await self.ask(CancelToken(token_id=token))

    async def webhook(self, url: str, **more: Any) -> Any:
        """A new destination that wants to hear of tokens."""
        fields: dict[str, Any] = {"name": "his", "channel": "webhook", "events": ("token_update",), **more}
        return await self.ask(AddDestination(url=Url(url), **fields))

    async def destination(self, id: str) -> Any:
        """It as it stands."""
        return read(await self.engine.view("main", GetDestination(destination_id=id), CLERK))

    async def letters(self, id: str) -> list[Any]:
        """Its dead letters."""
        return list(read(await self.engine.view("main", ListDeadLetters(destination_id=id), CLERK))["items"])


@asynccontextmanager
async def house(
    disk: MemoryDisk, settings: NoticeSettings = LOOPBACK, *, kill: bool = False, faults: Faults | None = None
) -> AsyncIterator[tuple[Desk, Notices]]:
    """It lives while the block lasts; with ``kill`` its notices end at once, without a last note."""
    clock = TrioClock()
    store = MemoryStore(disk, faults=faults)
    async with open_engine(store, clock=clock, settings=EngineSettings(checking=True)) as engine:
        await engine.until_ready()
        if "main" not in disk.entries:
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        notices = Notices(engine, store, clock, Trust(settings))
        shutdown = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(notices.run, shutdown)
            yield Desk(engine, clock), notices
            if kill:
                nursery.cancel_scope.cancel()
            shutdown.set()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that other tasks bring about, ten minutes at most."""
    for _ in range(12_000):
        if holds():
            return
        await trio.sleep(0.05)
    raise AssertionError("it did not come to hold in ten minutes of the test's clock")
