"""One request, or one WebSocket, between its app and its connection: Hypercorn's two state machines, mended.

Knows ASGI messages; no socket. What is mended: an app hears when its reader is gone, permessage-deflate is never
agreed on, a WebSocket's close code is the true one, and a broken frame is answered with its close code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Final, Protocol

from hypercorn.protocol.events import Data, Event, Request
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.protocol.ws_stream import ASGIWebsocketState, FrameTooLargeError, WSStream
from hypercorn.utils import UnexpectedMessageError
from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Message, Ping, TextMessage
from wsproto.frame_protocol import CloseReason

TEXTS: Final = "websocket.send.texts"
"""A message beside ASGI's own: its ``texts`` are messages in UTF-8, sent one after the other but in one piece.

What hundreds are told at once must cost each of them little: no decoding, no events, one call into the kernel, and no
turn of the scheduler while the peer reads. Whoever sends these has to leave the others their turns by itself.
"""


class Flush(Protocol):
    """Send what was gathered; False when the peer is gone. ``at_once``: what the kernel takes, without a turn."""

    def __call__(self, *, at_once: bool = False) -> Awaitable[bool]: ...


class PeerGone(OSError):
    """The client left, or stopped reading. An ``OSError``, as ASGI asks, so that Starlette ends the WebSocket."""


def is_a_departure(error: BaseException) -> bool:
    """Whether an app ended with nothing worse than its client leaving."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_a_departure(inner) for inner in error.exceptions)
    return isinstance(error, PeerGone | ClientDisconnect | WebSocketDisconnect)


class HttpExchange(HTTPStream):
    """One request and its answer. What the app sends in one piece leaves in one piece."""

    flush: Flush

    async def app_send(self, message: Any) -> None:
        more = message.get("more_body", False)
        if not self.closed:
            await super().app_send(message)
            if not more or await self.flush():
                return
        if more:  # the last piece has nobody left to tell, but a stream must learn that it talks to nobody
            raise PeerGone("the client is gone")

    @property
    def answered(self) -> bool:
        return self.state is ASGIHTTPState.CLOSED


class WebSocket(WSStream):
    """One WebSocket. ``app_send`` raises ``PeerGone`` once the peer has left."""

    flush: Flush
    code: int = CloseReason.ABNORMAL_CLOSURE

    async def handle(self, event: Event) -> None:
        await super().handle(event)
        if isinstance(event, Request):
            self.handshake.extensions = None  # a compressed message can be a bomb

    async def app_send(self, message: Any) -> None:
        if message is None:
            await super().app_send(None)
            return
        if not self.closed:
            together = message["type"] == TEXTS
            await (self._send_texts(message["texts"]) if together else super().app_send(message))
            if await self.flush(at_once=together):
                return
            self.closed = True
        raise PeerGone("the client is gone")

    async def _send_texts(self, texts: Sequence[bytes]) -> None:
        if self.state is not ASGIWebsocketState.CONNECTED:
            raise UnexpectedMessageError(self.state, TEXTS)
        if self.connection.state is ConnectionState.OPEN:  # behind a goodbye nothing may come
            pieces = [piece for text in texts for piece in (text_head(len(text)), text)]
            await self.send(Data(stream_id=self.stream_id, data=b"".join(pieces)))

    def disconnect(self) -> dict[str, Any]:
        """End it; the message that tells the app."""
        self.closed = True
        return {"type": "websocket.disconnect", "code": int(self.code), "reason": ""}

    async def _handle_events(self) -> None:
        assert self.app_put is not None
        for event in self.connection.events():
            if isinstance(event, Message):
                if self.state is ASGIWebsocketState.CLOSED:
                    continue  # we said goodbye: only the peer's own goodbye counts
                try:
                    self._gather(event)
                except FrameTooLargeError:
                    await self._end(CloseReason.MESSAGE_TOO_BIG, CloseConnection(code=CloseReason.MESSAGE_TOO_BIG))
                    return
                if event.message_finished:
                    await self.app_put(self.buffer.to_message())
                    self.buffer.clear()
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, CloseConnection):
                answer = event.response() if self.connection.state is ConnectionState.REMOTE_CLOSING else event
                await self._end(event.code, answer)
                return

    async def _end(self, code: int, answer: CloseConnection) -> None:
        """Say goodbye (wsproto refuses where it was said before) and tell the app why."""
        assert self.app_put is not None
        await self._send_wsproto_event(answer)
        self.code = code
        await self.app_put(self.disconnect())

    def _gather(self, event: Message[Any]) -> None:
        self.buffer.extend(event)
        if isinstance(event, TextMessage) and not event.data.isascii():
            # The limit is in bytes; Hypercorn counts characters.
            self.buffer.length += len(event.data.encode()) - len(event.data)
            if self.buffer.length > self.buffer.max_length:
                raise FrameTooLargeError


def text_head(length: int) -> bytes:
    """What stands before a whole text message of so many bytes (RFC 6455, 5.2); a server masks nothing."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")
