"""Django, REST framework, PostgreSQL and a Redis lock for each slot, served by gunicorn with threads."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from perf.baselines import environment, postgres, redis
from perf.baselines.counting import counted
from perf.baselines.plan import Plan, Running, bodies, filling
from perf.baselines.postgres import DATABASE, USER, ask, cluster
from perf.baselines.processes import descent, program, run
from perf.baselines.warming import warm
from perf.size import Tell

_CODE: Final = Path(__file__).with_name("django_stack")
_FLAGS: Final = "--worker-class gthread --workers 2 --threads 6 --preload --keep-alive 75 --backlog 1024"
_PLACES: Final = "--bind 127.0.0.1:0 --worker-tmp-dir /dev/shm --no-control-socket"


class Django:
    """The stack; see ``perf.baselines.stack``."""

    def missing(self) -> str:
        return postgres.missing() or redis.missing() or environment.missing()

    @asynccontextmanager
    async def running(self, folder: Path, plan: Plan, tell: Tell) -> AsyncGenerator[Running, None]:
        python = await environment.environment(tell)
        tell("Django: a PostgreSQL cluster and a Redis server")
        async with cluster(folder) as database, redis.server() as locks:
            variables = environment.clean(
                os.environ,
                PYTHONPATH=str(_CODE),
                PYTHONDONTWRITEBYTECODE="1",
                DJANGO_SETTINGS_MODULE="hospital.settings",
                SECRET_KEY="-" * 50,  # signs nothing here
                PGHOST=str(database.socket),
                PGUSER=USER,
                PGDATABASE=DATABASE,
                REDIS_SOCKET=str(locks.socket),
            )
            await run([str(python), "-m", "django", "migrate"], folder=_CODE, environment=variables)
            await ask(database.socket, "".join(filling(plan)))
            command = [str(python), "-m", "gunicorn", "hospital.wsgi:application", *_FLAGS.split(), *_PLACES.split()]
            where = r"http://127\.0\.0\.1:(\d+)"
            # SIGQUIT: at once. Asked politely, gunicorn waits on for connections that are kept alive.
            async with program(command, where, folder=_CODE, environment=variables, stop=signal.SIGQUIT) as served:
                running = Running(
                    name="django",
                    port=int(served.said),
                    path="/api/v1/tokens/",
                    bodies=bodies(plan),
                    pids=(),
                    about=_about(database.version, locks.version),
                    plan=plan,
                    database=database.socket,
                )
                tell("Django: warming up")
                await warm(running)
                running.pids = descent([served.pid, database.pid, locks.pid])
                yield running

    async def booked(self, running: Running) -> dict[str, int]:
        return await counted(running)


def _about(postgres_version: str, redis_version: str) -> dict[str, str]:
    names = ("django", "djangorestframework", "gunicorn", "psycopg", "redis", "hiredis")
    pinned = environment.versions(environment.REQUIREMENTS.read_text("utf-8"), *names)
    return {
        **pinned,
        "postgresql": postgres_version,
        "redis-server": redis_version,
        "postgresql settings": postgres.told(),
        "gunicorn settings": _FLAGS,
        "connections": "one for each thread, kept open, on Unix sockets; statements prepared by the server",
        "lock": "asked for every 20 ms (the library's default: 100), at most 10 s",
        "booking": "a Redis lock for the slot, SELECT … FOR NO KEY UPDATE of its row, UPDATE, INSERT; one commit each",
    }
