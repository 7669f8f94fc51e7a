"""A client of HTTP/1.1: one host, connections that are kept for the next request, answers that are bounded.

It knows HTTP and TLS, and that every failure is a code. Redirects are not followed. Where it may connect to says
whoever makes it: the addresses are theirs to look up and to check; the URL's name is used for TLS and ``Host``.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import h11
import trio

from engine.actors.destination.places import Target

Headers = Sequence[tuple[str, str]]
Addresses = Callable[[Target], Awaitable[list[str]]]
"""The addresses to try, in order; may raise whatever its caller wants to hear."""

LARGEST_HEAD: Final = 16 * 1024
"""Bytes of an answer's status line and headers, ..."""
LARGEST_BODY: Final = 64 * 1024
"""... and of its body, unless said otherwise."""

_CLOSED = (OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.ProtocolError)


class Unreached(Exception):
    """There is no answer; the text is a code: ``unknown_host``, ``connection_failed``, ``tls_failed``, …"""


class Response(NamedTuple):
    """What came back. ``body`` is what was read of it: all, or, where it is not ``whole``, a little over the bound."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    whole: bool


class _Line:
    """A connection, and the state of HTTP on it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self.idle_since = 0.0


class Connections:
    """Those to one host. ``send`` may run several times at once; close them at the end."""

    def __init__(
        self, target: Target, addresses: Addresses, tls: ssl.SSLContext, *, idle: float, largest: int = LARGEST_BODY
    ) -> None:
        self._target = target
        self._addresses = addresses
        self._tls = tls
        self._keep = idle
        self._largest = largest
        self._idle: list[_Line] = []

    async def send(self, method: str, path: str, headers: Headers, body: bytes = b"") -> Response:
        """Ask; ``Unreached`` when no answer comes. Bounded only by its caller's scope.

        A connection that was kept may have been closed by the other side meanwhile: it is asked again on a new one,
        so that a request must be one that may come twice.
        """
        line = self._kept()
        if line is not None:
            try:
                return await self._exchange(line, method, path, headers, body)
            except _CLOSED:
                pass
        async with _failures_told():
            return await self._exchange(_Line(await self._connect()), method, path, headers, body)

    def close(self) -> None:
        """Give up the connections that are kept."""
        while self._idle:
            _drop(self._idle.pop())

    def _kept(self) -> _Line | None:
        now = trio.current_time()
        fresh = [line for line in self._idle if now - line.idle_since < self._keep]
        for line in self._idle:
            if line not in fresh:
                _drop(line)
        self._idle = fresh
        return self._idle.pop() if self._idle else None

    async def _connect(self) -> Any:
        target, failure = self._target, OSError("no address")
        for address in await self._addresses(target):
            try:
                stream = await trio.open_tcp_stream(address, target.port)
            except OSError as error:
                failure = error
                continue
            if target.scheme == "http":
                return stream
            secure = trio.SSLStream(stream, self._tls, server_hostname=target.host, https_compatible=True)
            try:
                await secure.do_handshake()
            except BaseException:
                with trio.CancelScope(shield=True):
                    await trio.aclose_forcefully(stream)
                raise
            return secure
        raise failure

    async def _exchange(self, line: _Line, method: str, path: str, headers: Headers, body: bytes) -> Response:
        """One request and its answer; the connection is kept when both sides want it, and closed otherwise."""
        again = False
        try:
            http = line.http
            head = [("Host", authority(self._target)), ("Content-Length", str(len(body))), *headers]
            if method == "GET":
                del head[1]
            data = [
                http.send(h11.Request(method=method, target=path, headers=head)),
                http.send(h11.Data(data=body)) if body else b"",
                http.send(h11.EndOfMessage()),
            ]
            await line.stream.send_all(b"".join(piece for piece in data if piece))
            response, again = await self._answer(line)
            return response
        finally:
            if again:
                line.idle_since = trio.current_time()
                self._idle.append(line)
            else:
                with trio.CancelScope(shield=True):
                    await trio.aclose_forcefully(line.stream)

    async def _answer(self, line: _Line) -> tuple[Response, bool]:
        """The answer, and whether the connection can be used again."""
        response: h11.Response | None = None
        body = bytearray()
        while True:
            event = line.http.next_event()
            if event is h11.NEED_DATA:
                line.http.receive_data(await line.stream.receive_some(LARGEST_HEAD))
            elif type(event) is h11.Response:
                response = event
            elif type(event) is h11.Data:
                assert response is not None
                body += event.data
                if len(body) > self._largest:
                    return Response(response.status_code, dict(response.headers), bytes(body), whole=False), False
            elif type(event) is h11.EndOfMessage:
                assert response is not None
                answer = Response(response.status_code, dict(response.headers), bytes(body), whole=True)
                if line.http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
                    return answer, False
                line.http.start_next_cycle()
                return answer, True
            elif type(event) is h11.ConnectionClosed or event is h11.PAUSED:
                raise h11.RemoteProtocolError("the connection ended before its answer")


def authority(target: Target) -> str:
    """The host of a URL as ``Host`` has it, with the port where it is not the scheme's own."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == {"http": 80, "https": 443}[target.scheme] else f"{host}:{target.port}"


def _drop(line: _Line) -> None:
    stream = line.stream
    while isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    stream.socket.close()


@asynccontextmanager
async def _failures_told() -> AsyncIterator[None]:
    """Every way in which the other side can fail, as a code."""
    try:
        yield
    except h11.ProtocolError:
        raise Unreached("bad_answer") from None
    except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as error:
        cause = error.__cause__ or error
        raise Unreached("tls_failed" if isinstance(cause, ssl.SSLError) else "connection_failed") from None
