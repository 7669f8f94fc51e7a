"""The stream as Server-Sent Events: one request whose answer goes on. The same frames, and nothing comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio
from starlette.types import Send

from engine.subscription import Frame
from gateway.access.covers import NO_PAGE
from gateway.call import Call
from gateway.engine import Subscription
from gateway.streaming.asked import RECHECK

RETRY: Final = 2_000
"""Milliseconds after which a browser that was cut off asks again."""

HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    *NO_PAGE,
]


class EventStream:
    """One answer that goes on. ``known`` says whether its caller still is one."""

    def __init__(self, subscription: Subscription, call: Call, send: Send, known: Callable[[], bool]) -> None:
        self._subscription = subscription
        self._call = call
        self._send = send
        self._known = known

    async def run(self) -> None:
        """Until the client goes, or is let go."""
        headers = [*HEADERS, (b"x-request-id", self._call.request_id.encode("ascii"))]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._put(b"retry: %d\n\n" % RETRY)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._notice_departure, nursery.cancel_scope)
            await self._speak()
            await self._put(b"", more=False)
            nursery.cancel_scope.cancel()

    async def _speak(self) -> None:
        checked = trio.current_time()
        while True:
            frames = await self._subscription.receive()
            now = trio.current_time()
            if now - checked >= RECHECK:
                checked = now
                if not self._known():
                    return
            await self._put(b"".join(map(event, frames)))
            if frames[-1].code:
                return

    async def _put(self, data: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def _notice_departure(self, scope: trio.CancelScope) -> None:
        while (await self._call.receive())["type"] != "http.disconnect":
            pass
        scope.cancel()


def event(frame: Frame) -> bytes:
    """A frame as an event; its id is what a browser asks to go on from, so only a whole one has one."""
    id = b"id: %d\n" % frame.seq if frame.whole and not frame.code else b""
    return b"%bevent: %b\ndata: %b\n\n" % (id, frame.kind.encode(), frame.data)
