"""An app asked as the front door asks it, without a socket: at once where it takes that, else as ASGI. No test here."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import trio


class AskedAtOnce:
    """One request that an app may take at once; ``done`` when it is answered."""

    def __init__(self) -> None:
        self.done = trio.Event()
        self.answers: list[tuple[int, list[tuple[bytes, bytes]], bytes]] = []
        self.errors: list[Exception] = []
        self.work: Callable[[], Coroutine[Any, Any, None]] | None = None
        self.withdraw: Callable[[], None] = lambda: None

    def answer(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.answers.append((status, headers, body))
        self.done.set()

    def fail(self, error: Exception) -> None:
        self.errors.append(error)
        self.done.set()

    def may_withdraw(self, withdraw: Callable[[], None]) -> None:
        self.withdraw = withdraw

    def in_task(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.work = work

    async def answered(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """The one answer."""
        if self.work is not None:
            await self.work()
        await self.done.wait()
        if self.errors:
            raise self.errors[0]
        [answer] = self.answers
        return answer


class AsTheDoor:
    """Stands for the app; ``taken`` counts what it took at once."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.taken = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        asker = AskedAtOnce()
        if self.app.at_once(scope, body, asker):
            self.taken += 1
            try:
                status, headers, body = await asker.answered()
            except trio.Cancelled:
                asker.withdraw()
                raise
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        left = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Any:
            return left.pop() if left else await receive()

        await self.app(scope, again, send)
