"""Connections of one thread, without tasks: HTTP/1.1 kept alive, an answer parsed only as far as a load needs it.

Knows no plan. Whoever sends is told of each answer by a call; ``None`` says that the connection ended without one.
"""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, NamedTuple

from perf.load.histogram import Histogram

_READ: Final = 65_536

_STALE: Final = 8.0
"""Seconds without use after which a connection is not used again: the server may be closing it just now."""


class Got(NamedTuple):
    """An answer: ``position`` 0 and ``id`` empty where it has none."""

    status: int
    position: int
    id: str
    body: bytes


Told = Callable[[Any, "Got | None"], None]


class Wire:
    """One connection and the request that is on its way on it."""

    __slots__ = ("buffer", "flight", "link", "new", "out", "used")

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.buffer = b""
        self.out = b""
        self.flight: Any = None
        self.used = perf_counter()
        self.new = True


class Wires:
    """Up to ``most`` connections to one place. ``told(flight, answer)`` is called once for every request sent."""

    def __init__(self, host: str, port: int, most: int, told: Told) -> None:
        [found, *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        self._family, self._place = found[0], found[4]
        self._most = most
        self._told = told
        self._poll = select.epoll()
        self._open: dict[int, Wire] = {}
        self._idle: dict[Wire, None] = {}
        """In the order of their last use; the latest is used first."""
        self.flying = 0
        self.made = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.connecting = Histogram()
        """From asking for a connection to the first byte on it, where a request waited for that."""

    @property
    def free(self) -> bool:
        """Whether a request can be sent at once."""
        return bool(self._idle) or len(self._open) < self._most

    def prepare(self, count: int) -> None:
        """Open so many, so that the first requests need not."""
        for _ in range(min(count, self._most)):
            wire = self._connect()
            wire.new = False
            self._idle[wire] = None

    def send(self, flight: Any, request: bytes) -> None:
        """Send on a connection that is free; ``free`` was asked before."""
        try:
            wire = self._fresh()
        except OSError:  # nobody is there any more, which is this request's answer
            self._told(flight, None)
            return
        wire.flight, wire.out = flight, request
        self.flying += 1
        self.bytes_out += len(request)
        self._flush(wire)

    def wait(self, seconds: float) -> None:
        """Take whatever comes within so many seconds; returns as soon as something has."""
        for number, events in self._poll.poll(max(seconds, 0.0)):
            wire = self._open.get(number)
            if wire is None:
                continue
            if events & select.EPOLLOUT:
                self._flush(wire)
            if events & ~select.EPOLLOUT:
                self._read(wire)

    def close(self) -> None:
        """End all of them; what is still under way is told as unanswered."""
        for wire in list(self._open.values()):
            self._drop(wire)
        self._poll.close()

    def _fresh(self) -> Wire:
        oldest = perf_counter() - _STALE
        while self._idle:
            wire, _ = self._idle.popitem()
            if wire.used > oldest:
                return wire
            self._drop(wire)
        return self._connect()

    def _connect(self) -> Wire:
        link = socket.socket(self._family, socket.SOCK_STREAM)
        link.setblocking(False)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(link)
        begun = link.connect_ex(self._place)
        if begun not in (0, errno.EINPROGRESS):
            link.close()
            raise OSError(begun, f"no connection to {self._place}")
        self._open[link.fileno()] = wire
        self._poll.register(link.fileno(), select.EPOLLIN)
        self.made += 1
        return wire

    def _flush(self, wire: Wire) -> None:
        try:
            sent = wire.link.send(wire.out) if wire.out else 0
        except BlockingIOError:
            sent = 0
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EALREADY):
                self._drop(wire)
                return
            sent = 0
        if wire.new and sent:
            wire.new = False
            self.connecting.add(perf_counter() - wire.used)
        wire.out = wire.out[sent:]
        wanted = select.EPOLLIN | select.EPOLLOUT if wire.out else select.EPOLLIN
        if wire.out or sent == 0:
            self._poll.modify(wire.link.fileno(), wanted)

    def _read(self, wire: Wire) -> None:
        try:
            piece = wire.link.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._drop(wire)
            return
        self.bytes_in += len(piece)
        buffer = wire.buffer + piece if wire.buffer else piece
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            wire.buffer = buffer
            return
        head = buffer[: end + 2].lower()
        size = _number(head, b"\r\ncontent-length: ")
        if len(buffer) < end + 4 + size:
            wire.buffer = buffer
            return
        body = buffer[end + 4 : end + 4 + size]
        wire.buffer = b""
        flight, wire.flight = wire.flight, None
        closes = b"\r\nconnection: close" in head
        if flight is None:  # said without being asked: the door lets this connection go
            self._drop(wire)
            return
        self.flying -= 1
        if closes:
            self._drop(wire)
        else:
            wire.used = perf_counter()
            self._idle[wire] = None
        self._told(flight, Got(int(buffer[9:12]), _number(head, b"\r\nevent-sequence: "), _id(body), body))

    def _drop(self, wire: Wire) -> None:
        self._open.pop(wire.link.fileno(), None)
        self._idle.pop(wire, None)
        wire.link.close()
        flight, wire.flight = wire.flight, None
        if flight is not None:
            self.flying -= 1
            self._told(flight, None)


def _number(head: bytes, name: bytes) -> int:
    at = head.find(name)
    return int(head[at + len(name) : head.find(b"\r\n", at + len(name))]) if at >= 0 else 0


def _id(body: bytes) -> str:
    """The first member called id, however deep."""
    at = body.find(b'"id":"')
    return body[at + 6 : body.find(b'"', at + 6)].decode() if at >= 0 else ""
