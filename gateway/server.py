"""The front door: listening sockets, the accept loop, containment of each connection, and stopping.

Knows sockets, limits and how to end; the life of one connection is in ``gateway.door.connection``. Knows no
route, no rule and no engine, and does no work in an ASGI lifespan.

Hypercorn's own server loop is not used: there, one connection's failure raises into the nursery of all.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import trio
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.utils import repr_socket_addr

from gateway.door.connection import Connection
from gateway.door.door import Door
from gateway.door.settings import DoorConfig, DoorSettings
from gateway.door.short import ShortConnection

__all__ = ["Door", "DoorSettings", "open_sockets", "serve"]

# Out of descriptors or buffers: waiting is the only cure, and accepting at full speed would burn a core.
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_EXHAUSTED_PAUSE = 0.1  # seconds

_AT_ONCE = 32  # connections accepted in one turn: gateway processes share what comes, and none should take it all

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
    task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve an ASGI app until ``shutdown`` is set and the requests in flight are answered; then return.

    Give ``bind`` or listening ``sockets``, which are closed at the end. ``on_failure`` hears of each exception
    that escaped the app or a connection; none of them reaches the caller. ``task_status`` reports the ``Door``.
    """
    if (bind is None) == (sockets is None):
        raise ValueError("give either bind or sockets")
    if sockets is None:
        assert bind is not None
        sockets = open_sockets(bind, settings.backlog)
    config = DoorConfig(settings)
    tls = config.create_ssl_context()
    for sock in sockets:
        _bound_dead_peers(sock, settings)
    scheme = "http" if tls is None else "https"
    door = Door(
        app=app,
        settings=settings,
        config=config,
        context=WorkerContext(None),
        on_failure=on_failure,
        binds=tuple(f"{scheme}://{repr_socket_addr(sock.family, sock.getsockname())}" for sock in sockets),
    )
    listeners = [trio.SocketListener(trio.socket.from_stdlib_socket(sock)) for sock in sockets]
    try:
        async with trio.open_nursery() as connections:
            try:
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(door.end_long_rests)
                    for sock, listener in zip(sockets, listeners, strict=True):
                        accepting.start_soon(_accept, door, sock, listener, tls, connections)
                    task_status.started(door)
                    await shutdown.wait()
                    accepting.cancel_scope.cancel()
                for listener in listeners:
                    await listener.aclose()
                await door.hear_newcomers()
                door.close_idle()
                with trio.move_on_after(settings.graceful_timeout):
                    await door.wait_empty()
            finally:
                connections.cancel_scope.cancel()
                door.abort()  # sends are shielded from their app's deadlines, so cancelling alone would wait for them
    finally:
        for listener in listeners:
            listener.socket.close()


async def _accept(
    door: Door, sock: socket.socket, listener: trio.SocketListener, tls: Any, connections: trio.Nursery
) -> None:
    while True:
        try:
            first = await listener.accept()
        except OSError as error:
            door.fail(error)
            # A listener that cannot accept must neither end the others nor spin.
            await trio.sleep(_EXHAUSTED_PAUSE if error.errno in _EXHAUSTED else _EXHAUSTED_PAUSE / 10)
            continue
        for accepted in (first, *waiting(sock)):
            stream: Any = accepted
            if door.open_connections >= door.settings.max_connections:
                door.refused += 1
                _refuse(stream, plain=tls is None)
                continue
            if tls is not None:
                stream = trio.SSLStream(stream, tls, server_side=True, https_compatible=True)
            short = tls is None and door.settings.fast_path
            connection = ShortConnection(door, stream) if short else Connection(door, stream)
            door.add(connection)
            connections.start_soon(_contain, door, connection)


def waiting(sock: socket.socket) -> Iterator[trio.SocketStream]:
    """Others that wait already. With one a turn, the kernel's line overflows while the turns are long."""
    for _ in range(_AT_ONCE):
        try:
            found, _address = sock.accept()
        except OSError:  # nobody, or nothing left to hold one: the next turn says which
            return
        yield trio.SocketStream(trio.socket.from_stdlib_socket(found))


async def _contain(door: Door, connection: Connection) -> None:
    """Run one connection; whatever it raises ends here."""
    try:
        await connection.run()
    except* Exception as failures:  # Cancelled goes on to the nursery, alone
        door.fail(failures.exceptions[0] if len(failures.exceptions) == 1 else failures)
    finally:
        door.discard(connection)


def _refuse(stream: trio.SocketStream, *, plain: bool) -> None:
    """Answer 503 if the empty send buffer of a new socket takes it, and close; all at once, for there may be many.

    What has come is read first: a socket that is closed with unread bytes takes its answer back.
    """
    sock = stream.socket
    with suppress(OSError):
        if plain:
            with suppress(BlockingIOError):
                os.read(sock.fileno(), _MAX_UNREAD)
            os.write(sock.fileno(), _FULL)
        sock.shutdown(trio.socket.SHUT_WR)
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
