"""FastAPI, asyncpg and PostgreSQL: one process, a pool of eight connections, one round trip for each booking."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from perf.baselines import environment, postgres
from perf.baselines.counting import counted
from perf.baselines.plan import Plan, Running, bodies, filling
from perf.baselines.postgres import DATABASE, USER, ask, cluster
from perf.baselines.processes import descent, program
from perf.baselines.warming import warm
from perf.size import Tell

_CODE: Final = Path(__file__).with_name("fastapi_stack")
_FLAGS: Final = "--workers 1 --loop uvloop --http httptools --no-access-log"


class FastApi:
    """The stack; see ``perf.baselines.stack``."""

    def missing(self) -> str:
        return postgres.missing() or environment.missing()

    @asynccontextmanager
    async def running(self, folder: Path, plan: Plan, tell: Tell) -> AsyncGenerator[Running, None]:
        python = await environment.environment(tell)
        tell("FastAPI: a PostgreSQL cluster")
        async with cluster(folder) as database:
            await ask(database.socket, (_CODE / "schema.sql").read_text("utf-8"))
            await ask(database.socket, "".join(filling(plan)))
            variables = environment.clean(
                os.environ,
                PYTHONPATH=str(_CODE),
                PYTHONDONTWRITEBYTECODE="1",
                PGHOST=str(database.socket),
                PGUSER=USER,
                PGDATABASE=DATABASE,
            )
            command = [str(python), "-m", "uvicorn", "service:app", "--host", "127.0.0.1", "--port", "0"]
            where = r"http://127\.0\.0\.1:(\d+)"
            async with program([*command, *_FLAGS.split()], where, folder=_CODE, environment=variables) as served:
                running = Running(
                    name="fastapi",
                    port=int(served.said),
                    path="/api/v1/tokens/",
                    bodies=bodies(plan),
                    pids=(),
                    about=_about(database.version),
                    plan=plan,
                    database=database.socket,
                )
                tell("FastAPI: warming up")
                await warm(running)
                running.pids = descent([served.pid, database.pid])
                yield running

    async def booked(self, running: Running) -> dict[str, int]:
        return await counted(running)


def _about(postgres_version: str) -> dict[str, str]:
    names = ("fastapi", "starlette", "pydantic", "uvicorn", "uvloop", "httptools", "asyncpg")
    pinned = environment.versions(environment.REQUIREMENTS.read_text("utf-8"), *names)
    return {
        **pinned,
        "postgresql": postgres_version,
        "postgresql settings": postgres.told(),
        "uvicorn settings": _FLAGS,
        "pool": "8 connections on a Unix socket, prepared statements, no reset between bookings",
        "booking": "one statement that locks the slot's row, counts, and writes the token; one commit each",
    }
