"""A gateway with two hospitals, ``main`` and ``north``, and the commands of the command line sent to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import click
import trio
from click.testing import CliRunner, Result

from engine.clock import SystemClock
from engine.decisions.hospital import AddHospital
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.runtime import open_engine
from gateway.app import create_app
from gateway.auth import Nobody
from gateway.bulk.commands import export_command, import_command
from gateway.downtime.commands import downtime
from gateway.server import DoorSettings, serve
from tests.engine.living import CLERK
from tests.gateway.surface import pages_of

COMMANDS: dict[str, click.Command] = {"import": import_command, "export": export_command, **downtime.commands}


class Counter:
    """Somebody at a terminal."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def run(self, command: str, *args: str, hospital: str = "main") -> Result:
        """A command, as the shell would start it, in a thread of its own."""
        said = [*args, "--url", self.url, "--hospital", hospital]
        runner = CliRunner()
        return await trio.to_thread.run_sync(lambda: runner.invoke(COMMANDS[command], said, catch_exceptions=False))

    async def told(self, *args: str, code: int = 0, hospital: str = "main") -> Any:
        """What an import says as JSON."""
        result = await self.run("import", *args, "--json", hospital=hospital)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    async def lines(self, kind: str, *args: str, hospital: str = "main") -> list[str]:
        """What an export writes, line by line."""
        result = await self.run("export", kind, *args, hospital=hospital)
        assert result.exit_code == 0, result.output
        return result.stdout.splitlines()


@asynccontextmanager
async def counter() -> AsyncIterator[Counter]:
    """It, and the end of it."""
    store = MemoryStore(MemoryDisk())
    async with open_engine(store, clock=SystemClock()) as engine:
        await engine.until_ready()
        for name in ("main", "north"):
            await engine.ask(name, AddHospital(hospital_id=name, name=name.title(), time_zone="Asia/Kolkata"), CLERK)
        app = create_app(engine, Nobody(), pages_of(engine))
        shutdown = trio.Event()
        async with trio.open_nursery() as nursery:

            async def run(task_status: trio.TaskStatus[Any]) -> None:
                settings = DoorSettings(graceful_timeout=1.0)
                await serve(app, bind="127.0.0.1:0", settings=settings, shutdown=shutdown, task_status=task_status)

            door = await nursery.start(run)
            yield Counter(door.binds[0])
            shutdown.set()
