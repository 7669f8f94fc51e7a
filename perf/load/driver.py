"""Has a load sent by processes of their own, and tells how it gets on."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from subprocess import PIPE
from time import perf_counter
from typing import Final

import msgspec
import trio

from perf.figures import Incorrect
from perf.load.order import Measured, Order, Progress, Said

PER_SENDER: Final = 8_000.0
"""Requests per second that one process sends without being late."""

_SOON: Final = 0.2
"""Seconds from the word to the first request."""


class Sending:
    """Processes that are ready, and wait for the word."""

    def __init__(self, processes: Sequence[trio.Process]) -> None:
        self._processes = processes
        self._lines = [_Lines(process) for process in processes]

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    async def ready(self, orders: Sequence[Order]) -> None:
        """Each has its order and its connections."""
        for process, order in zip(self._processes, orders, strict=True):
            await _say(process, msgspec.json.encode(order))
        for lines in self._lines:
            await lines.next()

    async def run(self, tell: Callable[[Progress], None]) -> Measured:
        """Give the word, and wait for the end."""
        start = perf_counter() + _SOON
        whole = Measured()

        async def follow(lines: _Lines) -> None:
            while (said := await lines.next()).measured is None:
                if said.progress is not None:
                    tell(said.progress)
            whole.merge(said.measured)

        for process in self._processes:
            await _say(process, str(start).encode())
        async with trio.open_nursery() as nursery:
            for lines in self._lines:
                nursery.start_soon(follow, lines)
        return whole


@asynccontextmanager
async def sending(orders: Sequence[Order]) -> AsyncGenerator[Sending, None]:
    """A process for each order, ready to begin; they end with the block."""
    processes: list[trio.Process] = []
    try:
        for _ in orders:
            command = [sys.executable, "-m", "perf.load.sender"]
            processes.append(await trio.lowlevel.open_process(command, stdin=PIPE, stdout=PIPE))
        made = Sending(processes)
        await made.ready(orders)
        yield made
    finally:
        for process in processes:
            process.kill()
        with trio.CancelScope(shield=True):
            for process in processes:
                await process.wait()


class _Lines:
    """What one process says."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._said = bytearray()
        self._looked = 0

    async def next(self) -> Said:
        assert self._process.stdout is not None
        while (end := self._said.find(b"\n", self._looked)) < 0:
            self._looked = len(self._said)
            piece = await self._process.stdout.receive_some(1 << 20)
            if not piece:
                raise Incorrect("a sender ended before its load did, for the reason above")
            self._said += piece
        line = bytes(self._said[:end])
        del self._said[: end + 1]
        self._looked = 0
        said = msgspec.json.decode(line, type=Said)
        if said.failed:
            raise Incorrect(f"the load could not be sent: {said.failed}")
        return said


async def _say(process: trio.Process, line: bytes) -> None:
    assert process.stdin is not None
    await process.stdin.send_all(line + b"\n")
