"""How many bytes a stream has sent: counted on their way out, without a turn of their own."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.types import Message, Send

from gateway.door.streams import TEXTS


class Counted:
    """Sends what it is given; ``bytes`` are those of bodies and of messages, as the client reads them."""

    def __init__(self, send: Send) -> None:
        self.bytes = 0
        self._send = send

    def __call__(self, message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind == TEXTS:
            self.bytes += sum(map(len, message["texts"]))
        elif kind.endswith(".body"):
            self.bytes += len(message.get("body", b""))
        elif kind == "websocket.send":
            self.bytes += len((message.get("text") or "").encode())
        return self._send(message)
