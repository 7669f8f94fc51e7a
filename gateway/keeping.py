"""Keeps the front door open for as long as the engine lives: a door that breaks is made anew, the engine goes on.

Also how it all ends: on the first SIGTERM or SIGINT nothing more is accepted and what is under way is finished; on
the second it is broken off.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence

import trio
from starlette.types import ASGIApp

from gateway.door.settings import DoorSettings
from gateway.observing.faults import named
from gateway.server import Door, serve

PAUSE = 0.5  # seconds before a broken door is made anew; it doubles up to the longest
LONGEST_PAUSE = 10.0

log = logging.getLogger("matron.gateway")


async def keep_serving(
    app: ASGIApp, sockets: Sequence[socket.socket], settings: DoorSettings, shutdown: trio.Event,
    door: Callable[..., Awaitable[None]] = serve, task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:  # fmt: skip
    """Serve on these listening sockets until ``shutdown``; they are closed at the end, and only then."""
    pause = PAUSE
    reporting = _Once(task_status)
    try:
        while not shutdown.is_set():
            # Each door closes the sockets it was given, so it gets copies: connections that come in between wait.
            copies = [another(sock) for sock in sockets]
            try:
                await door(
                    app, sockets=copies, settings=settings, shutdown=shutdown, on_failure=note, task_status=reporting
                )
            except* Exception as broken:
                log.error("the front door broke and is made anew in %.1f s", pause, exc_info=broken)
                with trio.move_on_after(pause):
                    await shutdown.wait()
                pause = min(2 * pause, LONGEST_PAUSE)
    finally:
        for sock in sockets:
            sock.close()


def another(sock: socket.socket) -> socket.socket:
    """Another handle of a socket.

    Not ``sock.dup()``: that makes what it gives wait for a moment, and with it, since they are one to the kernel, the
    listening socket of every other process; one that accepts just then stands still until the next client comes.
    """
    return socket.socket(fileno=os.dup(sock.fileno()))


class _Once(trio.TaskStatus[Door]):
    """Passes on the first door only: whoever waits for it waits once."""

    def __init__(self, status: trio.TaskStatus[Door]) -> None:
        self._status = status
        self._told = False

    def started(self, value: Door | None = None) -> None:
        if not self._told:
            self._told = True
            assert value is not None
            self._status.started(value)


def note(error: Exception) -> None:
    """What escaped from one connection: its own end, and nobody else's."""
    log.warning("a connection failed: %s", named(error))  # what it could not read may be somebody's name


async def renew_on_hangup(*renew: Callable[[], object]) -> None:
    """At each SIGHUP take up anew what is out of files. One alone may listen: the last who begins hears all of them."""
    with trio.open_signal_receiver(signal.SIGHUP) as signals:
        async for _ in signals:
            log.warning("SIGHUP: what is out of files is taken up anew")
            for each in renew:
                each()


async def stop_on_signal(shutdown: trio.Event, everything: trio.CancelScope) -> None:
    """Set ``shutdown`` at the first signal; at the second, break off."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            if shutdown.is_set():
                log.warning("%s again: broken off", signal.Signals(number).name)
                everything.cancel()
                return
            log.warning("%s: finishing what is under way", signal.Signals(number).name)
            shutdown.set()
