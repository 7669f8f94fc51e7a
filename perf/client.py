"""A closed-loop HTTP/1.1 load generator in a process of its own: raw sockets kept alive, parsing as little as it may.

``python -m perf.client`` reads a ``Load`` as JSON from standard input and prints what ``Loaded`` says.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from itertools import islice
from time import perf_counter
from typing import Any

import click
import msgspec
import trio

from perf.figures import Incorrect, percentile
from perf.load.wires import Got, Wires


class Load(msgspec.Struct, frozen=True):
    """POSTs of these bodies to one path, each connection sending the next when it has its answer."""

    port: int
    path: str
    connections: int
    bodies: list[str]


class Loaded(msgspec.Struct, frozen=True):
    """``statuses`` are counts; ``ids`` how many different ones were answered; waits in ms."""

    seconds: float
    statuses: dict[int, int]
    ids: int
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Answers per second."""
        return sum(self.statuses.values()) / self.seconds


async def send(load: Load) -> Loaded:
    """Have a child process send this load."""
    done = await trio.run_process(
        [sys.executable, "-m", "perf.client"], stdin=msgspec.json.encode(load), capture_stdout=True
    )
    return msgspec.json.decode(done.stdout, type=Loaded)


def _run(load: Load) -> Loaded:
    head = f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
    requests = iter([f"{head}{len(body.encode())}\r\n\r\n{body}".encode() for body in load.bodies])
    waits: list[float] = []
    statuses: Counter[int] = Counter()
    ids: set[str] = set()

    def told(asked: float, got: Got | None) -> None:
        if got is None:
            raise Incorrect("the server closed a connection before its answer was whole")
        now = perf_counter()
        waits.append(now - asked)
        statuses[got.status] += 1
        ids.add(got.id)
        request = next(requests, None)
        if request is not None:
            wires.send(now, request)

    wires = Wires("127.0.0.1", load.port, load.connections, told)
    wires.prepare(load.connections)
    gc.disable()
    begun = perf_counter()
    for request in islice(requests, load.connections):
        wires.send(perf_counter(), request)
    while wires.flying:
        wires.wait(1.0)
    seconds = perf_counter() - begun
    wires.close()
    waits.sort()
    return Loaded(seconds, dict(statuses), len(ids), percentile(waits, 0.50) * 1000, percentile(waits, 0.99) * 1000)


async def get(port: int, path: str) -> Any:
    """What a GET of this path is answered, on a connection of its own; ``Incorrect`` unless it is a 200."""
    with trio.socket.socket() as socket:
        await socket.connect(("127.0.0.1", port))
        await socket.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        got = await answer(socket)
    if status(got) != 200:
        raise Incorrect(f"{path} was answered {got[:200]!r}")
    return body(got)


async def answer(socket: trio.socket.SocketType) -> bytes:
    """One whole answer; the length stands in its head."""
    got = await socket.recv(65_536)
    while (end := got.find(b"\r\n\r\n")) < 0:
        got += await _more(socket)
    head = got[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        raise Incorrect(f"an answer without a length: {head!r}")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0])
    while len(got) < end + 4 + length:
        got += await _more(socket)
    return got


async def _more(socket: trio.socket.SocketType) -> bytes:
    piece = await socket.recv(65_536)
    if not piece:
        raise Incorrect("the server closed a connection before its answer was whole")
    return piece


def status(answer: bytes) -> int:
    """Its status."""
    return int(answer[9:12])


def body(answer: bytes) -> Any:
    """Its JSON."""
    return msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])


if __name__ == "__main__":
    click.echo(msgspec.json.encode(_run(msgspec.json.decode(sys.stdin.buffer.read(), type=Load))))
