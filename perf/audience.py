"""An audience of a queue's news, in a process of its own: how it is started, told where the end is, and what it heard.

The process itself is ``perf.listeners``.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from subprocess import PIPE

import msgspec
import trio

from perf.figures import Incorrect


class Audience(msgspec.Struct, frozen=True):
    """``frozen`` of the ``clients`` connect and never read."""

    port: int
    topic: str
    clients: int
    frozen: int = 0
    hospital: str = "main"


class Heard(msgspec.Struct, frozen=True):
    """``frames`` of news and their ``bytes`` in all; ``least`` and ``most`` frames that one who reads got.

    ``again``: snapshots of those who lost their place. ``seconds``: from the first frame to the last. ``p50``, ``p99``:
    how old news were when they came (ms). ``busy``: processor time of the listeners (s).
    """

    frames: int
    bytes: int
    least: int
    most: int
    again: int
    seconds: float
    p50: float
    p99: float
    busy: float


class Listening:
    """A process with an audience, all of whom follow."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._said = b""

    async def say(self, line: bytes) -> None:
        """Tell it something."""
        assert self._process.stdin is not None
        await self._process.stdin.send_all(line + b"\n")

    async def line(self) -> bytes:
        """The next line that it says."""
        assert self._process.stdout is not None
        while b"\n" not in self._said:
            piece = await self._process.stdout.receive_some()
            if not piece:
                raise Incorrect("those who follow ended before their time, for the reason above")
            self._said += piece
        line, _, self._said = self._said.partition(b"\n")
        return line

    async def heard(self, position: int) -> Heard:
        """What everybody heard, once everybody has come so far in the log."""
        await self.say(b"%d" % position)
        return msgspec.json.decode(await self.line(), type=Heard)


@asynccontextmanager
async def audience(wanted: Audience) -> AsyncGenerator[Listening, None]:
    """Those who follow, all of them with their snapshot; they leave with the block."""
    process = await trio.lowlevel.open_process([sys.executable, "-m", "perf.listeners"], stdin=PIPE, stdout=PIPE)
    try:
        listening = Listening(process)
        await listening.say(msgspec.json.encode(wanted))
        await listening.line()
        yield listening
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
