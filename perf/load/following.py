"""Those who follow a queue's news while a load is sent, and what must be true of what they heard."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from perf.audience import Audience, Heard, Listening, audience
from perf.client import answer, status
from perf.figures import Incorrect
from perf.load.plan import Site


class Followers:
    """Nobody, or an audience of one queue. ``heard``: what they all heard, when it is over."""

    def __init__(self, listening: Listening | None, wanted: Audience | None) -> None:
        self._listening = listening
        self._wanted = wanted
        self.heard: Heard | None = None

    async def end(self) -> None:
        """One more joins the queue; when everybody who follows has heard of it, all has been told."""
        if self._listening is None or self._wanted is None:
            return
        wanted = self._wanted
        with trio.socket.socket() as link:
            await link.connect(("127.0.0.1", wanted.port))
            path = f"/api/v1/services/{wanted.topic.partition(':')[2]}/tickets/"
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nHospital-Id: {wanted.hospital}\r\n"
            await link.send(f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode())
            got = await answer(link)
        if status(got) != 201:
            raise Incorrect(f"the last one could not join the queue that is followed: {got!r}")
        at = got.lower().find(b"event-sequence: ")
        self.heard = await self._listening.heard(int(got[at + 16 :].split(b"\r\n", 1)[0]))


@asynccontextmanager
async def following(port: int, site: Site, count: int) -> AsyncGenerator[Followers, None]:
    """So many who follow the first queue of this hospital, on this machine."""
    if not count or not site.services:
        yield Followers(None, None)
        return
    wanted = Audience(port, f"service:{site.services[0]}", count, hospital=site.hospital)
    async with audience(wanted) as listening:
        yield Followers(listening, wanted)
