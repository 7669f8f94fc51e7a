"""The short path: on a plain socket, plain requests pass h11 and Hypercorn by; one read and one write for each.

Knows the socket, the time and the order of things. What is plain is said in ``gateway.door.head`` and
``gateway.door.answer``; whatever is not goes the long way, that of ``gateway.door.connection``. A request whose head is
odd, or not here whole, goes it from its first byte. One whose answer turns out to be odd (a stream, a length that
nobody knows, a client that stopped in the middle of its body) goes it from there on, h11 being told of the request
after the fact. So what is rare or wrong is decided in one place, and both ways answer alike.
"""

from __future__ import annotations

import os
from typing import Any

import h11
import trio
from hypercorn.protocol.http_stream import ASGIHTTPState
from hypercorn.trio.tcp_server import MAX_RECV
from hypercorn.utils import UnexpectedMessageError

from gateway.door.answer import PlainAnswer, plain_answer
from gateway.door.connection import Connection, in_its_own_context
from gateway.door.door import Door
from gateway.door.head import Head, plain_head
from gateway.door.streams import HttpExchange, is_a_departure
from gateway.door.wire import FAILED, GONE


class ShortConnection(Connection):
    """A connection on a plain socket, whose requests go the short way as long as they are plain."""

    def __init__(self, door: Door, stream: trio.SocketStream) -> None:
        super().__init__(door, stream)
        self.held = b""  # what came behind the last request
        self.requests = 0
        self.since = 0.0  # when the present rest began
        self.long = False  # the present request goes the long way

    async def _exchange(self) -> bool:
        data = self.held
        if data:
            await trio.lowlevel.checkpoint()  # who sends ahead must leave the others their turns
        else:
            data = await self._rest()
            if not data:
                return False
            self.asked = True
        self.door.look_outside()
        head = plain_head(data, self.settings.max_head_bytes)
        if head is None:
            self.take_the_long_way(data)
            return self._back(await super()._exchange())
        exchange = Exchange(self, head, data)
        try:
            await in_its_own_context(self.door.app(exchange.scope(), exchange.receive, exchange.send))
        except Exception as error:
            if not is_a_departure(error):
                self.door.fail(error)
        if self.long:
            self.wire.settle()
            return self._back(await self.flush() and self.wire.next_cycle())
        answer, close = exchange.answer, exchange.close
        if answer is None:
            answer, close = FAILED, True
        if not self.broken and (left := self.send_now(answer)):
            await self.send_bounded(left)
        return not (close or self.broken)

    async def _rest(self) -> bytes:
        """Wait for a request to begin: without a scope or a deadline, for the door looks after those who rest."""
        door = self.door
        if door.stopping or self.ended:
            return b""
        self.since = trio.current_time()
        door.resting.add(self)
        try:
            return await self.read(self.settings.max_head_bytes)
        finally:
            door.resting.discard(self)

    def end_rest(self) -> None:
        """Let the rest end. A request of which anything has arrived by now is served all the same, and to its end."""
        trio.lowlevel.notify_closing(self.transport.socket)

    async def read(self, limit: int) -> bytes:
        """What the socket has, at most ``limit`` bytes; empty at the end. It waits first: there is nothing yet."""
        socket, over = self.transport.socket, False
        while True:
            try:
                await trio.lowlevel.wait_readable(socket)
            except trio.ClosedResourceError:  # nothing is closed: this is how a rest is ended
                over = True
            try:
                data = os.read(socket.fileno(), limit)
            except BlockingIOError:
                if not over:
                    continue
                data = b""
            except OSError:
                data = b""
            self.ended = not data
            return data

    def take_the_long_way(self, data: bytes) -> None:
        """Give h11 the bytes from the beginning of a request on."""
        self.long = True
        self.held = b""
        self.wire = self.new_wire()
        self.wire.keep_alive_requests = self.requests
        assert isinstance(self.wire.connection, h11.Connection)
        self.wire.connection.receive_data(data)

    def _back(self, on: bool) -> bool:
        """A request that went the long way is over: what h11 has left begins the next one."""
        if on:
            self.long = False
            self.held = bytes(self.wire.connection.trailing_data[0])
            self.requests = self.wire.keep_alive_requests
        return on


