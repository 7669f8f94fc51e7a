"""The state that all connections of one front door share: limits, counts, and who may be closed at once.

Knows no socket and no protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import trio
from hypercorn.trio.worker_context import WorkerContext

from gateway.door.desk import AtOnce
from gateway.door.settings import DoorConfig, DoorSettings

_LOOK: Final = 0.02
"""Seconds after which those outside are looked at between two requests. A turn of all connections takes a second when
all of them ask at once, and in that second the kernel's line of those outside runs over."""


_ENDED_AT_ONCE: Final = 32
"""Rests that end in one turn: after a rush thousands are over at the same moment, and to close one takes 0.2 ms."""


class Abortable(Protocol):
    let_in: float
    asked: bool

    def abort(self) -> None: ...


class Resting(Protocol):
    """A connection that waits for a request. ``since`` is when it began to, on trio's clock."""

    since: float

    def end_rest(self) -> None: ...


class Door:
    """One running front door. ``binds``, ``open_connections``, ``failures`` and ``refused`` are for all to read."""

    def __init__(
        self,
        *,
        app: Callable[..., Any],
        settings: DoorSettings,
        config: DoorConfig,
        context: WorkerContext,
        on_failure: Callable[[Exception], None] | None,
        binds: tuple[str, ...],
    ) -> None:
        self.app = app
        self.at_once: AtOnce | None = getattr(app, "at_once", None)
        self.settings = settings
        self.config = config
        self.context = context
        self.binds = binds
        self.failures = 0  # exceptions contained
        self.refused = 0  # connections over the limit
        self.stopping = False
        self.idle: set[trio.CancelScope] = set()  # waits that serve nobody: cancelled at once when stopping
        self.resting: set[Resting] = set()  # the same of connections whose waits have no scope of their own
        self.lookouts: list[Callable[[], object]] = []  # each takes those who wait outside one socket
        self._looked = 0.0
        self._connections: set[Abortable] = set()
        self._on_failure = on_failure
        self._empty = trio.Event()

    @property
    def open_connections(self) -> int:
        return len(self._connections)

    def add(self, connection: Abortable) -> None:
        self._connections.add(connection)

    def look_outside(self) -> None:
        """Take those who wait to be let in, if that was not done just now; for those who are at work for long."""
        now = trio.current_time()
        if now - self._looked > _LOOK:
            self._looked = now
            for look in self.lookouts:
                look()

    def discard(self, connection: Abortable) -> None:
        self._connections.discard(connection)
        if not self._connections and self.stopping:
            self._empty.set()

    def fail(self, error: Exception) -> None:
        """Count and report what escaped; a callback that fails itself is not allowed to matter."""
        self.failures += 1
        if self._on_failure is not None:
            with suppress(Exception):
                self._on_failure(error)

    async def hear_newcomers(self) -> None:
        """Wait, for a moment, until all who have just been let in have begun to ask: they were told that they may."""
        since = trio.current_time() - self.settings.newcomer_timeout
        until = trio.current_time() + self.settings.newcomer_timeout
        while trio.current_time() < until and any(  # noqa: ASYNC110 - once, at the end, for two seconds at most
            not connection.asked and connection.let_in > since for connection in self._connections
        ):
            await trio.sleep(self.settings.newcomer_timeout / 50)

    def close_idle(self) -> None:
        """Take no further request from here on, and end what only waits for one."""
        self.stopping = True
        for scope in tuple(self.idle):
            scope.cancel()
        for connection in tuple(self.resting):
            connection.end_rest()
        if not self._connections:
            self._empty.set()

    async def end_long_rests(self) -> None:
        """End every rest soon after its ``keep_alive_timeout``, until cancelled.

        A deadline for each wait would cost each request 5 µs; one look at all of them, now and then, costs nothing.
        """
        patience = self.settings.keep_alive_timeout
        while True:
            await trio.sleep(patience / 8)
            over = trio.current_time() - patience
            ended = 0
            for connection in tuple(self.resting):
                if connection.since < over:
                    connection.end_rest()
                    ended += 1
                    if ended % _ENDED_AT_ONCE == 0:
                        await trio.sleep(_LOOK)

    async def wait_empty(self) -> None:
        """Wait until, after ``close_idle``, the last connection has ended."""
        await self._empty.wait()

    def abort(self) -> None:
        """End every send now, finished or not."""
        self.stopping = True
        for connection in tuple(self._connections):
            connection.abort()
