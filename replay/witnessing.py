"""A witness as an HTTP service: the one question of its protocol, and what it has seen for whoever wants to read it.

An ASGI app for the front door of the gateway, which bounds connections, heads and times; the body is bounded here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final

import trio

from engine.errors import LogCorrupt
from replay.witness import LARGEST, Said, Witness

Message = MutableMapping[str, Any]

PATIENCE: Final = 20.0
"""Seconds until a question must be here as a whole."""

_CHECKPOINT: Final = re.compile(r"/([0-9a-f]{64})/checkpoint")

log = logging.getLogger("matron.witness")


class Service:
    """``POST /add-checkpoint``; for auditors ``GET /`` and ``GET /<SHA-256 of the origin>/checkpoint``."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            return
        try:
            said = await self._answer(scope["method"], scope["path"], receive)
        except (OSError, LogCorrupt) as fault:
            log.error("what was seen cannot be read or written: %s", fault)
            said = Said(HTTPStatus.INTERNAL_SERVER_ERROR, b"the witness cannot remember now\n")
        if said is None:
            return
        headers = [
            (b"content-type", said.kind.encode()),
            (b"content-length", b"%d" % len(said.body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": said.status.value, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else said.body})

    async def _answer(self, method: str, path: str, receive: Callable[[], Awaitable[Message]]) -> Said | None:
        """``None`` when whoever asked has gone."""
        if path == "/add-checkpoint":
            if method != "POST":
                return Said(HTTPStatus.METHOD_NOT_ALLOWED, b"ask by POST\n")
            return await self._add(receive)
        if method not in ("GET", "HEAD"):
            return Said(HTTPStatus.METHOD_NOT_ALLOWED, b"there is nothing to POST here\n")
        if path == "/":
            notes = await trio.to_thread.run_sync(self._witness.all)
            told = [f"{self._witness.verifier.text()}\n\n", *(_line(*note.head()[:2]) for note in notes)]
            return Said(HTTPStatus.OK, "".join(told).encode())
        found = _CHECKPOINT.fullmatch(path)
        note = await trio.to_thread.run_sync(self._witness.newest_by_hash, found[1]) if found else None
        if note is None:
            return Said(HTTPStatus.NOT_FOUND, b"there is nothing here\n")
        return Said(HTTPStatus.OK, note.bytes())

    async def _add(self, receive: Callable[[], Awaitable[Message]]) -> Said | None:
        question, more = bytearray(), True
        with trio.move_on_after(PATIENCE):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                question += message.get("body", b"")
                more = message.get("more_body", False)
                if len(question) > LARGEST:
                    return Said(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"no checkpoint is so long\n")
        if more:
            return Said(HTTPStatus.REQUEST_TIMEOUT, b"the question did not come to its end\n")
        return await self._witness.add_checkpoint(bytes(question))


def _line(origin: str, size: int) -> str:
    return f"{size} {origin}\n"
