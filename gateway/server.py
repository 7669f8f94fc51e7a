"""The front door: listening sockets, the accept loop, containment of each connection, and stopping.

Knows sockets, limits and how to end; the life of one connection is in ``gateway.door.connection``. Knows no
route, no rule and no engine, and does no work in an ASGI lifespan.

Hypercorn's own server loop is not used: there, one connection's failure raises into the nursery of all.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import trio
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.utils import repr_socket_addr

from gateway.door.connection import Connection
from gateway.door.door import Door
from gateway.door.hall import Hall
from gateway.door.settings import DoorConfig, DoorSettings
from gateway.door.short import ShortConnection
from gateway.door.tls import Tls

__all__ = ["Door", "DoorSettings", "open_sockets", "serve"]

# Out of descriptors or buffers: waiting is the only cure, and accepting at full speed would burn a core.
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_EXHAUSTED_PAUSE = 0.1  # seconds

_AT_ONCE = 32  # connections accepted in one turn: gateway processes share what comes, and none should take it all

_LEFT = {errno.ECONNABORTED, errno.EPROTO, errno.ENETDOWN, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETUNREACH}

_MAX_UNREAD = 64 * 1024  # bytes of a request that nobody will answer

_FULL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n"


def open_sockets(bind: str, backlog: int = 4096) -> list[socket.socket]:
    """Listen on ``host:port``, ``unix:PATH`` or an inherited ``fd://N``; raises ``OSError`` when that fails."""
    config = DoorConfig(DoorSettings(backlog=backlog))
    config.bind = [bind]
    sockets = config.create_sockets().insecure_sockets
    for sock in sockets:
        sock.listen(backlog)
    return sockets


async def serve(
    app: Callable[..., Any],
    *,
    bind: str | None = None,
    sockets: Sequence[socket.socket] | None = None,
    settings: DoorSettings = DoorSettings(),  # noqa: B008 - frozen
    shutdown: trio.Event,
    on_failure: Callable[[Exception], None] | None = None,
    tls: Tls | None = None,
    task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve an ASGI app until ``shutdown`` is set and the requests in flight are answered; then return.

    Give ``bind`` or listening ``sockets``, which are closed at the end. ``on_failure`` hears of each exception
    that escaped the app or a connection; none of them reaches the caller. ``tls``: the certificate, where somebody else
    watches it; otherwise the one of the settings is watched here. ``task_status`` reports the ``Door``.
    """
    if (bind is None) == (sockets is None):
        raise ValueError("give either bind or sockets")
    if sockets is None:
        assert bind is not None
        sockets = open_sockets(bind, settings.backlog)
    config = DoorConfig(settings)
    watched = tls is None
    tls = tls or Tls.of(settings)
    for sock in sockets:
        _bound_dead_peers(sock, settings)
        sock.setblocking(False)
    scheme = "http" if tls is None else "https"
    door = Door(
        app=app,
        settings=settings,
        config=config,
        context=WorkerContext(None),
        on_failure=on_failure,
        binds=tuple(f"{scheme}://{repr_socket_addr(sock.family, sock.getsockname())}" for sock in sockets),
    )
    hall = Hall(door)
    try:
        async with trio.open_nursery() as connections:
            try:
                connections.start_soon(hall.attend)
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(door.end_long_rests)
                    if tls is not None and watched:
                        accepting.start_soon(tls.watch)
                    for sock in sockets:
                        line = Line(door, sock, tls, connections, hall)
                        door.lookouts.append(line.look)
                        accepting.start_soon(line.attend)
                    task_status.started(door)
                    await shutdown.wait()
                    accepting.cancel_scope.cancel()
                door.lookouts.clear()
                for sock in sockets:
                    sock.close()
                await door.hear_newcomers()
                door.close_idle()
                with trio.move_on_after(settings.graceful_timeout):
                    await door.wait_empty()
            finally:
                connections.cancel_scope.cancel()
                door.abort()  # sends are shielded from their app's deadlines, so cancelling alone would wait for them
    finally:
        hall.close()
        for sock in sockets:
            sock.close()


class Line:
    """Who waits outside one listening socket: let in while there is room, else answered 503 and closed."""

    def __init__(self, door: Door, sock: socket.socket, tls: Tls | None, connections: trio.Nursery, hall: Hall) -> None:
        self._door = door
        self._sock = sock
        self._tls = tls
        self._connections = connections
        self._hall = hall

    async def attend(self) -> None:
        """Look whenever somebody comes, until cancelled."""
        while True:
            await trio.lowlevel.wait_readable(self._sock)
            # A socket that cannot accept must neither end the others nor spin.
            await trio.sleep(self.look())

    def look(self) -> float:
        """Take those who wait already, and say for how many seconds it is no use to look again.

        Those who cannot come in are told so, however many they are: who is not even accepted waits for nothing.
        """
        door, room = self._door, _AT_ONCE
        for _ in range(door.settings.backlog):
            full = door.open_connections >= door.settings.max_connections
            if not (full or room):
                return 0.0
            try:
                found, _address = self._sock.accept()
            except BlockingIOError:
                return 0.0
            except OSError as error:
                if error.errno in _LEFT:
                    continue
                door.fail(error)
                return _EXHAUSTED_PAUSE if error.errno in _EXHAUSTED else _EXHAUSTED_PAUSE / 10
            if full:
                door.refused += 1
                _refuse(found, plain=self._tls is None)
            else:
                room -= 1
                self._let_in(found)
        return 0.0

    def _let_in(self, found: socket.socket) -> None:
        door = self._door
        stream: Any = trio.SocketStream(trio.socket.from_stdlib_socket(found))
        if self._tls is not None:
            stream = trio.SSLStream(stream, self._tls.context, server_side=True, https_compatible=True)
        short = self._tls is None and door.settings.fast_path
        connection = ShortConnection(door, stream, self._hall) if short else Connection(door, stream)
        door.add(connection)
        self._connections.start_soon(_contain, door, connection)


async def _contain(door: Door, connection: Connection) -> None:
    """Run one connection; whatever it raises ends here."""
    try:
        await connection.run()
    except* Exception as failures:  # Cancelled goes on to the nursery, alone
        door.fail(failures.exceptions[0] if len(failures.exceptions) == 1 else failures)
    finally:
        door.discard(connection)


def _refuse(sock: socket.socket, *, plain: bool) -> None:
    """Answer 503 if the empty send buffer of a new socket takes it, and close; all at once, for there may be many.

    What has come is read first: a socket that is closed with unread bytes takes its answer back.
    """
    with suppress(OSError):
        sock.setblocking(False)
        if plain:
            with suppress(BlockingIOError):
                sock.recv(_MAX_UNREAD)
            sock.send(_FULL)
        sock.shutdown(socket.SHUT_WR)
    sock.close()


def _bound_dead_peers(sock: socket.socket, settings: DoorSettings) -> None:
    """Let the kernel give up on peers that vanished; accepted sockets inherit this from their listener."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere the bound on each send alone must do
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, int(settings.send_timeout * 1000)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
