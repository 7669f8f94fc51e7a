"""Ships the logs from beside the engine: a process that is started with it, watched, and started again when it dies.

It is ``replay.segments.process``, told by its standard input when to end and telling on its standard output how far it
has come. It knows the engine no more than any reader does, and nothing here waits for it but the end: the last entries
and checkpoints are to be there too.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from engine.eventlog.directory import BESIDE

PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
LONG_LIFE: Final = 60.0
"""Seconds before it is started again; they double while each dies within ``LONG_LIFE``."""

PATIENCE: Final = 30.0
"""Seconds for what is left at the end."""

LONGEST_LINE: Final = 1 << 20

log = logging.getLogger("matron.audit")


class Far(msgspec.Struct, frozen=True):
    """How far a log has come, as the process tells it."""

    log: str
    head: int
    shipped: int
    signed: int


class Shipping:
    """The process that ships from ``data`` to ``folder``. ``restarts`` counts how often it died."""

    def __init__(self, data: Path, folder: Path) -> None:
        self.restarts = 0
        self.running = False
        self.pid = 0
        self.fault = ""
        self.far: dict[str, Far] = {}
        self._data = data
        self._folder = folder
        self._finish = trio.Event()

    def finish(self) -> None:
        """Have it ship what is left, and end."""
        self._finish.set()

    async def run(self) -> None:
        """Keep it running until told to finish; returns when it has ended."""
        pause = PAUSE
        while True:
            began, last = trio.current_time(), self._finish.is_set()
            try:
                ended_well = not await self._live()
            except Exception as error:  # no memory, no descriptors, odd words: the hospital goes on without
                self.fault, ended_well = repr(error)[:500], False
            if last or (ended_well and self._finish.is_set()):
                return
            self.restarts += 1
            pause = PAUSE if trio.current_time() - began > LONG_LIFE else min(2 * pause, LONGEST_PAUSE)
            log.error("what ships the log to %s has ended (%s); again in %.0f s", self._folder, self.fault, pause)
            with trio.move_on_after(pause):
                await self._finish.wait()

    def document(self, hospital: str) -> dict[str, Any]:
        """How a hospital's logs get on."""
        told = (self.far.get(name) for name in (hospital, hospital + BESIDE))
        return {
            "folder": str(self._folder),
            "running": self.running,
            "pid": self.pid,
            "restarts": self.restarts,
            "fault": self.fault,
            "logs": {
                one.log: {"shipped": one.shipped, "signed": one.signed, "behind": one.head - one.shipped}
                for one in told
                if one is not None
            },
        }

    async def _live(self) -> int:
        command = [sys.executable, "-m", "replay.segments.process", str(self._data), str(self._folder)]
        pipe = subprocess.PIPE
        process = await trio.lowlevel.open_process(command, stdin=pipe, stdout=pipe, stderr=pipe)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.running, self.pid = True, process.pid
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._end, process, process.stdin)
                nursery.start_soon(self._note_faults, process.stderr)
                await self._note_progress(process.stdout)
                await process.wait()
                nursery.cancel_scope.cancel()
        finally:
            self.running = False
            if process.returncode is None:
                process.kill()
            with trio.CancelScope(shield=True):
                returncode = await process.wait()
                for stream in (process.stdin, process.stdout, process.stderr):
                    await stream.aclose()
        return returncode

    async def _end(self, process: trio.Process, stdin: trio.abc.SendStream) -> None:
        await self._finish.wait()
        await stdin.aclose()
        await trio.sleep(PATIENCE)
        log.error("what ships the log to %s did not end in time and is killed", self._folder)
        process.kill()

    async def _note_progress(self, stdout: trio.abc.ReceiveStream) -> None:
        async for line in _lines(stdout):
            told = msgspec.json.decode(line, type=list[Far])
            self.far = {one.log: one for one in told}
            self.fault = ""

    async def _note_faults(self, stderr: trio.abc.ReceiveStream) -> None:
        async for line in _lines(stderr):
            if line.strip():
                self.fault = line.decode(errors="replace").strip()[:500]


async def _lines(stream: trio.abc.ReceiveStream) -> AsyncIterator[bytes]:
    rest = b""
    async for some in stream:
        *whole, rest = (rest + some).split(b"\n")
        for line in whole:
            yield line
        rest = rest[:LONGEST_LINE]


@asynccontextmanager
async def shipping(data: Path, folder: str | None) -> AsyncIterator[Shipping | None]:
    """A process that ships while what is inside runs, and what is left when that has ended; none without a folder."""
    if folder is None:
        yield None
        return
    ships = Shipping(data, Path(folder))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ships.run)
        yield ships
        ships.finish()
