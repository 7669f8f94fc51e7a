"""One client's connection: its reads, its writes and its requests, one after another, in one task.

Knows time and the socket. Bytes become messages in ``gateway.door.wire`` and ``gateway.door.streams``.

Hypercorn spawns a task and a channel for every request and reads ahead of the app. Here the app runs in the
connection's own task and a read happens when the app receives: no task to leak, backpressure for free, and nothing
that arrives at a wrong moment (behind an upgrade, behind ``Connection: close``) is looked at before its time.
"""

from __future__ import annotations

import math
import os
from collections.abc import Coroutine, Generator
from contextvars import copy_context
from functools import cached_property, partial
from types import coroutine
from typing import Any

import h11
import trio
from hypercorn.protocol.events import Data
from hypercorn.protocol.h11 import STREAM_ID
from hypercorn.trio.tcp_server import MAX_RECV, TCPServer
from hypercorn.utils import parse_socket_addr

from gateway.door.door import Door
from gateway.door.head import is_ambiguous
from gateway.door.streams import HttpExchange, WebSocket, is_a_departure
from gateway.door.wire import GONE, Address, Wire

_LOST = (trio.BrokenResourceError, trio.ClosedResourceError)


class Connection(TCPServer):
    """One accepted socket, plain or TLS. ``run`` serves it to its end; ``abort`` ends a send that hangs."""

    def __init__(self, door: Door, stream: Any) -> None:
        super().__init__(door.app, door.config, door.context, {}, stream)
        self.door = door
        self.settings = door.settings
        self.ssl = isinstance(stream, trio.SSLStream)
        self.transport: trio.SocketStream = stream.transport_stream if self.ssl else stream
        self.let_in = trio.current_time()
        self.asked = False  # a request has begun to come
        self.broken = False  # nothing more can be sent
        self.ended = False  # nothing more will be received
        self.ahead = 0  # bytes received behind the present request
        self.client: Address = None
        self.server: Address = None
        self.sending: trio.CancelScope | None = None

    async def run(self) -> None:
        try:
            if await self._establish():
                while await self._exchange():
                    pass
                await self._part()
        finally:
            self.leave()

    def leave(self) -> None:
        """Let the socket go."""
        self.transport.socket.close()

    def abort(self) -> None:
        self.broken = True
        if self.sending is not None:
            self.sending.cancel()

    async def _establish(self) -> bool:
        socket = self.transport.socket
        try:
            if self.ssl:
                with trio.fail_after(self.settings.tls_handshake_timeout):
                    await self.stream.do_handshake()
            self.client = parse_socket_addr(socket.family, socket.getpeername())
            self.server = parse_socket_addr(socket.family, socket.getsockname())
        except (*_LOST, trio.TooSlowError, OSError):
            return False
        return True

    @cached_property
    def wire(self) -> Wire:
        """The HTTP of this connection."""
        return self.new_wire()

    def new_wire(self) -> Wire:
        """HTTP that begins at the head of a request."""
        return Wire(self.door, ssl=self.ssl, client=self.client, server=self.server, flush=self.flush)

    async def _exchange(self) -> bool:
        """Serve one request; False when the connection is to end."""
        request = await self._next_request()
        if request is None:
            return False
        self.asked = True
        self.ahead = 0
        await self.wire.open(request)
        if self.wire.scope is not None:
            await self._run_app()
        return await self.flush() and self.wire.next_cycle()

    async def _next_request(self) -> h11.Request | None:
        """The next request's head; None at the end, be it the client's, the clock's or ours."""
        wire, connection = self.wire, self.wire.connection
        assert isinstance(connection, h11.Connection)
        started = bool(connection.trailing_data[0])
        patience = self.settings.header_timeout if started else self.settings.keep_alive_timeout
        parse = started
        with trio.move_on_after(patience) as scope:
            while True:
                if parse:
                    try:
                        if is_ambiguous(connection.trailing_data[0]):
                            raise h11.RemoteProtocolError("a head with two readings")
                        event = connection.next_event()
                    except h11.RemoteProtocolError as error:
                        if not self.ended:
                            await wire.refuse(error.error_status_hint)
                        await self.flush()
                        return None
                    if type(event) is h11.Request:
                        return event
                    if event is not h11.NEED_DATA:
                        return None
                data = await (self.receive_some(self.settings.max_head_bytes) if started else self._first_bytes(scope))
                if not started:
                    if not data:
                        return None
                    started = True
                    scope.deadline = trio.current_time() + self.settings.header_timeout
                connection.receive_data(data)
                parse = True
        if started:
            await wire.refuse(408)
            await self.flush()
        return None

    async def _first_bytes(self, scope: trio.CancelScope) -> bytes:
        """Wait for a request to begin: the one wait that may be ended at once when the door closes."""
        if self.door.stopping:
            return b""
        self.door.idle.add(scope)
        try:
            return await self.receive_some(self.settings.max_head_bytes)
        finally:
            self.door.idle.discard(scope)

    async def receive_some(self, limit: int = MAX_RECV) -> bytes:
        """What the socket has, at most ``limit`` bytes; empty at the end, however it came."""
        try:
            data = bytes(await self.stream.receive_some(limit))
        except _LOST:
            data = b""
        self.ended = not data
        return data

    async def _run_app(self) -> None:
        wire = self.wire
        stream = wire.stream
        assert stream is not None
        receive = self._receive_websocket if isinstance(stream, WebSocket) else self.receive_http
        try:
            await in_its_own_context(self.door.app(wire.scope, receive, stream.app_send))
        except Exception as error:
            if not is_a_departure(error):
                self.door.fail(error)
        if isinstance(stream, WebSocket):
            await stream.app_send(None)
        else:
            wire.settle()

    async def receive_http(self) -> dict[str, Any]:
        wire = self.wire
        stream = wire.stream
        assert isinstance(stream, HttpExchange)
        while not wire.inbox:
            if self.ended or self.broken or stream.closed or stream.answered:
                return GONE
            if wire.body_done:
                await self._await_departure()
                continue
            await wire.parse_body()
            if not wire.inbox:
                await self._read_body()
        return wire.inbox.popleft()

    async def _read_body(self) -> None:
        wire = self.wire
        await wire.invite_body()
        if wire.outgoing:
            await self.flush()
            wire.flushed = False  # a 100 is no part of the answer
        with trio.move_on_after(self.settings.body_idle_timeout) as scope:
            await wire.take(await self.receive_some())
        if scope.cancelled_caught:
            await wire.refuse(408)

    async def _await_departure(self) -> None:
        """Wait for a client that has sent all of its request to leave, keeping a little of what it sends next."""
        self.keep(await self.receive_some(self.settings.max_head_bytes))

    def keep(self, data: bytes) -> None:
        """Keep what a client sends behind a request whose app is not done with it; too much of it ends the client."""
        assert isinstance(self.wire.connection, h11.Connection)
        self.wire.connection.receive_data(data)
        self.ahead += len(data)
        if self.ahead > self.settings.max_head_bytes:
            self.ended = self.wire.closing = True

    async def _receive_websocket(self) -> dict[str, Any]:
        wire = self.wire
        stream = wire.stream
        assert isinstance(stream, WebSocket)
        while not wire.inbox:
            if stream.closed or self.broken:
                return stream.disconnect()
            accepted = stream.handshake.accepted
            if accepted and wire.early:
                data = bytes(wire.early)
                wire.early.clear()
            else:
                data = await self.receive_some()
                if not data:
                    return stream.disconnect()
                if not accepted:
                    wire.early += data
                    if len(wire.early) > MAX_RECV:
                        return stream.disconnect()
                    continue
            await stream.handle(Data(stream_id=STREAM_ID, data=data))
            await self.flush()
        return wire.inbox.popleft()

    async def flush(self, *, at_once: bool = False) -> bool:
        """Send what was gathered; False when the client is gone or did not read."""
        try:
            self.send_lock.acquire_nowait()  # acquire() would cost a turn of the scheduler
        except trio.WouldBlock:
            await self.send_lock.acquire()
        try:
            outgoing = self.wire.outgoing
            if outgoing and not self.broken:
                data = b"".join(outgoing)
                outgoing.clear()
                self.wire.flushed = True
                if at_once and not self.ssl:
                    data = self.send_now(data)
                if data:
                    await self.send_bounded(data)
            return not self.broken
        finally:
            self.send_lock.release()

    async def send_bounded(self, data: bytes) -> None:
        """Send, shielded from the app's deadlines (half a message would spoil the connection) but bounded by ours."""
        size = self.settings.send_piece
        pieces = (data,) if len(data) <= size else [data[i : i + size] for i in range(0, len(data), size)]
        try:
            for piece in pieces:
                with trio.CancelScope(shield=True, deadline=trio.current_time() + self.settings.send_timeout) as scope:
                    self.sending = scope
                    await self.stream.send_all(piece)
                if scope.cancelled_caught or self.broken:
                    self.broken = True
                    return
        except _LOST:
            self.broken = True
        finally:
            self.sending = None

    def send_now(self, data: bytes) -> bytes:
        """Send what the kernel takes at once; the rest is left to be waited for."""
        try:
            return data[os.write(self.transport.socket.fileno(), data) :]
        except BlockingIOError:
            return data
        except OSError:
            self.broken = True
            return b""

    async def _part(self) -> None:
        """Close so that the client can read our last answer: a socket closed with unread bytes resets it."""
        if self.broken or self.ended:
            return
        with trio.move_on_after(0 if self.door.stopping else self.settings.linger_timeout) as scope:
            self.door.idle.add(scope)
            try:
                await self.transport.send_eof()
                left: float = self.settings.linger_bytes
                while left > 0:
                    data = await self.transport.receive_some(MAX_RECV)
                    left -= len(data) or math.inf
            except _LOST:
                pass
            finally:
                self.door.idle.discard(scope)


@coroutine
def in_its_own_context(app: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    """Await an app so that the context variables it sets end with it, as they would in a task of its own.

    Without it one request's actor or log fields would show in the next one on the same connection.
    """
    run = copy_context().run
    resume: Any = partial(app.send, None)
    while True:
        try:
            trap = run(resume)
        except StopIteration:
            return
        try:
            value = yield trap
        except BaseException as error:
            resume = partial(app.throw, error)
        else:
            resume = partial(app.send, value)
