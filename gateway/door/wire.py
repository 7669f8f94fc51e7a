"""HTTP/1.1 of one connection, from bytes to bytes: Hypercorn's h11 protocol without its tasks.

Knows the protocol and which requests are refused before any app sees them. Does no I/O: what came in is parsed when
it is asked for, what goes out is gathered in ``outgoing`` so that head and body leave in one piece.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

import h11
from hypercorn.events import Event, RawData
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Request, Response, StreamClosed
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.typing import ConnectionState, TaskGroup

from gateway.door.chunks import Chunks
from gateway.door.door import Door
from gateway.door.streams import Flush, HttpExchange, WebSocket

Address = tuple[str, int] | None

GONE = {"type": "http.disconnect"}
FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def origin_form(target: bytes) -> bytes:
    """The path and query of a request target, also of one that names scheme and host, as a proxy's does."""
    if target[:1] == b"/":
        return target
    scheme, found, rest = target.partition(b"://")
    if not found or scheme.lower() not in (b"http", b"https"):
        return target
    slash = rest.find(b"/")
    return rest[slash:] if slash >= 0 else b"/"


class Wire(H11Protocol):
    """One connection's HTTP/1.1. It stands in for Hypercorn's task group too: an app is noted, not spawned."""

    stream: HttpExchange | WebSocket | None

    def __init__(self, door: Door, *, ssl: bool, client: Address, server: Address, flush: Flush) -> None:
        super().__init__(
            door.app,
            door.config,
            door.context,
            cast(TaskGroup, self),
            ConnectionState({}),
            ssl,
            client,
            server,
            self._gather,
        )
        self.door = door
        self.flush = flush
        self.outgoing: list[bytes] = []
        self.inbox: deque[dict[str, Any]] = deque()  # what the app receives next
        self.scope: Any = None  # of the app to run now; None when the request was answered here
        self.body_done = False
        self.flushed = False  # part of the present answer has left
        self.closing = False  # no request after this one
        self.chunks: Chunks | None = None  # the frame of the present body, where it comes in chunks
        self.early = bytearray()  # bytes behind a WebSocket upgrade that is not accepted yet

    async def spawn_app(self, app: Any, config: Any, scope: Any, send: Any) -> Callable[[Any], Awaitable[None]]:
        self.scope = scope
        return self._put

    async def _put(self, message: dict[str, Any]) -> None:
        self.inbox.append(message)

    async def _gather(self, event: Event) -> None:
        if type(event) is RawData:
            self.outgoing.append(event.data)

    async def open(self, request: h11.Request) -> None:
        """Begin the exchange that a request asks for, or answer it here (``closing``, and no ``scope``)."""
        self.body_done = self.flushed = False
        self.scope = self.chunks = None
        self.inbox.clear()
        upgrade, tokens, framings = b"", [], set()
        for name, value in request.headers:
            if name == b"upgrade":
                upgrade = value.lower().strip()
            elif name == b"connection":
                tokens += [token.strip() for token in value.lower().split(b",")]
            elif name == b"content-length" or name == b"transfer-encoding":
                framings.add(name)
        if request.http_version not in (b"1.1", b"1.0"):
            await self.refuse(505)  # an HTTP/2 preface ends here
        elif request.method == b"CONNECT":
            await self.refuse(405)  # h11 would switch protocols on a 2xx
        elif request.method != request.method.upper():
            await self.refuse(405)  # methods have their case: Hypercorn takes ``head`` for HEAD, h11 does not
        elif len(framings) == 2 or (b"transfer-encoding" in framings and request.http_version == b"1.0"):
            await self.refuse(400)  # two lengths are how requests are smuggled past a proxy, and 1.0 knows no chunks
        elif b"transfer-encoding" in framings and not self._begin_chunks():
            await self.refuse(400)
        elif upgrade == b"websocket" and b"upgrade" in tokens and request.method == b"GET":
            await self._open_websocket(request)
        else:  # any other upgrade, h2c above all, is ignored, as HTTP allows
            await self._begin(HttpExchange, request)

    def _begin_chunks(self) -> bool:
        self.chunks = Chunks()
        return self.chunks.follow(self.connection.trailing_data[0])

    async def take(self, data: bytes) -> None:
        """Take in a piece of the body."""
        assert isinstance(self.connection, h11.Connection)
        if self.chunks is not None and not self.chunks.follow(data):
            self.inbox.append(GONE)
            await self.refuse(400)
            return
        self.connection.receive_data(data)
        await self.parse_body()

    async def _open_websocket(self, request: h11.Request) -> None:
        assert isinstance(self.connection, h11.Connection)
        self.closing = True
        if type(self.connection.next_event()) is not h11.EndOfMessage:
            await self.refuse(400)  # an upgrade has no body
            return
        switched = H11WSConnection(self.connection)
        self.early = switched.buffer
        self.connection = switched
        try:
            await self._begin(WebSocket, request)
        except UnicodeDecodeError:  # Hypercorn takes every Sec-WebSocket header for ASCII
            await self.refuse(400)

    async def _begin(self, kind: type[HttpExchange] | type[WebSocket], request: h11.Request) -> None:
        stream = kind(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        stream.flush = self.flush
        self.stream = stream
        self.keep_alive_requests += 1
        await stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=list(request.headers),
                http_version=request.http_version.decode("ascii"),
                method=request.method.decode("ascii").upper(),
                raw_path=origin_form(request.target),
                state=self.connection_state,
            )
        )

    async def refuse(self, status: int) -> None:
        """Answer with a bare status if nothing was answered yet; take no further request."""
        self.closing = True
        if isinstance(self.stream, HttpExchange):
            self.stream.closed = True
        # An upgraded connection shows no state; it is refused before it is accepted or not at all.
        if self.connection.our_state in (h11.IDLE, h11.SEND_RESPONSE, None):
            await self._send_error_response(status)

    async def stream_send(self, event: StreamEvent) -> None:
        kind = type(event)
        if kind is StreamClosed:
            return  # the connection decides what comes next, when the app has returned
        if isinstance(event, Response) and event.status_code >= 200:
            if not self.body_done and isinstance(self.stream, HttpExchange):
                await self.parse_body()  # what is here already need not cost the connection
                self.closing = self.closing or not self.body_done
            if self.closing or self.door.stopping:
                self.closing = True
                event.headers.append((b"connection", b"close"))
        await super().stream_send(event)

    async def parse_body(self) -> None:
        """Put what has arrived of the body into the inbox."""
        pieces: list[bytes] = []
        try:
            while True:
                event = self.connection.next_event()
                kind = type(event)
                if kind is h11.Data:
                    pieces.append(bytes(cast(h11.Data, event).data))
                elif kind is h11.EndOfMessage:
                    self.body_done = True
                    break
                else:
                    break
        except h11.RemoteProtocolError as error:
            self.inbox.append(GONE)
            await self.refuse(error.error_status_hint)
            return
        if pieces or self.body_done:
            self.inbox.append({"type": "http.request", "body": b"".join(pieces), "more_body": not self.body_done})

    async def invite_body(self) -> None:
        """Send ``100 Continue`` to a client that waits for it, now that the app asks for the body."""
        if self.connection.they_are_waiting_for_100_continue:
            await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=[]))

    def settle(self) -> None:
        """The app has returned: an answer that is not whole and of which nothing left becomes a 500."""
        assert isinstance(self.stream, HttpExchange)
        if self.stream.closed or self.stream.answered:
            return
        self.closing = True
        if not self.flushed:
            self.outgoing[:] = [FAILED]

    def next_cycle(self) -> bool:
        """Make ready for another request; False when there can be none."""
        self.stream = None
        if self.closing or self.connection.our_state is not h11.DONE or self.connection.their_state is not h11.DONE:
            return False
        self.connection.start_next_cycle()
        return True
