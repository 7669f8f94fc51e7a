"""Closed loop inside the process: callers that each ask, wait for the durable answer, and ask again."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter, thread_time
from typing import Any, Final

import msgspec
import trio

from engine.actor import Reply
from engine.eventlog.entry import Principal
from engine.runtime import Engine
from perf.figures import Incorrect, percentile

CLERK: Final = Principal("bench", "clerk")


class Run(msgspec.Struct, frozen=True):
    """``seconds`` of the clock and ``busy`` seconds of the engine's thread; ``waits`` (s) in rising order."""

    seconds: float
    busy: float
    waits: list[float]
    replies: list[Reply]

    @property
    def rate(self) -> float:
        """Commands answered per second."""
        return len(self.replies) / self.seconds

    def wait(self, share: float) -> float:
        """Milliseconds within which this share was answered."""
        return percentile(self.waits, share) * 1000


async def ask_all(
    engine: Engine, hospital: str, commands: Sequence[Any], *, callers: int, outcome: str = "created"
) -> Run:
    """Ask for all commands; ``Incorrect`` unless each had this outcome. Replies stand in the commands' order."""
    replies: list[Reply | None] = [None] * len(commands)
    waits: list[float] = []
    turn = iter(range(len(commands)))

    async def caller() -> None:
        for index in turn:
            asked = perf_counter()
            replies[index] = await engine.ask(hospital, commands[index], CLERK, within=60.0)
            waits.append(perf_counter() - asked)

    begun, worked = perf_counter(), thread_time()
    async with trio.open_nursery() as nursery:
        for _ in range(callers):
            nursery.start_soon(caller)
    seconds, busy = perf_counter() - begun, thread_time() - worked
    got = [reply for reply in replies if reply is not None and reply.outcome == outcome]
    if len(got) != len(commands):
        raise Incorrect(f"{len(commands) - len(got)} of {len(commands)} commands did not end as {outcome!r}")
    return Run(seconds, busy, sorted(waits), got)
