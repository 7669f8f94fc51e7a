"""Hospitals for a load: made in the engine before a server starts on its log, or over a server's own interface.

The commands are the same; which path a command is, the gateway's table of routes says.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from engine.actors.service.state import Counter, ServiceSettings
from engine.clock import SystemClock
from engine.decider import PersonName
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import RegisterPatient
from engine.decisions.services import AddService
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import Engine, open_engine
from gateway.routes import BASE, TABLE
from perf.callers import CLERK, ask_all
from perf.client import answer, body, status
from perf.figures import Incorrect
from perf.load.plan import Site
from perf.load.scenario import Founder

FAR: Final = datetime(2100, 1, 4, tzinfo=UTC)
"""Days so far ahead that no timer of any slot falls due in a run."""

CAPACITY: Final = 100
"""Seats of a slot, where a scenario has no wish of its own."""

_HOURS: Final = 20
_CALLERS: Final = 500
_CONNECTIONS: Final = 32
_WHERE: Final = re.compile(r"\{(\w+)\}")


class Engineer:
    """Founds in an engine of this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, hospital: str, time_zone: str = "UTC") -> None:
        """A new hospital."""
        made = AddHospital(hospital_id=hospital, name=f"Hospital {hospital}", time_zone=time_zone)
        await self._engine.ask(hospital, made, CLERK)

    async def make(self, hospital: str, commands: list[Any], outcome: str = "created") -> list[str]:
        """Have all of these done."""
        if not commands:
            return []
        callers = min(_CALLERS, len(commands))
        run = await ask_all(self._engine, hospital, commands, callers=callers, outcome=outcome)
        return [str(msgspec.msgpack.decode(reply.body).get("id", "")) for reply in run.replies]


class Caller:
    """Founds over HTTP, with a key that may do so. ``prefix`` begins the names of its hospitals."""

    def __init__(self, host: str, port: int, key: str, prefix: str) -> None:
        self._place = (host, port)
        self._key = f"Authorization: Bearer {key}\r\n" if key else ""
        self.prefix = prefix

    async def add(self, hospital: str, time_zone: str = "UTC") -> None:
        """A new hospital; the key must be one of the whole network."""
        made = AddHospital(hospital_id=hospital, name=f"Load of {hospital}", time_zone=time_zone)
        await self.make(hospital, [made])

    async def make(self, hospital: str, commands: list[Any], outcome: str = "created") -> list[str]:
        """Have all of these done; over HTTP a status tells, which is looked at for each."""
        made = [""] * len(commands)
        turns = iter(range(len(commands)))

        async def ask() -> None:
            with trio.socket.socket() as link:
                await link.connect(self._place)
                for turn in turns:
                    made[turn] = await self._ask(link, hospital, commands[turn])

        async with trio.open_nursery() as nursery:
            for _ in range(min(_CONNECTIONS, len(commands))):
                nursery.start_soon(ask)
        return made

    async def _ask(self, link: trio.socket.SocketType, hospital: str, command: Any) -> str:
        row = next(row for row in TABLE if row.name == type(command).__name__)
        fields = msgspec.to_builtins(command, enc_hook=lambda private: private.text)
        path = _WHERE.sub(lambda name: str(fields.pop(name[1])), row.path)
        text = msgspec.json.encode(fields)
        head = (
            f"{row.method} {BASE}{path}/ HTTP/1.1\r\nHost: {self._place[0]}\r\nHospital-Id: {hospital}\r\n{self._key}"
        )
        head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        await link.send(head.encode() + text)
        got = await answer(link)
        if status(got) not in (200, 201):
            raise Incorrect(f"{row.method} {path} was answered {body(got)}")
        return str(body(got).get("id", ""))


@asynccontextmanager
async def engineer(data: Path, *, any_disk: bool) -> AsyncGenerator[Founder, None]:
    """Somebody who founds in the log in this folder, which nobody serves meanwhile."""
    async with open_engine(LmdbStore(data, allow_any_filesystem=any_disk)) as engine:
        await engine.until_ready()
        yield Engineer(engine)


async def found_site(
    founder: Founder, hospital: str, *, doctors: int = 0, patients: int = 0, days: int = 0, slots: int = 0,
    capacity: int = CAPACITY, services: int = 0, counters: int = 1, today: int = 0, time_zone: str = "UTC",
) -> Site:  # fmt: skip
    """A hospital with so many of each. ``slots`` a day, far ahead; ``today``: slots that begin in two hours."""
    await founder.add(hospital, time_zone)
    site = Site(hospital, capacity=capacity, counters=counters)
    await found_people(founder, site, doctors, patients)
    for day in range(days):
        each = -(-slots // doctors)
        length = timedelta(hours=_HOURS) / each
        opened = _slots(site, slots, FAR + timedelta(days=day), length, capacity)
        site.days.append(await founder.make(hospital, opened))
    if today:
        start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=SystemClock().wall(), hours=2)
        site.today = await founder.make(hospital, _slots(site, today, start, timedelta(hours=2), capacity))
    settings = ServiceSettings(counters=tuple(Counter(name=str(n + 1)) for n in range(counters)))
    site.services = await founder.make(
        hospital, [AddService(name=f"Service {n + 1}", settings=settings) for n in range(services)]
    )
    return site


async def found_people(founder: Founder, site: Site, doctors: int, patients: int) -> Site:
    """So many more of each in a hospital that is there; the site has these, and no others."""
    new = [AddDoctor(name=PersonName(f"Dr. Number {n}"), specialization=f"Field {n % 10}") for n in range(doctors)]
    site.doctors = await founder.make(site.hospital, new)
    more = [RegisterPatient(name=PersonName(f"Asha Rao {n}")) for n in range(patients)]
    site.patients = await founder.make(site.hospital, more)
    return site


def _slots(site: Site, count: int, start: datetime, length: timedelta, capacity: int) -> list[OpenSlot]:
    doctors = site.doctors
    return [
        OpenSlot(
            doctor=doctors[n % len(doctors)],
            start_time=start + length * (n // len(doctors)),
            end_time=start + length * (n // len(doctors) + 1),
            max_capacity=capacity,
        )
        for n in range(count)
    ]


def morning(wall: int) -> str:
    """A time zone in which it is between seven and eight now (``wall``: µs), so that today is far from over."""
    ahead = 7 - (wall // 3_600_000_000) % 24
    ahead += 24 if ahead < -12 else 0
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"
