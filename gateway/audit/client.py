"""A witness as an HTTP client sees it: one POST at a time to one host, on a connection that is kept for the next.

It knows where witnesses may be: where the operator says, but plain HTTP reaches only this machine and private networks.
"""

from __future__ import annotations

import ipaddress
import ssl
from typing import Final, NamedTuple

from engine.actors.destination.places import Target, target_of
from gateway.notices.addresses import Resolve, is_outside, look_up
from gateway.outgoing.client import Connections, Unreached

IDLE: Final = 60.0
"""Seconds for which a connection is kept without a question."""


class Answer(NamedTuple):
    """What came back. ``kind`` is the content type as it was sent."""

    status: int
    kind: str
    body: bytes


class Client:
    """One witness. Its address is looked at when it is made: ``Invalid`` for a URL that cannot be meant."""

    def __init__(self, url: str, tls: ssl.SSLContext, resolve: Resolve | None = None) -> None:
        self._target = target_of(url)
        self._resolve = resolve or look_up
        self._connections = Connections(self._target, self._addresses, tls, idle=IDLE)

    async def post(self, path: str, body: bytes) -> Answer:
        """Ask; ``Unreached`` when no answer comes. Asking twice does no harm. Bounded only by its caller's scope."""
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("User-Agent", "Matron")]
        told = await self._connections.send("POST", f"{self._target.path.rstrip('/')}/{path}", headers, body)
        if not told.whole:
            raise Unreached("bad_answer")
        return Answer(told.status, told.headers.get(b"content-type", b"").decode("latin-1"), told.body)

    async def close(self) -> None:
        """Give up the connection that is kept."""
        self._connections.close()

    async def _addresses(self, target: Target) -> list[str]:
        try:
            found = [ipaddress.ip_address(text) for text in await self._resolve(target.host, target.port)]
        except (OSError, ValueError):
            raise Unreached("unknown_host") from None
        if target.scheme == "http" and any(map(is_outside, found)):
            raise Unreached("refused_plain_http")
        return [str(address) for address in dict.fromkeys(found)]


__all__ = ["Answer", "Client", "Unreached"]
