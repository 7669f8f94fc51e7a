"""The short path: on a plain socket, plain requests pass h11 and Hypercorn by; one read and one write for each.

Knows the socket, the time and the order of things. What is plain is said in ``gateway.door.head`` and
``gateway.door.answer``; whatever is not goes the long way, that of ``gateway.door.connection``. A request whose head is
odd, or not here whole, goes it from its first byte. One whose answer turns out to be odd (a stream, a length that
nobody knows, a client that stopped in the middle of its body) goes it from there on, h11 being told of the request
after the fact. So what is rare or wrong is decided in one place, and both ways answer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import h11
import trio
from hypercorn.protocol.http_stream import ASGIHTTPState
from hypercorn.trio.tcp_server import MAX_RECV
from hypercorn.utils import UnexpectedMessageError

from gateway.door.answer import PlainAnswer, plain_answer, plain_start
from gateway.door.connection import in_its_own_context
from gateway.door.door import Door
from gateway.door.hall import Hall
from gateway.door.head import Head, Headers, plain_head
from gateway.door.resting import RestingConnection
from gateway.door.streams import HttpExchange, is_a_departure
from gateway.door.wire import FAILED, GONE

Answer = tuple[int, Headers, bytes]


class ShortConnection(RestingConnection):
    """A connection on a plain socket, whose requests go the short way as long as they are plain."""

    def __init__(self, door: Door, stream: trio.SocketStream, hall: Hall) -> None:
        super().__init__(door, stream, hall)
        self.head: Head | None = None  # of the present request, where it is plain
        self.held = b""  # what came behind the last request
        self.requests = 0
        self.long = False  # the present request goes the long way
        self.taken: bytes | None = None  # a request that the app has taken at once, and not answered yet
        self.withdraw: Callable[[], None] | None = None  # that request
        self.work: Callable[[], Coroutine[Any, Any, None]] | None = None  # for that request, in the task
        self.odd: Answer | None = None  # an answer that goes the long way
        self.left = b""  # of the last answer, not sent yet
        self.closing = False  # no request after the last one

    def leave(self) -> None:
        self.broken = True
        if self.withdraw is not None:
            self.withdraw()
        super().leave()

    async def _exchange(self) -> bool:
        data = await self._wanted()
        if not data:
            return False
        head, odd, self.odd = self.head, self.odd, None
        if head is None:
            self.take_the_long_way(data)
            return self._back(await super()._exchange())
        exchange = Exchange(self, head, data)
        if odd is None:
            app = self.door.app(plain_scope(self, head), exchange.receive, exchange.send)
        else:
            app = exchange.say(*odd)
        try:
            await in_its_own_context(app)
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

    # -- requests that come and go while the task sleeps ----------------------------------------------------

    async def _wanted(self) -> bytes:
        """Sleep until there is a request for this task, whose head is ``head`` then; empty: there will be none."""
        while True:
            if self.left:
                left, self.left = self.left, b""
                await self.send_bounded(left)
            elif self.broken or self.closing:
                return b""
            elif self.work is not None:
                work, self.work = self.work, None
                await in_its_own_context(work())
            elif self.taken is not None:
                await self._sleep()
            elif self.come is not None:
                come, self.come = self.come, None
                return come
            elif self.held:
                await trio.lowlevel.checkpoint()  # who sends ahead must leave the others their turns
                data = self.held
                if not self._take(data):
                    return data
            elif self.ended:
                return b""
            elif self.door.stopping or self.parting:
                data = self._last_words()
                if not data or not self._take(data):
                    return data
            else:
                self._rest()
                await self._sleep()

    def _take(self, data: bytes) -> bool:
        """Whether the app has taken the request that ``data`` begins with; otherwise it is for the task."""
        self.asked = True
        head = self.head = plain_head(data, self.settings.max_head_bytes)
        at_once = self.door.at_once
        if head is None or at_once is None or (end := head.end + head.length) > len(data):
            return False
        self.taken, self.held = data, data[end:]
        self.requests += 1
        try:
            if at_once(plain_scope(self, head), data[head.end : end], self):
                return True
        except Exception as error:
            self.fail(error)
            return True
        self.requests -= 1
        self.taken = None
        return False

    def may_withdraw(self, withdraw: Callable[[], None]) -> None:
        """What to call when nobody will hear the answer any more."""
        if self.taken is not None:
            self.withdraw = withdraw

    def in_task(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have the rest of the present request done in the task; it ends with ``answer``."""
        self.work = work
        self._wake()

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send the answer to the present request, and rest; what takes longer is for the task."""
        if self.taken is None or self.broken:
            return
        try:
            head = self.head
            assert head is not None
            plain = plain_answer(status, headers, head.method)
            close = head.close or self.door.stopping or self.requests >= self.settings.keep_alive_max_requests
            answer = None if plain is None else plain.bytes_with(body, self.door.config, close=close)
            if answer is None:
                self.requests -= 1  # it is counted again
                self.come, self.odd = self.taken, (status, headers, body)
                self._over()
                self._wake()
            else:
                self._finish(answer, close)
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Answer that something has failed, and end after that."""
        self.door.fail(error)
        if self.taken is not None:
            self._finish(FAILED, close=True)

    def _finish(self, answer: bytes, close: bool) -> None:
        self._over()
        self.left = self.send_now(answer)
        self.closing = close
        if self.left or close or self.broken or self.held:
            self._wake()
        elif self.asleep is not None:
            self._rest()

    def _over(self) -> None:
        """The request that was taken is no longer with the app."""
        self.taken = self.withdraw = self.work = None

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

    async def say(self, status: int, headers: Headers, body: bytes) -> None:
        """Send this answer, as an app would."""
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

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
            self._plain = None if self._missing else plain_start(message, self._head.method)
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


def plain_scope(connection: ShortConnection, head: Head) -> dict[str, Any]:
    """What ASGI says of a request."""
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
