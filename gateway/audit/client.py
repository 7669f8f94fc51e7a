"""A witness as an HTTP client sees it: one POST at a time to one host, on a connection that is kept for the next.

It knows HTTP/1.1 and TLS; redirects are not followed, answers are bounded. Where it may go is the operator's word, but
plain HTTP reaches only this machine and private networks.
"""

from __future__ import annotations

import ipaddress
import ssl
from typing import Any, Final, NamedTuple

import h11
import trio

from engine.actors.destination.places import target_of
from gateway.notices.addresses import Resolve, is_outside, look_up

LARGEST_HEAD: Final = 16 * 1024
"""Bytes of an answer's status line and headers, ..."""
LARGEST_BODY: Final = 64 * 1024
"""... and of its body."""
IDLE: Final = 60.0
"""Seconds for which a connection is kept without a question."""


class Unreached(Exception):
    """There is no answer; the text is a code: ``unknown_host``, ``connection_failed``, ``tls_failed``, …"""


class Answer(NamedTuple):
    """What came back. ``kind`` is the content type as it was sent."""

    status: int
    kind: str
    body: bytes


class _Line:
    """A connection, and the state of HTTP on it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self.idle_since = 0.0


class Client:
    """One witness. Its address is looked at when it is made: ``Invalid`` for a URL that cannot be meant."""

    def __init__(self, url: str, tls: ssl.SSLContext, resolve: Resolve | None = None) -> None:
        self._target = target_of(url)
        self._tls = tls
        self._resolve = resolve or look_up
        self._idle: _Line | None = None

    async def post(self, path: str, body: bytes) -> Answer:
        """Ask; ``Unreached`` when no answer comes. Bounded only by its caller's scope."""
        line, self._idle = self._idle, None
        try:
            if line is not None:
                if trio.current_time() - line.idle_since < IDLE:
                    try:
                        return await self._exchange(line, path, body)
                    except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.ProtocolError):
                        pass  # it was closed meanwhile; asking twice does no harm
                else:
                    await _drop(line)
            return await self._exchange(_Line(await self._connect()), path, body)
        except h11.ProtocolError:
            raise Unreached("bad_answer") from None
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            cause = error.__cause__ or error
            raise Unreached("tls_failed" if isinstance(cause, ssl.SSLError) else "connection_failed") from None

    async def close(self) -> None:
        """Give up the connection that is kept."""
        line, self._idle = self._idle, None
        if line is not None:
            await _drop(line)

    async def _connect(self) -> Any:
        target, failure = self._target, OSError("no address")
        for address in await self._addresses():
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
                await trio.aclose_forcefully(stream)
                raise
            return secure
        raise failure

    async def _addresses(self) -> list[str]:
        try:
            found = [ipaddress.ip_address(text) for text in await self._resolve(self._target.host, self._target.port)]
        except (OSError, ValueError):
            raise Unreached("unknown_host") from None
        if self._target.scheme == "http" and any(map(is_outside, found)):
            raise Unreached("refused_plain_http")
        return [str(address) for address in dict.fromkeys(found)]

    async def _exchange(self, line: _Line, path: str, body: bytes) -> Answer:
        """One request and its answer; the connection is kept when both sides want it, and closed otherwise."""
        again = False
        try:
            http, prefix = line.http, self._target.path.rstrip("/")
            data = [
                http.send(h11.Request(method="POST", target=f"{prefix}/{path}", headers=self._head(body))),
                http.send(h11.Data(data=body)),
                http.send(h11.EndOfMessage()),
            ]
            await line.stream.send_all(b"".join(piece for piece in data if piece))
            answer, again = await _answer(line)
            return answer
        finally:
            if again:
                line.idle_since = trio.current_time()
                self._idle = line
            else:
                await _drop(line)

    def _head(self, body: bytes) -> list[tuple[str, str]]:
        target = self._target
        host = f"[{target.host}]" if ":" in target.host else target.host
        if target.port != {"http": 80, "https": 443}[target.scheme]:
            host += f":{target.port}"
        return [
            ("Host", host),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("User-Agent", "Matron"),
        ]


async def _answer(line: _Line) -> tuple[Answer, bool]:
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
            body += event.data
            if len(body) > LARGEST_BODY:
                raise h11.RemoteProtocolError("the answer is too long")
        elif type(event) is h11.EndOfMessage:
            assert response is not None
            kind = dict(response.headers).get(b"content-type", b"").decode("latin-1")
            answer = Answer(response.status_code, kind, bytes(body))
            if line.http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
                return answer, False
            line.http.start_next_cycle()
            return answer, True
        elif type(event) is h11.ConnectionClosed or event is h11.PAUSED:
            raise h11.RemoteProtocolError("the connection ended before its answer")


async def _drop(line: _Line) -> None:
    with trio.CancelScope(shield=True):
        await trio.aclose_forcefully(line.stream)
