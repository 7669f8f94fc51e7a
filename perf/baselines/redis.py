"""A Redis server of our own: started, stopped, thrown away. Knows no stack.

It keeps locks only, which mean nothing after a restart, so it writes nothing to the disk.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from perf.baselines.processes import Failed, program, run

SETTINGS: Final = {"port": "0", "save": "", "appendonly": "no", "daemonize": "no", "maxmemory": "64mb"}


class Server(NamedTuple):
    """A running one: its Unix socket, its process and its version."""

    socket: Path
    pid: int
    version: str


def missing() -> str:
    """What is not installed, one sentence; empty when all is there."""
    if shutil.which("redis-server") is None:
        return "Redis is not installed: on Debian, apt-get install redis-server."
    return ""


@asynccontextmanager
async def server() -> AsyncGenerator[Server, None]:
    """A server on a Unix socket; gone after the block."""
    found = shutil.which("redis-server")
    if found is None:
        raise Failed(missing())
    # The name of a Unix socket is at most 107 bytes long, so it gets a short one.
    with TemporaryDirectory(prefix="matron-redis-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        settings = {**SETTINGS, "unixsocket": str(place / "redis.sock"), "dir": folder}
        flags = [flag for name, value in settings.items() for flag in (f"--{name}", value)]
        version = (await run([found, "--version"], folder=place)).partition("v=")[2].split(" ")[0]
        async with program([found, *flags], "(ready to accept connections)", folder=place) as started:
            yield Server(place / "redis.sock", started.pid, version)
