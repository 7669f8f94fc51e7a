"""Requests handed straight to the application, as a server would: ten thousand of them take seconds.

A client library would tidy up what is sent, and costs ten times as much as what is asked here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import trio
from starlette.types import ASGIApp

Headers = Sequence[tuple[str, str]]

SILENCE = 0.25
"""Seconds after which a stream that says nothing more has said all."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem document; nothing for any other answer."""
        if dict(self.headers).get(b"content-type") != b"application/problem+json":
            return ""
        return str(self.json["code"])

    @property
    def everything(self) -> bytes:
        """All that was said: headers and body."""
        return b"\n".join([b"%b: %b" % pair for pair in self.headers] + [self.body])


def scope_of(method: str, target: str, headers: Headers, kind: str = "http") -> dict[str, Any]:
    """A request's scope; ``target`` is the path with its query string, as it stands in a request line."""
    path, _, query = target.partition("?")
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        **({"method": method} if kind == "http" else {"subprotocols": []}),
        "scheme": "http" if kind == "http" else "ws",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode("ascii", "replace"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers],
        "client": ("10.0.0.7", 5000),
        "server": ("matron", 80),
        "state": {},
    }


async def ask(
    app: ASGIApp, method: str, target: str, *, headers: Headers = (), body: bytes | None = None, json_body: Any = ...,
    seconds: float = SILENCE,
) -> Answer:  # fmt: skip
    """One request. An answer that goes on (a stream) is heard until it has been silent for so many seconds."""
    if json_body is not ...:
        headers, body = [*headers, ("Content-Type", "application/json")], json.dumps(json_body).encode()
    pending = [{"type": "http.request", "body": body or b"", "more_body": False}]
    said: list[Any] = []
    gone, told = trio.Event(), trio.Event()

    async def receive() -> Any:
        if pending:
            return pending.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal told
        said.append(message)
        told.set()
        told = trio.Event()

    async def leave() -> None:
        """Once a stream says nothing more."""
        while True:
            waited = told
            with trio.move_on_after(seconds) as silence:
                await waited.wait()
            if silence.cancelled_caught and said:
                gone.set()
                return

    async with trio.open_nursery() as nursery:
        nursery.start_soon(leave)
        await app(scope_of(method, target, headers), receive, send)
        nursery.cancel_scope.cancel()
    return Answer(said[0]["status"], list(said[0]["headers"]), b"".join(each.get("body", b"") for each in said[1:]))


class Heard(NamedTuple):
    """What a WebSocket was told; ``refused``: the answer to its handshake, where that was no."""

    messages: list[Any]
    refused: Answer | None = None

    @property
    def results(self) -> dict[str, Any]:
        """The results of commands, by their ids."""
        found = [one for message in self.messages for one in message.get("results", [message])]
        return {one["id"]: one for one in found if isinstance(one.get("id"), str)}


async def talk(
    app: ASGIApp, target: str, said: Sequence[Any] = (), *, headers: Headers = (), seconds: float = SILENCE
) -> Heard:
    """Follow over a WebSocket, say all of this, each after the last one's result, and hear what comes until silence."""
    waiting = [{"type": "websocket.connect"}] + [
        {"type": "websocket.receive", "text": json.dumps(message)} for message in said
    ]
    frames: list[Any] = []
    told, gone = trio.Event(), trio.Event()
    turns = 0

    async def receive() -> Any:
        nonlocal turns
        while waiting and len(waiting) < len(said) and sum(map(results_in, frames)) < turns:
            await told.wait()
        if waiting:
            turns += len(waiting) <= len(said)
            return waiting.pop(0)
        await gone.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Any) -> None:
        nonlocal told
        frames.append(message)
        told.set()
        told = trio.Event()

    async def leave() -> None:
        while True:
            waited = told
            with trio.move_on_after(seconds) as silence:
                await waited.wait()
            if silence.cancelled_caught and not waiting:
                gone.set()
                return

    async with trio.open_nursery() as nursery:
        nursery.start_soon(leave)
        await app(scope_of("GET", target, headers, "websocket"), receive, send)
        nursery.cancel_scope.cancel()
    if frames and frames[0]["type"] == "websocket.http.response.start":
        body = b"".join(frame.get("body", b"") for frame in frames[1:])
        return Heard([], Answer(frames[0]["status"], list(frames[0]["headers"]), body))
    return Heard([json.loads(text) for frame in frames for text in texts_in(frame)])


def texts_in(frame: Any) -> list[bytes | str]:
    """The messages that were sent in one piece."""
    return [*frame.get("texts", ()), *([frame["text"]] if frame.get("text") is not None else [])]


def results_in(frame: Any) -> int:
    """How many of them are the results of what was said."""
    return sum(json.loads(text).get("type") in ("result", "results", "pong") for text in texts_in(frame))