class Exchange:
    """One plain request between its app and its connection, until it is answered or takes the long way."""

    __slots__ = (
        "_connection",
        "_delivered",
        "_head",
        "_missing",
        "_plain",
        "_raw",
        "_start",
        "_stream",
        "answer",
        "close",
    )

    def __init__(self, connection: ShortConnection, head: Head, data: bytes) -> None:
        end = head.end + head.length
        connection.requests += 1
        connection.ahead = 0
        connection.held = data[end:]
        self._connection = connection
        self._head = head
        self._raw = data[:end]  # all of the request that is here
        self._missing = max(0, end - len(data))  # bytes of its body
        self._delivered = False  # the app has the body
        self._start: dict[str, Any] | None = None  # what began the answer, so far a plain one
        self._plain: PlainAnswer | None = None
        self._stream: HttpExchange | None = None  # the long way's part
        self.answer: bytes | None = None
        self.close = head.close  # no request after this one

    def scope(self) -> dict[str, Any]:
        """What ASGI says of a request."""
        head, connection = self._head, self._connection
        return {
            "type": "http",
            "http_version": "1.1",
            "asgi": {"spec_version": "2.1", "version": "3.0"},
            "method": head.method,
            "scheme": "http",
            "path": head.decoded_path,
            "raw_path": head.path,
            "query_string": head.query,
            "root_path": "",
            "headers": head.headers,
            "client": connection.client,
            "server": connection.server,
            "state": {},
            "extensions": {},
        }

    async def receive(self) -> dict[str, Any]:
        """The body whole, in one message; then, as soon as it is so, that the client is gone."""
        connection = self._connection
        while self._stream is None:
            if not self._missing and not self._delivered:
                self._delivered = True
                return {"type": "http.request", "body": self._raw[self._head.end :], "more_body": False}
            if connection.ended or connection.broken or self.answer is not None:
                return GONE
            await (self._read_body() if self._missing else self._await_departure())
        return await connection.receive_http()

    async def _read_body(self) -> None:
        connection, data = self._connection, None
        with trio.move_on_after(connection.settings.body_idle_timeout):
            data = await connection.read(min(self._missing, MAX_RECV))
        if data and self._stream is None:
            self._raw += data
            self._missing -= len(data)
            return
        await self._take_the_long_way()
        wire = connection.wire
        if data is None:
            await wire.refuse(408)
        else:
            await wire.take(data)

    async def _await_departure(self) -> None:
        connection = self._connection
        most = connection.settings.max_head_bytes
        data = await connection.read(most)
        if self._stream is not None:
            connection.keep(data)
            return
        connection.held += data
        connection.ahead += len(data)
        if connection.ahead > most:
            connection.ended = self.close = True

    async def send(self, message: dict[str, Any]) -> None:
        """Take a part of the answer. A plain one leaves when the app has returned, any other as the long way has it."""
        if self._stream is None and self._gather(message):
            return
        stream = await self._take_the_long_way()
        await stream.app_send(message)

    async def _take_the_long_way(self) -> HttpExchange:
        """The long way's exchange, told of all that has happened in this one."""
        if self._stream is None:
            connection = self._connection
            connection.requests -= 1  # it is counted again
            connection.take_the_long_way(self._raw + connection.held)
            wire = connection.wire
            request = wire.connection.next_event()
            assert type(request) is h11.Request, "h11 takes what is plain"
            await wire.open(request)
            assert isinstance(wire.stream, HttpExchange)
            self._stream = wire.stream
            if self._delivered:
                await wire.parse_body()
                wire.inbox.clear()
            if self._start is not None:
                await self._stream.app_send(self._start)
        return self._stream

    def _gather(self, message: dict[str, Any]) -> bool:
        """Whether the answer is plain so far; it is whole with its last part."""
        kind = message["type"]
        connection = self._connection
        if kind == "http.response.start" and self._start is None:
            self._plain = None if self._missing else plain_answer(message, self._head.method)
            if self._plain is not None:
                self._start = message
            return self._plain is not None
        if kind == "http.response.body" and self._plain is not None and self.answer is None:
            if message.get("more_body", False):
                return False
            settings = connection.settings
            self.close |= connection.door.stopping or connection.requests >= settings.keep_alive_max_requests
            body = message.get("body", b"")
            self.answer = self._plain.bytes_with(body, connection.door.config, close=self.close)
            return self.answer is not None
        state = (
            ASGIHTTPState.CLOSED if self.answer else ASGIHTTPState.RESPONSE if self._start else ASGIHTTPState.REQUEST
        )
        raise UnexpectedMessageError(state, kind)
