"""A gateway with its whole guard over a real engine in memory: what it writes down can be read. No test stands here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec

from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from gateway.access.guard import Guard, Rates, Unlimited
from gateway.access.notes import Notes
from gateway.access.witness import Noting
from gateway.app import create_app
from gateway.auth import Authenticator
from gateway.health import Vitals
from tests.engine.living import living
from tests.engine.test_access import looks

JSON = dict[str, Any]


class Guarded(msgspec.Struct, frozen=True):
    """A client, the engine behind it, and the disk."""

    client: httpx2.AsyncClient
    engine: Engine
    disk: MemoryDisk
    app: Any

    def notes(self) -> list[JSON]:
        """What the access log says of the door, each with who it was."""
        return [{**one["command"], "who": one["who"]} for one in looks(self.disk) if one["name"] == "SecurityNote"]

    def told(self) -> list[tuple[str, str, str]]:
        """The same in short: what, who, and by which row."""
        return [(one["what"], one["who"]["name"], one["facts"].get("path", "")) for one in self.notes()]


@asynccontextmanager
async def guarded(
    auth: Authenticator, rates: Rates = Unlimited(), hsts_seconds: int = 0,  # noqa: B008
) -> AsyncIterator[Guarded]:  # fmt: skip
    """The hospital ``main``, and whoever this lets in."""
    disk, notes = MemoryDisk(), Notes()
    async with living(disk) as engine, notes.writing(engine):
        guard = Guard(auth, rates, Noting(notes))
        app = create_app(engine, guard, Vitals(engine).page, hsts_seconds=hsts_seconds)
        transport = httpx2.ASGITransport(app=app, client=("10.0.0.7", 5000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://matron") as client:
            yield Guarded(client, engine, disk, app)
