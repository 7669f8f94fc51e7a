"""A closed-loop sender of many commands over one connection, in a process of its own, parsing as little as it may.

Batches go one after the other; frames of a WebSocket while so many commands are on their way. ``python -m perf.bulk``
reads a ``Bulk`` as JSON from standard input and prints what ``Answered`` says.
"""

from __future__ import annotations

import gc
import re
import socket
import sys
from collections import Counter, deque
from collections.abc import Iterator
from time import perf_counter, process_time
from typing import Any, Final

import click
import msgspec
import trio

from perf.figures import Incorrect, percentile

_PATIENCE: Final = 30.0
"""Seconds that an answer is waited for."""

_UPGRADE: Final = (
    b"GET /api/v1/stream?topics=alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RESULT: Final = re.compile(rb'"status":\d')
"""In each result once: the states of what is told in it are words."""

_UNMASKED: Final = bytes(4)
"""A mask that changes nothing: what it costs to undo it is the server's, what it costs to make it nobody's."""


class Bulk(msgspec.Struct, frozen=True):
    """``messages`` in JSON, each with the count of its commands: batches where ``in_flight`` is 0, else frames."""

    port: int
    messages: list[tuple[str, int]]
    in_flight: int = 0


class Answered(msgspec.Struct, frozen=True):
    """``statuses`` are counts of results; ``ids``: how many different things they told of; waits of a message in ms.

    ``busy``: seconds of the sender's own processor time.
    """

    seconds: float
    statuses: dict[int, int]
    ids: int
    p50: float
    p99: float
    busy: float

    @property
    def rate(self) -> float:
        """Results per second."""
        return sum(self.statuses.values()) / self.seconds


async def send_bulk(bulk: Bulk) -> Answered:
    """Have a child process send these."""
    done = await trio.run_process(
        [sys.executable, "-m", "perf.bulk"], stdin=msgspec.json.encode(bulk), capture_stdout=True
    )
    return msgspec.json.decode(done.stdout, type=Answered)


class Link:
    """One connection: bytes out, and whole answers or messages in."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()

    def send(self, data: bytes) -> None:
        """All of it."""
        self._socket.sendall(data)

    def read(self) -> None:
        """What is there, once something is."""
        piece = self._socket.recv(1 << 20)
        if not piece:
            raise Incorrect("the server ended the connection before all was answered")
        self._buffer += piece

    def head(self) -> bytes:
        """The head of an answer."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self.read()
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return head

    def body(self, length: int) -> bytes:
        """So many bytes behind it."""
        while len(self._buffer) < length:
            self.read()
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def texts(self) -> Iterator[bytes]:
        """The whole messages that are here; a server's are not masked."""
        buffer, at = self._buffer, 0
        while len(buffer) >= at + 2:
            length, start = buffer[at + 1], at + 2
            if length >= 126:
                size = 2 if length == 126 else 8
                length, start = int.from_bytes(buffer[start : start + size], "big"), start + size
            if len(buffer) < start + length:
                break
            if buffer[at] != 0x81:
                raise Incorrect("the server sent something that is no text")
            yield bytes(buffer[start : start + length])
            at = start + length
        del buffer[:at]


def _batches(link: Link, bulk: Bulk) -> tuple[list[bytes], list[float]]:
    head = "POST /api/v1/batch/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
    answers: list[bytes] = []
    waits: list[float] = []
    for request in [f"{head}{len(body.encode())}\r\n\r\n{body}".encode() for body, _ in bulk.messages]:
        asked = perf_counter()
        link.send(request)
        said = link.head()
        length = _LENGTH.search(said)
        if length is None or not said.startswith(b"HTTP/1.1 200"):
            raise Incorrect(f"a batch was answered {said[:200]!r}")
        answers.append(link.body(int(length[1])))
        waits.append(perf_counter() - asked)
    return answers, waits


def _frames(link: Link, bulk: Bulk) -> tuple[list[bytes], list[float]]:
    frames = deque((_frame(text), count) for text, count in bulk.messages)
    answers: list[bytes] = []
    waits: list[float] = []
    asked: deque[tuple[float, int]] = deque()
    flying = finished = 0
    heard = perf_counter()
    while frames or flying:
        now, out = perf_counter(), []
        while frames and flying + frames[0][1] <= bulk.in_flight:
            frame, count = frames.popleft()
            out.append(frame)
            asked.append((now, count))
            flying += count
        link.send(b"".join(out))
        link.read()
        for text in link.texts():
            if text.startswith(b'{"type":"result'):
                answers.append(text)
                done = len(_RESULT.findall(text))
                flying -= done
                finished += done
                heard = perf_counter()
                while asked and finished >= asked[0][1]:  # whichever it was: results come about in the commands' order
                    begun, count = asked.popleft()
                    finished -= count
                    waits.append(heard - begun)
        if perf_counter() - heard > _PATIENCE:  # the stream's signs of life are no answer
            raise Incorrect(f"{flying} commands have waited for {_PATIENCE} s in vain")
    return answers, waits


def _frame(text: str) -> bytes:
    data = text.encode()
    if len(data) < 126:
        return bytes((0x81, 0x80 | len(data))) + _UNMASKED + data
    if len(data) < 65_536:
        return b"\x81\xfe" + len(data).to_bytes(2, "big") + _UNMASKED + data
    return b"\x81\xff" + len(data).to_bytes(8, "big") + _UNMASKED + data


def _results(answers: list[bytes]) -> Iterator[Any]:
    for answer in answers:
        said = msgspec.json.decode(answer)
        yield from said.get("results", (said,))


def _run(bulk: Bulk) -> Answered:
    link = Link(bulk.port)
    if bulk.in_flight:
        link.send(_UPGRADE)
        if not (said := link.head()).startswith(b"HTTP/1.1 101"):
            raise Incorrect(f"the stream was refused: {said[:200]!r}")
    gc.disable()
    begun, worked = perf_counter(), process_time()
    answers, waits = _frames(link, bulk) if bulk.in_flight else _batches(link, bulk)
    seconds, busy = perf_counter() - begun, process_time() - worked
    results = list(_results(answers))
    waits.sort()
    return Answered(
        seconds,
        dict(Counter(result["status"] for result in results)),
        len({result["body"].get("id") for result in results}),
        percentile(waits, 0.50) * 1000,
        percentile(waits, 0.99) * 1000,
        busy,
    )


if __name__ == "__main__":
    try:
        click.echo(msgspec.json.encode(_run(msgspec.json.decode(sys.stdin.buffer.read(), type=Bulk))))
    except (Incorrect, TimeoutError) as error:
        click.echo(str(error) or "no answer came in time", err=True)
        sys.exit(1)
