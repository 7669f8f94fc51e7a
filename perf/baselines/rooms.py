"""Rooms by FastAPI, asyncpg and PostgreSQL, as a developer would keep them apart: by exclusion constraints."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from perf.baselines import environment, postgres
from perf.baselines.postgres import DATABASE, USER, ask, cluster
from perf.baselines.processes import descent, program
from perf.baselines.room_plan import RoomPlan, bodies, filling, made_up, warming
from perf.client import Load, send
from perf.figures import Incorrect
from perf.size import Tell

_CODE: Final = Path(__file__).with_name("fastapi_stack")
_FLAGS: Final = "--workers 1 --loop uvloop --http httptools --no-access-log"
_CONNECTIONS: Final = 50

_TWICE: Final = """
SELECT count(*) FROM appointments one JOIN appointments other ON one.id < other.id AND one.held && other.held
 WHERE one.status = 'booked' AND other.status = 'booked'
   AND (one.room_id = other.room_id
        OR one.during && other.during AND (one.doctor_id = other.doctor_id OR one.patient_id = other.patient_id))
"""


class Rooms(msgspec.Struct):
    """The stack as it serves on ``127.0.0.1:port``; POST ``bodies`` to ``path``. ``pids``: all its processes."""

    port: int
    path: str
    bodies: list[str]
    pids: tuple[int, ...]
    about: dict[str, str]
    database: Path


def missing() -> str:
    """What must be installed before it can be measured, one sentence; empty when all is there."""
    return postgres.missing() or environment.missing()


@asynccontextmanager
async def running(folder: Path, plan: RoomPlan, tell: Tell) -> AsyncGenerator[Rooms, None]:
    """The stack with the plan's clinic, warm; all its processes and files are gone after the block."""
    python = await environment.environment(tell)
    tell("FastAPI with rooms: a PostgreSQL cluster")
    async with cluster(folder) as database:
        await ask(database.socket, (_CODE / "rooms.sql").read_text("utf-8"))
        await ask(database.socket, "".join(filling(plan)))
        variables = environment.clean(
            os.environ, PYTHONPATH=str(_CODE), PYTHONDONTWRITEBYTECODE="1", PGHOST=str(database.socket), PGUSER=USER,
            PGDATABASE=DATABASE,
        )  # fmt: skip
        command = [str(python), "-m", "uvicorn", "rooms:app", "--host", "127.0.0.1", "--port", "0"]
        where = r"http://127\.0\.0\.1:(\d+)"
        async with program([*command, *_FLAGS.split()], where, folder=_CODE, environment=variables) as served:
            made = Rooms(
                port=int(served.said), path="/api/v1/appointments/", bodies=bodies(plan, made_up(plan)), pids=(),
                about=_about(database.version), database=database.socket,
            )  # fmt: skip
            tell("FastAPI with rooms: warming up")
            await _warm(made, warming(plan, made_up(plan)))
            made.pids = descent([served.pid, database.pid])
            yield made


async def booked(rooms: Rooms) -> int:
    """Appointments in its table; ``Incorrect`` when a room, a doctor or a patient is held twice."""
    [[twice]] = await ask(rooms.database, _TWICE)
    if int(twice):
        raise Incorrect(f"fastapi with rooms: {twice} pairs of appointments are in one place at one time")
    [[count]] = await ask(rooms.database, "SELECT count(*) FROM appointments WHERE status = 'booked'")
    return int(count)


async def _warm(rooms: Rooms, asked: list[str]) -> None:
    loaded = await send(Load(rooms.port, rooms.path, _CONNECTIONS, asked))
    if loaded.statuses != {201: len(asked)} or loaded.ids != len(asked):
        raise Incorrect(f"fastapi with rooms: {len(asked)} answers of 201 were due, {loaded.statuses} came")
    await ask(rooms.database, "ANALYZE appointments")  # as autovacuum would, some minutes later


def _about(postgres_version: str) -> dict[str, str]:
    names = ("fastapi", "starlette", "pydantic", "uvicorn", "uvloop", "httptools", "asyncpg")
    pinned = environment.versions(environment.REQUIREMENTS.read_text("utf-8"), *names)
    return {
        **pinned,
        "postgresql": postgres_version,
        "postgresql settings": postgres.told(),
        "uvicorn settings": _FLAGS,
        "pool": "8 connections on a Unix socket, statements prepared and planned once, no reset between bookings",
        "booking": "one statement takes the free room with the least equipment; exclusion constraints on room, doctor "
        "and patient (GiST); one commit each; asked again where somebody else was faster",
    }
