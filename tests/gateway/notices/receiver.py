"""Somebody outside who takes webhooks: a real server on loopback that answers as a test likes."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

import h11
import msgspec
import trio


class Taken(NamedTuple):
    """One request: its id, its body's parts, and the status that it was answered with."""

    id: str
    type: str
    data: dict[str, Any]
    status: int
    headers: dict[str, str]
    body: bytes


class Receiver:
    """``answer`` chooses the status of each request, 0 for none at all; ``taken`` are those with 2xx."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], int] = lambda id, body: 204) -> None:
        self.answer = answer
        self.asked: list[Taken] = []
        self.connections = 0
        self.port = 0
        self.extra: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?token=x"

    @property
    def taken(self) -> list[Taken]:
        """What it said yes to, in order."""
        return [one for one in self.asked if 200 <= one.status < 300]

    async def serve(self, stream: Any) -> None:
        """One connection."""
        self.connections += 1
        http = h11.Connection(h11.SERVER)
        body = b""
        head: Any = None
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await stream.receive_some(65_536))
            elif type(event) is h11.Request:
                head, body = event, b""
            elif type(event) is h11.Data:
                body += bytes(event.data)
            elif type(event) is h11.EndOfMessage:
                await self._respond(http, stream, head, body)
                if http.our_state is h11.MUST_CLOSE:
                    return
                http.start_next_cycle()
            else:
                return

    async def _respond(self, http: h11.Connection, stream: Any, head: h11.Request, body: bytes) -> None:
        headers = {name.decode(): value.decode() for name, value in head.headers}
        said = msgspec.json.decode(body)
        message_id = headers["webhook-id"]
        status = self.answer(message_id, said)
        self.asked.append(Taken(message_id, said["type"], said["data"], status, headers, body))
        if status == 0:
            await trio.sleep_forever()
        answer = [http.send(h11.Response(status_code=status, headers=[("content-length", "0"), *self.extra]))]
        answer.append(http.send(h11.EndOfMessage()))
        await stream.send_all(b"".join(piece for piece in answer if piece))


def is_signed(taken: Taken, secret: str) -> bool:
    """Whether one of the signatures is made with this secret: an implementation of its own."""
    key = b64decode(secret.removeprefix("whsec_"))
    text = f"{taken.headers['webhook-id']}.{taken.headers['webhook-timestamp']}.".encode() + taken.body
    wanted = hmac.new(key, text, hashlib.sha256).digest()
    return any(
        version == "v1" and hmac.compare_digest(b64decode(value), wanted)
        for version, _, value in (one.partition(",") for one in taken.headers["webhook-signature"].split(" "))
    )


@asynccontextmanager
async def receiving(receiver: Receiver, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """It listens while the block lasts; on the same port each time."""

    async def contained(stream: Any) -> None:
        if tls is not None:
            stream = trio.SSLStream(stream, tls, server_side=True, https_compatible=True)
        try:
            await receiver.serve(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError, h11.LocalProtocolError):
            pass
        finally:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, contained, receiver.port, host="127.0.0.1"))
        receiver.port = listeners[0].socket.getsockname()[1]
        yield receiver
        nursery.cancel_scope.cancel()
