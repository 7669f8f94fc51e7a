"""Commands to a queue over HTTP at a fixed rate, in a process of its own: each is due at its time, others or not.

``python -m perf.openloop`` reads a ``Day`` as JSON from standard input and prints what ``Lived`` says. Somebody joins,
somebody is called, begins and completes, again and again, so the line keeps its length. A wait counts from the instant
at which the command was due, so that a server that stands still is not spared by a client that stands still with it.
"""

from __future__ import annotations

import gc
import sys
from typing import Any, Final

import click
import msgspec
import trio

from perf.client import answer, body, status
from perf.figures import Incorrect, percentile

STEPS: Final = 4
"""Join, call, start, complete."""


class Day(msgspec.Struct, frozen=True):
    """``rate`` commands a second in all, for ``cycles`` of four; counters are called "1" and so on, and take turns."""

    port: int
    service: str
    counters: int
    rate: float
    cycles: int


class Lived(msgspec.Struct, frozen=True):
    """Waits in ms: of calls, and of joins; ``position``: of the last command in the log."""

    commands: int
    seconds: float
    p50: float
    p99: float
    longest: float
    join_p99: float
    position: int


async def live(day: Day) -> Lived:
    """Have a child process live this day; ``Incorrect`` where a command was not answered as it should be."""
    command = [sys.executable, "-m", "perf.openloop"]
    done = await trio.run_process(
        command, stdin=msgspec.json.encode(day), capture_stdout=True, capture_stderr=True, check=False
    )
    if done.returncode:
        raise Incorrect(done.stderr.decode(errors="replace").strip())
    return msgspec.json.decode(done.stdout, type=Lived)


class _Client:
    """Connections that are kept alive, as many as are needed at a time, and what was measured on them."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.idle: list[trio.socket.SocketType] = []
        self.waits: dict[str, list[float]] = {"join": [], "call": []}
        self.called: set[str] = set()
        self.position = 0

    async def cycle(self, number: int, start: float) -> None:
        """One patient joins; one is called, and served a cycle later."""
        day, counter = self.day, str(number % self.day.counters + 1)
        service = f"/services/{day.service}"

        def due(step: int) -> float:
            return start + (number * STEPS + step) / day.rate

        priority = ("low", "medium", "low", "high")[number % 4]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.post, due(0), f"{service}/tickets/", {"priority": priority}, 201, "join")
            called = await self.post(due(1), f"{service}/call-next/", {"counter": counter}, 200, "call")
            ticket = (called["ticket"] or {}).get("id")
            if ticket is None or ticket in self.called:
                raise Incorrect(f"a counter called {ticket}, and the line is never empty")
            self.called.add(ticket)
            await self.post(due(STEPS + 2), f"/tickets/{ticket}/start/", {}, 200)
            await self.post(due(STEPS + 3), f"/tickets/{ticket}/complete/", {"counter": counter}, 200)

    async def post(self, due: float, path: str, said: dict[str, Any], expected: int, kind: str = "") -> Any:
        """One command, when it is due."""
        await trio.sleep_until(due)
        text = msgspec.json.encode(said)
        head = f"POST /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
        socket = self.idle.pop() if self.idle else await self.connect()
        await socket.send(f"{head}{len(text)}\r\n\r\n".encode() + text)
        got = await answer(socket)
        if kind:
            self.waits[kind].append((trio.current_time() - due) * 1000)
        self.idle.append(socket)
        if status(got) != expected:
            raise Incorrect(f"{path} was answered {got!r}")
        at = got.lower().find(b"event-sequence: ")
        self.position = max(self.position, int(got[at + 16 :].split(b"\r\n", 1)[0]))
        return body(got)

    async def connect(self) -> trio.socket.SocketType:
        socket = trio.socket.socket()
        await socket.connect(("127.0.0.1", self.day.port))
        return socket


async def _live(day: Day) -> Lived:
    client = _Client(day)
    client.idle = [await client.connect() for _ in range(8)]
    start = trio.current_time() + 0.1
    async with trio.open_nursery() as nursery:
        for number in range(day.cycles):
            nursery.start_soon(client.cycle, number, start)
    calls, joins = sorted(client.waits["call"]), sorted(client.waits["join"])
    return Lived(
        commands=day.cycles * STEPS,
        seconds=trio.current_time() - start,
        p50=percentile(calls, 0.50),
        p99=percentile(calls, 0.99),
        longest=calls[-1],
        join_p99=percentile(joins, 0.99),
        position=client.position,
    )


if __name__ == "__main__":
    gc.disable()
    try:
        click.echo(msgspec.json.encode(trio.run(_live, msgspec.json.decode(sys.stdin.buffer.read(), type=Day))))
    except* Incorrect as failed:
        while isinstance(first := failed.exceptions[0], ExceptionGroup):
            failed = first
        click.echo(str(first), err=True)
        sys.exit(1)
