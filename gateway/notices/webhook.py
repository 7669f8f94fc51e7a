"""A webhook: one POST of JSON for each notice, signed as the Standard Webhooks specification has it.

It knows HTTP/1.1 and TLS as a client does; redirects are not followed, answers are not read beyond a small bound. The
connection goes to an address that was checked, with the name of the URL for TLS and for ``Host``, and is kept for
the next notice.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import h11
import msgspec
import trio

from engine import calendar
from engine.actors.destination.places import Target
from gateway.notices.addresses import Reach
from gateway.notices.notice import Notice
from gateway.notices.undelivered import Undelivered

LARGEST_HEAD: Final = 16 * 1024
"""Bytes of an answer's status line and headers, ..."""
LARGEST_ANSWER: Final = 64 * 1024
"""... and of its body, which is thrown away; beyond it the connection is."""
LONGEST_WAIT: Final = 3_600.0
"""Seconds of a ``Retry-After`` that are believed."""
IDLE: Final = 20.0
"""Seconds for which a connection is kept without a notice."""


def body_of(notice: Notice) -> bytes:
    """What is sent: type, time, data; the same bytes at every try."""
    return msgspec.json.encode({"type": notice.type, "timestamp": calendar.moment(notice.at), "data": notice.data})


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the HMAC-SHA256 of id, time and body, in base64; ``secret`` is ``whsec_…`` or the base64 alone."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except BadBase64 as error:
        raise ValueError("a webhook's secret is base64") from error
    signed = b"%s.%d.%s" % (message_id.encode("ascii"), timestamp, body)
    return "v1," + b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")


def signed_headers(message_id: str, wall: int, body: bytes, secrets: Iterable[str]) -> list[tuple[str, str]]:
    """The three headers of the specification, with a signature for each secret in force."""
    timestamp = wall // 1_000_000
    signatures = " ".join(signature(secret, message_id, timestamp, body) for secret in secrets)
    return [("webhook-id", message_id), ("webhook-timestamp", str(timestamp)), ("webhook-signature", signatures)]


class _Line:
    """A connection to a receiver, and the state of HTTP on it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self.idle_since = 0.0


class Webhook:
    """One receiver. ``post`` may run several times at once; close it at the end."""

    def __init__(self, target: Target, reach: Reach, tls: ssl.SSLContext) -> None:
        self._target = target
        self._reach = reach
        self._tls = tls
        self._idle: list[_Line] = []

    async def post(self, body: bytes, headers: list[tuple[str, str]]) -> None:
        """Send; returns when the receiver took it, else raises ``Undelivered``. Bounded only by its caller's scope."""
        line = self._kept()
        if line is not None:
            try:
                await self._exchange(line, body, headers)
                return
            except (trio.BrokenResourceError, trio.ClosedResourceError, h11.ProtocolError):
                pass  # it was closed meanwhile: the receiver drops repeats by the id
        async with _failures_told():
            line = _Line(await self._connect())
            await self._exchange(line, body, headers)

    def close(self) -> None:
        """Give up the connections that are kept."""
        while self._idle:
            _drop(self._idle.pop())

    def _kept(self) -> _Line | None:
        now = trio.current_time()
        fresh = [line for line in self._idle if now - line.idle_since < IDLE]
        for line in self._idle:
            if line not in fresh:
                _drop(line)
        self._idle = fresh
        return self._idle.pop() if self._idle else None

    async def _connect(self) -> Any:
        target = self._target
        failure: OSError | None = None
        for address in await self._reach.addresses(target):
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
        assert failure is not None
        raise failure

    async def _exchange(self, line: _Line, body: bytes, headers: list[tuple[str, str]]) -> None:
        """One request and its answer; the connection is kept when both sides want it, and closed otherwise."""
        again = False
        try:
            request = h11.Request(method="POST", target=self._target.path, headers=self._head(body, headers))
            http = line.http
            data = [http.send(request), http.send(h11.Data(data=body)), http.send(h11.EndOfMessage())]
            await line.stream.send_all(b"".join(piece for piece in data if piece))
            response, again = await _answer(line)
        finally:
            if again:
                line.idle_since = trio.current_time()
                self._idle.append(line)
            else:
                with trio.CancelScope(shield=True):
                    await trio.aclose_forcefully(line.stream)
        judge(response)

    def _head(self, body: bytes, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        target = self._target
        host = f"[{target.host}]" if ":" in target.host else target.host
        if target.port != {"http": 80, "https": 443}[target.scheme]:
            host += f":{target.port}"
        return [
            ("Host", host),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("User-Agent", "Matron"),
            ("Accept", "*/*"),
            *headers,
        ]


def judge(response: h11.Response) -> None:
    """2xx is delivered, anything else is not; 410 says that nothing more is wanted."""
    status = response.status_code
    if 200 <= status < 300:
        return
    told = dict(response.headers).get(b"retry-after", b"")
    wait = min(float(told), LONGEST_WAIT) if told.isdigit() and len(told) < 9 else 0.0
    raise Undelivered(f"http_{status}", retry_after=wait, gone=status == 410)


async def _answer(line: _Line) -> tuple[h11.Response, bool]:
    """The answer's head, its body read and thrown away; and whether the connection can be used again."""
    response: h11.Response | None = None
    size = 0
    while True:
        event = line.http.next_event()
        if event is h11.NEED_DATA:
            line.http.receive_data(await line.stream.receive_some(LARGEST_HEAD))
        elif type(event) is h11.Response:
            response = event
        elif type(event) is h11.Data:
            size += len(event.data)
            if size > LARGEST_ANSWER and response is not None:
                return response, False
        elif type(event) is h11.EndOfMessage:
            assert response is not None
            if line.http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
                line.http.start_next_cycle()
                return response, True
            return response, False
        elif type(event) is h11.ConnectionClosed or event is h11.PAUSED:
            raise h11.RemoteProtocolError("the connection ended before its answer")


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
        raise Undelivered("bad_answer") from None
    except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as error:
        cause = error.__cause__ or error
        raise Undelivered("tls_failed" if isinstance(cause, ssl.SSLError) else "connection_failed") from None
