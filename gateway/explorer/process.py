"""The reading process of this gateway process: started when somebody asks, ended when nobody has for a while.

The engine folds no log for an auditor, and neither does the gateway's own loop: both have patients waiting. Knows the
process, its pipe, and how many calls are under way; what is asked and answered it only carries.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from subprocess import PIPE
from typing import Any, Final, Protocol

import msgspec
import trio

from engine.errors import Overloaded, Unavailable
from gateway.explorer.frames import CANCEL, Asked, Failure, Frames, Garbled, Told, framed
from gateway.problems import Problem, invalid, not_found

AT_ONCE: Final = 32
"""Calls under way; one more is refused."""

LONGEST: Final = 10.0
"""Seconds for one call."""

IDLE: Final = 300.0
"""Seconds without a call after which the process is ended."""

PAUSE: Final = 1.0
"""Seconds after a process that died before another one is started."""

ENDS: Final = 2.0
"""Seconds that it may take to end once its pipe is closed."""

PIECE: Final = 64 * 1024

log = logging.getLogger("matron.gateway")


class Explorer(Protocol):
    """Whoever answers questions about the log."""

    async def ask(self, hospital: str, call: str, args: dict[str, Any], within: float) -> Told:
        """What came of a call, without an error; a ``Problem`` or ``Unavailable`` instead of one."""


class NoExplorer:
    """Where no log is on a disk there is nothing to read."""

    async def ask(self, hospital: str, call: str, args: dict[str, Any], within: float) -> Told:
        """Nobody can say."""
        raise Unavailable("no_explorer", "this server has no log on disk that the audit explorer could read")


class _Call:
    __slots__ = ("answer", "done")

    def __init__(self) -> None:
        self.answer: Told | None = None
        self.done = trio.Event()


class ReadingProcess:
    """``run`` keeps it while it is wanted; ``ask`` wants it. ``starts`` counts how often one was started."""

    def __init__(self, data: Path, *, idle: float = IDLE, longest: float = LONGEST) -> None:
        self.starts = 0
        self.pid = 0
        self._data = data
        self._idle = idle
        self._longest = longest
        self._ids = count(1)
        self._calls: dict[int, _Call] = {}
        self._out: list[bytes] = []
        self._work = trio.Event()
        self._heard = 0.0

    async def ask(self, hospital: str, call: str, args: dict[str, Any], within: float) -> Told:
        """What came of a call; 503 when too many are under way, when it takes too long, or when the process died."""
        if len(self._calls) >= AT_ONCE:
            raise Overloaded("explorer_busy", "too many questions about the log are under way")
        id = next(self._ids)
        waiting = self._calls[id] = _Call()
        self._put(framed(Asked(id, call, hospital, args)))
        try:
            with trio.move_on_after(min(within, self._longest)):
                await waiting.done.wait()
        finally:
            del self._calls[id]
            if not waiting.done.is_set():
                self._put(framed(Asked(id, CANCEL)))
        if waiting.answer is None:
            why = "was ended meanwhile" if waiting.done.is_set() else "did not answer in time"
            raise Unavailable("explorer_busy", f"the reading of the log {why}; ask again", retry_after=2)
        if waiting.answer.error is not None:
            raise refusal(waiting.answer.error)
        return waiting.answer

    async def run(self, shutdown: trio.Event) -> None:
        """Start the process when somebody asks, and again when it has died; ends it at ``shutdown``."""
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def end() -> None:
                await shutdown.wait()
                nursery.cancel_scope.cancel()

            while True:
                await self._work.wait()
                if not self._calls:  # what is left are words for one that has gone
                    self._forget()
                    continue
                try:
                    ended_well = await self._one()
                except OSError as error:
                    log.error("the audit explorer's process cannot be started: %s", error)
                    ended_well = False
                self._fail_all()
                if not ended_well:
                    await trio.sleep(PAUSE)

    async def _one(self) -> bool:
        """The life of one process; whether it ended because nobody asked."""
        async with started(self._data) as process:
            self.starts += 1
            self.pid = process.pid
            self._heard = trio.current_time()
            idled = False
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, process)
                nursery.start_soon(self._read, process, nursery.cancel_scope)
                await self._idled()
                idled = True
                nursery.cancel_scope.cancel()
        if not idled:
            log.warning("the audit explorer's process has gone; it begins anew when somebody asks")
        return idled

    async def _idled(self) -> None:
        """Return once nobody has asked for a while."""
        while True:
            left = self._heard + self._idle - trio.current_time()
            if left <= 0 and not self._calls:
                return
            await trio.sleep(max(left, self._idle / 10))

    async def _write(self, process: trio.Process) -> None:
        assert process.stdin is not None
        while True:
            await self._work.wait()
            data = b"".join(self._out)
            self._forget()
            self._heard = trio.current_time()
            try:
                await process.stdin.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return  # the reading side sees the end

    async def _read(self, process: trio.Process, everything: trio.CancelScope) -> None:
        assert process.stdout is not None
        frames = Frames()
        try:
            while piece := await process.stdout.receive_some(PIECE):
                for body in frames.take(piece):
                    told = msgspec.msgpack.decode(body, type=Told)
                    if (waiting := self._calls.get(told.id)) is not None:
                        waiting.answer = told
                        waiting.done.set()
        except (trio.BrokenResourceError, Garbled, msgspec.MsgspecError):
            log.exception("the audit explorer's process said what cannot be read")
        everything.cancel()

    def _put(self, frame: bytes) -> None:
        self._out.append(frame)
        self._work.set()

    def _forget(self) -> None:
        self._out.clear()
        self._work = trio.Event()

    def _fail_all(self) -> None:
        """Whoever waits for one that has gone is told at once; what was not yet said to it is not said any more."""
        for waiting in self._calls.values():
            waiting.done.set()
        self._forget()


@asynccontextmanager
async def started(data: Path) -> AsyncIterator[trio.Process]:
    """A reading process, which is gone at the end of the block: its pipe is closed, and then it is killed."""
    command = [sys.executable, "-m", "replay.serving", "--data", str(data)]
    process = await trio.lowlevel.open_process(command, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        with trio.CancelScope(shield=True):
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    await trio.aclose_forcefully(stream)
            with trio.move_on_after(ENDS):
                await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()


def refusal(error: Failure) -> Exception:
    """What a failure is for whoever asked."""
    match error.kind:
        case "not_found":
            return not_found()
        case "invalid":
            return invalid(error.field, error.detail)
        case "busy":
            return Problem(
                "reading_log",
                f"The log is being read: {error.read} of {error.of} entries. Ask again.",
                facts={"read": error.read, "of": error.of},
                headers={"Retry-After": "1"},
            )
        case "unreadable":
            return Problem("log_unreadable", f"The log cannot be read: {error.detail}")
        case "failed":
            return RuntimeError(f"the audit explorer's process failed: {error.detail}")
