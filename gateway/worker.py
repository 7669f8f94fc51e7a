"""A gateway process: the whole front door, in front of an engine that lives in another process.

``python -m gateway.worker FD`` is started by ``gateway.workers`` alone: the descriptor is its end of the Unix socket,
over which it is told what to do. It ends when it is told to (``Finish`` or SIGTERM), with what is under way answered,
and at once when the engine's process has gone.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
from pathlib import Path

import msgspec
import trio

from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.process import process_figures, tune_process
from gateway.access.opening import open_access
from gateway.app import create_app
from gateway.config import Config
from gateway.explorer.process import ReadingProcess
from gateway.keeping import keep_serving
from gateway.link.far_engine import FarEngine
from gateway.observing.opening import Observing
from gateway.request_log import log_to_stderr
from gateway.tally import Tally

LAST_WORDS = 0.3
"""Seconds to tell those who wait that the engine has gone."""

COUNTS = 1.0
"""Seconds between two tellings of what was answered; so much of it a kill may lose."""

PARTING = 0.05
"""Seconds for the last of them to leave."""

log = logging.getLogger("matron.gateway")


async def work(link: socket.socket) -> None:
    """Serve until told to end, or until the engine has gone."""
    engine = FarEngine(trio.SocketStream(trio.socket.from_stdlib_socket(link)))
    shutdown = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_carry, engine, shutdown, nursery.cancel_scope)
        nursery.start_soon(_end, engine, shutdown)
        nursery.start_soon(_end_on_signal, engine)
        told = await engine.begun()
        config = msgspec.msgpack.decode(told.config, type=Config)
        log_to_stderr(config.log_level)
        seen = Observing(config, SystemClock())
        tally = Tally()
        nursery.start_soon(_count_forever, engine, tally)

        async def pages(name: str, hospital: str) -> tuple[int, bytes]:
            if name == "metrics":
                _count(engine, tally)  # what is asked for is on its way before the question
            return await engine.look(name, hospital)

        explorer = ReadingProcess(Path(str(config.data)))
        nursery.start_soon(explorer.run, shutdown)
        access = open_access(config)
        access.count_with(tally)
        seen.count_with(tally)
        nursery.start_soon(access.run, engine, shutdown)
        app = create_app(
            engine,
            access.guard(engine),
            pages,
            limits=config.limits,
            request_log=seen.request_log,
            tally=tally,
            metrics=config.metrics,
            explorer=explorer,
            tracing=seen.tracing,
            access=access,
            hsts_seconds=config.access.hsts_seconds,
        )
        sockets = [socket.socket(fileno=number) for number in told.sockets]
        async with access.notes.writing(engine), trio.open_nursery() as door:
            door.start_soon(_leave_address, sockets, shutdown)
            tally.door = await door.start(keep_serving, app, sockets, config.door, shutdown)
            engine.serving()
        _count(engine, tally)
        await trio.sleep(PARTING)
        await seen.close()
        nursery.cancel_scope.cancel()


def _count(engine: FarEngine, tally: Tally) -> None:
    engine.count(tally.take(), process_figures() | tally.door_figures(), tally.take_marks())


async def _count_forever(engine: FarEngine, tally: Tally) -> None:
    while True:
        await trio.sleep(COUNTS)
        _count(engine, tally)


async def _carry(engine: FarEngine, shutdown: trio.Event, everything: trio.CancelScope) -> None:
    await engine.run()
    if not engine.finish.is_set():
        log.error("the engine's process has gone: this gateway process ends")
    engine.finish.set()
    await shutdown.wait()
    await trio.sleep(LAST_WORDS)
    everything.cancel()


async def _leave_address(sockets: list[socket.socket], shutdown: trio.Event) -> None:
    """Whoever starts next may bind it at once, while what is under way here is still being answered."""
    await shutdown.wait()
    for sock in sockets:
        sock.close()


async def _end(engine: FarEngine, shutdown: trio.Event) -> None:
    await engine.finish.wait()
    engine.end_streams()
    shutdown.set()


async def _end_on_signal(engine: FarEngine) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            if number == signal.SIGTERM:  # Ctrl-C reaches all processes of a terminal: the engine's own decides
                engine.finish.set()


def main() -> None:
    """Exit codes: 0 ended as told, 1 the engine went away before anything was served."""
    tune_process()
    try:
        trio.run(work, socket.socket(fileno=int(sys.argv[1])))
    except* Unavailable as gone:
        log.error("a gateway process could not begin: %s", gone.exceptions[0])
        sys.exit(1)


if __name__ == "__main__":
    main()
