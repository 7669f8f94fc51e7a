"""Where the keys of tokens are had from: a file of our own, an address where the issuer publishes them, or both.

Published keys are fetched at the start, every ten minutes, and when a token names one that is not known, at most once
a minute. A failure changes nothing: the keys known until then stay. Knows no token.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import trio

from engine.calendar import moment
from engine.clock import Clock
from gateway.access.jwks import BadKeys, Keys, parse_jwks, read_key_file
from gateway.access.keys import KeysUnusable
from gateway.outgoing.client import Response, Unreached
from gateway.outgoing.https import fetch

EVERY: Final = 600.0
"""Seconds after which published keys are fetched again, ..."""
SOONEST: Final = 60.0
"""... and between two fetches at least, also after a failure."""
FOUND: Final = 200

Fetch = Callable[[str], Awaitable[Response]]

log = logging.getLogger("matron.auth")


class KeySource:
    """The keys as they are known now. ``file`` is read at once: ``KeysUnusable`` says what is wrong with it."""

    def __init__(
        self, file: Path | None, url: str | None, tls: ssl.SSLContext, clock: Clock, ask: Fetch | None = None
    ) -> None:
        self.generation = 0
        self._file = file
        self._url = url
        self._clock = clock
        self._ask = ask or (lambda url: fetch(url, tls, headers=[("Accept", "application/json")]))
        self._own: Keys = () if file is None else read_key_file(file)
        self._stamp = None if file is None else _stamp(file)
        self._published: Keys | None = None if url is not None else ()
        self._missed = trio.Event()
        self._fetched: int | None = None
        self._failure: str | None = None

    def keys(self) -> Keys | None:
        """Those that are known; ``None`` while none could be had yet."""
        if self._published is None:
            return self._own or None
        return self._own + self._published

    def missed(self) -> None:
        """A token named a key that is not known: published keys are fetched again as soon as they may be."""
        self._missed.set()

    def refresh(self) -> None:
        """Read the file again, if it has changed; what is wrong with it then changes nothing."""
        if self._file is None:
            return
        try:
            if (seen := _stamp(self._file)) != self._stamp:
                self._own, self._stamp = read_key_file(self._file), seen
                self.generation += 1
                log.warning("keys of tokens read again from %s: %d", self._file, len(self._own))
        except (OSError, KeysUnusable) as error:
            log.error("keys of tokens not read again, those known already stay: %s", error)

    async def run(self, shutdown: trio.Event) -> None:
        """Follow what the issuer publishes, until the end."""
        if self._url is None:
            await shutdown.wait()
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow, self._url)
            await shutdown.wait()
            nursery.cancel_scope.cancel()

    def document(self) -> dict[str, Any]:
        """How the keys are doing, for an administrator."""
        body: dict[str, Any] = {"keys": len(self.keys() or ())}
        if self._url is not None:
            body["published"] = {
                "fetched_at": None if self._fetched is None else moment(self._fetched),
                "failure": self._failure,
            }
        return body

    async def _follow(self, url: str) -> None:
        while True:
            self._missed = trio.Event()
            await self._fetch(url)
            await trio.sleep(SOONEST)
            if self._failure is None:
                with trio.move_on_after(EVERY - SOONEST):
                    await self._missed.wait()

    async def _fetch(self, url: str) -> None:
        try:
            answer = await self._ask(url)
            if answer.status != FOUND:
                raise Unreached(f"http_{answer.status}")
            found = parse_jwks(answer.body)
        except (Unreached, BadKeys) as error:
            self._failure = str(error)
            log.error("published keys of tokens not fetched, those known already stay: %s", error)
            return
        self._failure, self._fetched = None, self._clock.wall()
        if found != self._published:
            self._published = found
            self.generation += 1
            log.warning("published keys of tokens fetched: %d", len(found))


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
