"""Servers under test, each in a process of its own: where it serves, what it uses, how it ends."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Final, NamedTuple

import trio

from perf.figures import Incorrect

_STARTS: Final = 60.0
"""Seconds that a server may take until it says where it serves."""

_STOPS: Final = 120.0
"""Seconds that it may take to end: what changed is written to a snapshot then."""

_WHERE: Final = re.compile(rb"http://127\.0\.0\.1:(\d+)")


class Served(NamedTuple):
    """A running server."""

    port: int
    pid: int

    def busy(self) -> float:
        """Seconds of processor time that it has used so far, all threads together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Anonymous bytes of it that are resident; rubbish that was not collected yet is among them."""
        for line in Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        raise OSError("this system does not tell anonymous memory")


@asynccontextmanager
async def server(module: str, arguments: Sequence[str]) -> AsyncGenerator[Served, None]:
    """A server that lives as long as the block; ``Incorrect`` unless it starts, and ends well."""
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process([sys.executable, "-m", module, *arguments], stdout=PIPE)
        try:
            port = await _port(process)
            nursery.start_soon(_drain, process)
            yield Served(port, process.pid)
            process.terminate()
            with trio.move_on_after(_STOPS):
                await process.wait()
            if process.returncode not in (0, -15):
                raise Incorrect(f"{module} ended with status {process.returncode}")
        finally:
            if process.returncode is None:
                process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
            nursery.cancel_scope.cancel()


async def _port(process: trio.Process) -> int:
    assert process.stdout is not None
    said = b""
    with trio.move_on_after(_STARTS):
        async for piece in process.stdout:
            said += piece
            if found := _WHERE.search(said):
                return int(found[1])
    raise Incorrect(f"a server did not start: {said.decode(errors='replace')}")


async def _drain(process: trio.Process) -> None:
    assert process.stdout is not None
    async for _ in process.stdout:
        pass
