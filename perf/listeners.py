"""Who follows a queue over WebSockets: those who read and check what they get, and those who never read.

``python -m perf.listeners`` reads an ``Audience`` as a line of JSON and says ``following`` when all who read have their
snapshot. It reads on until a line names a position and everybody has come that far, and prints ``Heard``. One thread
and no tasks: as little as possible of the machine's time is to be the clients'.
"""

from __future__ import annotations

import gc
import os
import re
import selectors
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from time import perf_counter, process_time
from typing import Final

import click
import msgspec

from engine.clock import SystemClock
from perf.audience import Audience, Heard
from perf.figures import Incorrect, percentile

_PATIENCE: Final = 30.0
"""Seconds that anybody is waited for."""

_SAMPLED: Final = 20
"""One of so many says how old its news were."""

_NICE: Final = 10
"""In service these are machines of their own: here they take what the server and whoever commands it leave."""

_SMALL: Final = 4_096
"""Bytes that the kernel keeps for one who never reads: the sooner the server has to wait for it."""

_GREETING: Final = (
    "GET /api/v1/stream?topics={topic} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Hospital-Id: {hospital}\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_TEXT: Final = 0x81
_SAID: Final = re.compile(rb'\{"type":"(\w+)",(?:"topic":"[^"]*",)?"seq":(\d+),')
_AT: Final = re.compile(rb'"at":"([^"]+)"')


class Reader:
    """One who reads."""

    def __init__(self, link: socket.socket, got: bytes, *, sampled: bool) -> None:
        self.link = link
        self.seq = self.news = self.bytes = self.snapshots = 0
        self.first = self.last = 0.0
        self.ages: list[int] = []
        self._buffer = bytearray(got)
        self._sampled = sampled

    def read(self, wall: int) -> None:
        """Take what is there (``wall``: now, µs); ``Incorrect`` when it is not what comes next."""
        piece = self.link.recv(262_144)
        if not piece:
            raise Incorrect("one who reads was let go")
        self._buffer += piece
        for text in self._texts():
            said = _SAID.match(text)
            kind, seq = (said[1], int(said[2])) if said else (b"", 0)
            if kind == b"deltas":
                self._news(seq, text, wall)
            elif kind == b"snapshot":
                self.snapshots += 1
            elif kind != b"heartbeat":
                raise Incorrect(f"one who reads got {text[:200]!r}")
            self.seq = max(self.seq, seq)

    def _news(self, seq: int, text: bytes, wall: int) -> None:
        if seq <= self.seq:
            raise Incorrect(f"news of {seq} came after {self.seq}")
        self.news += 1
        self.bytes += len(text)
        self.last = perf_counter()
        self.first = self.first or self.last
        if self._sampled and (at := _AT.search(text)) is not None:
            self.ages.append(wall - round(datetime.fromisoformat(at[1].decode()).timestamp() * 1e6))

    def _texts(self) -> Iterator[bytes]:
        """Whole messages; a server's are not masked."""
        buffer, at = self._buffer, 0
        while len(buffer) >= at + 2:
            length, start = buffer[at + 1], at + 2
            if length >= 126:
                size = 2 if length == 126 else 8
                length, start = int.from_bytes(buffer[start : start + size], "big"), start + size
            if len(buffer) < start + length:
                break
            if buffer[at] != _TEXT:
                raise Incorrect("one who reads got something that is no text")
            yield bytes(buffer[start : start + length])
            at = start + length
        del buffer[:at]


def _connect(wanted: Audience, *, frozen: bool = False) -> tuple[socket.socket, bytes]:
    """A socket on which the stream has begun, and what came of it by then."""
    link = socket.socket()
    link.settimeout(_PATIENCE)
    if frozen:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
    link.connect(("127.0.0.1", wanted.port))
    link.sendall(_GREETING.format(topic=wanted.topic, hospital=wanted.hospital).encode())
    got = b""
    while b"\r\n\r\n" not in got:
        piece = link.recv(4_096)
        got += piece
        if not piece or not got.startswith(b"HTTP/1.1 101 "[: len(got)]):
            raise Incorrect(f"one who wanted to follow was refused: {got[:60]!r}")
    link.setblocking(False)
    return link, got.partition(b"\r\n\r\n")[2]


def _listen(selector: selectors.BaseSelector, told: list[int], done: Callable[[], bool], patience: float) -> None:
    """Read whatever comes until it is done; a line on standard input is a position."""
    clock, until = SystemClock(), perf_counter() + patience
    while not done():
        if perf_counter() > until:
            raise Incorrect(f"some who read have waited for {patience} s in vain")
        for key, _ in selector.select(1.0):
            if key.data is None:
                told.append(int(sys.stdin.buffer.readline()))
            else:
                key.data.read(clock.wall())


def _follow(wanted: Audience) -> None:
    frozen = [_connect(wanted, frozen=True) for _ in range(wanted.frozen)]
    readers = [Reader(*_connect(wanted), sampled=n % _SAMPLED == 0) for n in range(wanted.clients - wanted.frozen)]
    told: list[int] = []
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader.link, selectors.EVENT_READ, reader)
        _listen(selector, told, lambda: all(reader.snapshots for reader in readers), _PATIENCE)
        click.echo("following")
        worked = process_time()
        selector.register(sys.stdin, selectors.EVENT_READ)
        _listen(selector, told, lambda: bool(told), float("inf"))
        _listen(selector, told, lambda: all(reader.seq >= told[0] for reader in readers), _PATIENCE)
    click.echo(msgspec.json.encode(_heard(readers, process_time() - worked)))
    sys.stdin.buffer.read()  # who does not read stays, until it is let go or the process ends
    assert len(frozen) == wanted.frozen


def _heard(readers: list[Reader], busy: float) -> Heard:
    news = [reader.news for reader in readers]
    ages = sorted(age / 1000 for reader in readers for age in reader.ages) or [0.0]
    return Heard(
        frames=sum(news),
        bytes=sum(reader.bytes for reader in readers),
        least=min(news),
        most=max(news),
        again=sum(reader.snapshots - 1 for reader in readers),
        seconds=max(reader.last for reader in readers) - min(reader.first for reader in readers),
        p50=percentile(ages, 0.50),
        p99=percentile(ages, 0.99),
        busy=busy,
    )


if __name__ == "__main__":
    gc.disable()
    os.nice(_NICE)
    try:
        _follow(msgspec.json.decode(sys.stdin.buffer.readline(), type=Audience))
    except Incorrect as error:
        click.echo(str(error), err=True)
        sys.exit(1)
