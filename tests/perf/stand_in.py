"""A server that answers bookings as one wants it to: at once, late, or not at all. It keeps no log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count

import trio

Before = Callable[[int], Awaitable[bool]]
"""Called before each answer, with its number; ``False``: close the connection instead."""


async def at_once(number: int) -> bool:
    return True


class StandIn:
    """``port``: where it serves. ``asked``: how many requests it has read."""

    def __init__(self, port: int, everything: trio.CancelScope) -> None:
        self.port = port
        self.asked = 0
        self._everything = everything

    def stop(self) -> None:
        """Close it, and every connection."""
        self._everything.cancel()


@asynccontextmanager
async def stand_in(before: Before = at_once, status: str = "201 Created") -> AsyncIterator[StandIn]:
    numbers = count(1)

    async def serve(stream: trio.SocketStream) -> None:
        got = b""
        async for piece in stream:
            got += piece
            while (end := got.find(b"\r\n\r\n")) >= 0:
                head = got[:end].lower()
                at = head.find(b"content-length: ")
                length = int(head[at + 16 :].split(b"\r\n")[0]) if at >= 0 else 0
                if len(got) < end + 4 + length:
                    break
                got = got[end + 4 + length :]
                number = next(numbers)
                made.asked = number
                if not await before(number):
                    return
                body = b'{"id":"%08d"}' % number
                head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nEvent-Sequence: %d\r\n\r\n"
                await stream.send_all(head % (status.encode(), len(body), number) + body)

    async with trio.open_nursery() as nursery:
        everything = trio.CancelScope()

        async def all_of_it(task_status: trio.TaskStatus[list[trio.SocketListener]]) -> None:
            with everything:
                await trio.serve_tcp(serve_well(serve), 0, host="127.0.0.1", task_status=task_status)

        [listener] = await nursery.start(all_of_it)
        made = StandIn(listener.socket.getsockname()[1], everything)
        yield made
        nursery.cancel_scope.cancel()


def serve_well(serve: Callable[[trio.SocketStream], Awaitable[None]]) -> Callable[[trio.SocketStream], Awaitable[None]]:
    """A client that goes while it is answered is no fault of the server."""

    async def served(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):
            await serve(stream)

    return served
