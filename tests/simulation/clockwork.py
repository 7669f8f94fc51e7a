"""Time, chance and the order of tasks in a simulation: all of it follows from one seed.

Trio shuffles the tasks that can run; its scheduler has a private switch by which the shuffle draws from one seeded
generator. With the mock clock no real time passes, and with the log in memory there is no thread and no socket.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import TypeVar

import trio._core._run as scheduler
import trio.testing

from engine.decider import SECOND

T = TypeVar("T")

EIGHT = 1_790_582_400_000_000
"""2026-09-28T08:00:00Z in µs, a Monday: when the morning begins."""

SWITCH = "_ALLOW_DETERMINISTIC_SCHEDULING"


class SimulatedClock:
    """An ``engine.clock.Clock`` over trio's mock time; ``skew`` (µs) is how far the wall clock is off."""

    def __init__(self, seed: int) -> None:
        self.skew = 0
        self.read_by: dict[trio.lowlevel.Task, int] = {}
        self._random = Random(f"{seed}/entropy")

    def wall(self) -> int:
        """µs since 1970; also noted for the task that asks, so that an answer can be computed again."""
        now = EIGHT + self.skew + self.monotonic()
        self.read_by[trio.lowlevel.current_task()] = now
        return now

    def monotonic(self) -> int:
        """µs since the simulation began."""
        return round(trio.current_time() * SECOND)

    def entropy(self, count: int) -> bytes:
        """Bytes that the next run of this seed draws again."""
        return self._random.randbytes(count)


@contextmanager
def seeded_scheduling(seed: int) -> Iterator[None]:
    """Inside, trio's order of tasks follows from the seed alone."""
    private = vars(scheduler)
    switch, state = private[SWITCH], private["_r"].getstate()
    private[SWITCH] = True
    private["_r"].seed(seed)
    try:
        yield
    finally:
        private[SWITCH] = switch
        private["_r"].setstate(state)


def run(seed: int, main: Callable[[], Awaitable[T]]) -> T:
    """Run ``main`` to its end under this seed; the clock jumps to the next deadline when nobody can go on."""
    with seeded_scheduling(seed):
        return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
