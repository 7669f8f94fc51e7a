"""A witness as an HTTP service: the one question of its protocol, and what it has seen for whoever wants to read it.

An ASGI app behind the front door of the gateway, which bounds connections, heads and times; the body is bounded here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import click
import trio

from engine.clock import SystemClock
from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.directory import LogDirectory
from gateway.audit.keys import file_signer
from gateway.audit.settings import AuditUnusable
from gateway.door.settings import DoorSettings
from gateway.keeping import keep_serving, stop_on_signal
from gateway.request_log import log_to_stderr
from gateway.server import open_sockets
from replay.calling import WELL, WrongCall
from replay.witnessing.witness import LARGEST, SEEN, Said, Trust, Witness

Message = MutableMapping[str, Any]

KEY_FILE: Final = "witness.key"
"""In the witness's folder; made at the first start."""

_CONNECTIONS: Final = 256
"""Open at once: a witness has few to talk to."""

PATIENCE: Final = 20.0
"""Seconds until a question must be here as a whole."""

_CHECKPOINT: Final = re.compile(r"/([0-9a-f]{64})/checkpoint")

log = logging.getLogger("matron.witness")


async def serve(
    bind: str, state: Path, name: str, logs: Sequence[str], certfile: str | None, keyfile: str | None
) -> int:
    """A witness on this address, over its folder, until it is told to end; the exit code."""
    log_to_stderr("info")
    settings = DoorSettings(max_connections=_CONNECTIONS, certfile=certfile, keyfile=keyfile)
    clock = SystemClock()
    folder = LogDirectory(state, (SEEN,), allow_any_filesystem=True)
    try:
        folder.claim()
    except Unavailable:
        raise WrongCall(f"Another witness works in {state}.") from None
    try:
        folder.sync()
        try:
            signer = file_signer(state / KEY_FILE, clock.entropy)
        except AuditUnusable as error:
            raise WrongCall(str(error)) from error
        found = Witness(name, signer, Trust(logs), state, lambda: clock.wall() // 1_000_000)
        try:
            sockets = open_sockets(bind, settings.backlog)
        except OSError as error:
            raise WrongCall(f"Cannot listen on {bind}: {error.strerror}") from error
        shutdown = trio.Event()
        async with trio.open_nursery() as around:
            around.start_soon(stop_on_signal, shutdown, around.cancel_scope)
            async with trio.open_nursery() as doors:
                door = await doors.start(keep_serving, Service(found), sockets, settings, shutdown)
                click.echo(f"Witness {name} listens on {' '.join(door.binds)}")
                click.echo(found.verifier.text())
            around.cancel_scope.cancel()
    finally:
        folder.release()
    return WELL


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
