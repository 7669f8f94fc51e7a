"""The two ways from a gateway to its engine: in one process, or over a link. Tests of what HTTP sees run both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from trio.testing import memory_stream_pair

from engine.runtime import Engine
from gateway.health import Vitals
from gateway.link.attend import Attendant
from gateway.link.far_engine import FarEngine

WAYS = ("together", "apart")

_chosen = ["together"]


def choose(way: str) -> None:
    """The way that tests go from now on."""
    _chosen[0] = way


@asynccontextmanager
async def reached(engine: Engine) -> AsyncIterator[Engine | FarEngine]:
    """What a gateway is given for its engine."""
    if _chosen[0] == "together":
        yield engine
        return
    async with linked(engine) as far:
        yield far


@asynccontextmanager
async def linked(engine: Engine) -> AsyncIterator[FarEngine]:
    """An engine's other end, over a stream in memory."""
    here, there = memory_stream_pair()
    far = FarEngine(there)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Attendant(here, engine, Vitals(engine).page).run)
        nursery.start_soon(far.run)
        yield far
        await there.aclose()
