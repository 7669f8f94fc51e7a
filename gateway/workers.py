"""Gateway processes in front of one engine: started, watched, replaced when one dies, renewed one by one on request.

All of them accept on the same listening sockets, which this process made and keeps open, so that none of them can
take a connection away from the others by ending. Knows processes and sockets; what is said over the link stands in
``gateway.link``.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Sequence
from subprocess import DEVNULL

import trio
from hypercorn.utils import repr_socket_addr

from engine.runtime import Engine
from gateway.config import Config
from gateway.health import Pages
from gateway.link.attend import Attendant
from gateway.tally import Tally

STARTS = 30.0
"""Seconds until a process must serve."""

PAUSE, LONGEST_PAUSE, LONG_LIFE = 0.1, 10.0, 10.0
"""Seconds before a process that died is replaced; they double while each dies within ``LONG_LIFE``."""

MORE = 3.0
"""Seconds that a process may take to end, beyond those that its requests under way may take."""


class NobodyServes(Exception):
    """The gateway processes cannot be started."""


log = logging.getLogger("matron.gateway")


class Worker:
    """One gateway process. ``serving`` is set once it takes requests, ``ended`` when it is gone."""

    def __init__(
        self, engine: Engine, pages: Pages, config: Config, sockets: Sequence[socket.socket], tally: Tally
    ) -> None:
        self.serving = trio.Event()
        self.ended = trio.Event()
        self.pid = 0
        self._engine = engine
        self._pages = pages
        self._config = config
        self._sockets = sockets
        self._tally = tally
        self._attendant: Attendant | None = None
        self._told = trio.Event()

    def finish(self) -> None:
        """Have it end once it has answered what is under way."""
        self._told.set()
        if self._attendant is not None:
            self._attendant.finish()

    async def live(self) -> None:
        """Start it, answer it, and see it end. It is killed when this is cancelled, or when it does not end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        numbers = [sock.fileno() for sock in self._sockets]
        command = [sys.executable, "-m", "gateway.worker", str(theirs.fileno())]
        with theirs:
            process = await trio.lowlevel.open_process(command, stdin=DEVNULL, pass_fds=(theirs.fileno(), *numbers))
        self.pid = process.pid
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        attendant = self._attendant = Attendant(stream, self._engine, self._pages, self._tally)
        attendant.begin(self._config, numbers)
        if self._told.is_set():
            attendant.finish()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch, process, attendant)
                nursery.start_soon(attendant.run)
                await process.wait()
                nursery.cancel_scope.cancel()
        finally:
            if process.returncode is None:
                process.kill()
                with trio.CancelScope(shield=True):
                    await process.wait()
        if process.returncode and not self._told.is_set():
            log.warning("a gateway process ended with status %d", process.returncode)

    async def _watch(self, process: trio.Process, attendant: Attendant) -> None:
        with trio.move_on_after(STARTS):
            await attendant.serving.wait()
        if not attendant.serving.is_set():
            log.error("a gateway process did not serve within %.0f s", STARTS)
            process.kill()
            return
        self.serving.set()
        await self._told.wait()
        await trio.sleep(self._config.door.graceful_timeout + MORE)
        log.warning("a gateway process did not end in time and is killed")
        process.kill()


class Workers:
    """So many gateway processes. ``replaced`` counts those that died."""

    def __init__(self, count: int, engine: Engine, pages: Pages, config: Config, tally: Tally | None = None) -> None:
        self.replaced = 0
        self._engine = engine
        self._pages = pages
        self._config = config
        self._count = count
        self._tally = tally or Tally()
        self._sockets: Sequence[socket.socket] = ()
        self._current: list[Worker] = []
        self._running: set[Worker] = set()
        self._stopping = False

    @property
    def serving(self) -> int:
        """How many take requests."""
        return sum(worker.serving.is_set() for worker in self._running)

    async def run(
        self, sockets: Sequence[socket.socket], shutdown: trio.Event,
        task_status: trio.TaskStatus[tuple[str, ...]] = trio.TASK_STATUS_IGNORED,
    ) -> None:  # fmt: skip
        """Serve on these listening sockets until ``shutdown``; they are closed at the end.

        Reports their addresses once all processes serve. ``NobodyServes`` when one cannot be brought to it at first.
        """
        self._sockets = sockets
        try:
            async with trio.open_nursery() as nursery:
                self._current = [self._start(nursery) for _ in range(self._count)]
                for worker in self._current:
                    await worker.serving.wait()
                    if worker.ended.is_set():
                        raise NobodyServes("a gateway process ended before it served")
                scheme = "http" if self._config.door.certfile is None else "https"
                task_status.started(
                    tuple(f"{scheme}://{repr_socket_addr(sock.family, sock.getsockname())}" for sock in sockets)
                )
                for index in range(self._count):
                    nursery.start_soon(self._keep, index, nursery)
                nursery.start_soon(self._renew_on_signal, nursery)
                await shutdown.wait()
                self._stopping = True
                for sock in sockets:
                    sock.close()
                for worker in list(self._running):
                    worker.finish()
                for worker in list(self._running):
                    await worker.ended.wait()
                nursery.cancel_scope.cancel()
        finally:
            for sock in sockets:
                sock.close()

    def _start(self, nursery: trio.Nursery) -> Worker:
        worker = Worker(self._engine, self._pages, self._config, self._sockets, self._tally)
        self._running.add(worker)
        nursery.start_soon(self._live, worker)
        return worker

    async def _live(self, worker: Worker) -> None:
        try:
            await worker.live()
        except* Exception as failures:  # no process, no memory, a bug of ours in the link: the engine goes on
            log.error("a gateway process could not be kept", exc_info=failures)
        finally:
            worker.serving.set()
            worker.ended.set()
            self._running.discard(worker)

    async def _keep(self, index: int, nursery: trio.Nursery) -> None:
        """See that there is one in this place."""
        pause = PAUSE
        while True:
            worker, since = self._current[index], trio.current_time()
            await worker.ended.wait()
            if self._stopping:
                return
            if self._current[index] is not worker:  # renewed
                continue
            self.replaced += 1
            self._tally.died += 1
            pause = PAUSE if trio.current_time() - since > LONG_LIFE else pause
            log.warning("gateway process %d has gone and is replaced in %.1f s", worker.pid, pause)
            await trio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            self._current[index] = self._start(nursery)

    async def _renew_on_signal(self, nursery: trio.Nursery) -> None:
        with trio.open_signal_receiver(signal.SIGHUP) as signals:
            async for _ in signals:
                log.warning("SIGHUP: the gateway processes are renewed, one after the other")
                await self.renew(nursery)

    async def renew(self, nursery: trio.Nursery) -> None:
        """Put a new process in each place; the old one ends once the new one serves."""
        for index in range(self._count):
            new = self._start(nursery)
            await new.serving.wait()
            if self._stopping:
                return
            if new.ended.is_set():
                log.error("a new gateway process did not serve: those that run stay")
                return
            old, self._current[index] = self._current[index], new
            old.finish()
            await old.ended.wait()
