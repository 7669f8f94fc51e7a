"""Time, chance and the order of tasks, all from one seed: a whole engine runs so, and runs so again.

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

SWITCH = "_ALLOW_DETERMINISTIC_SCHEDULING"


class VirtualClock:
    """An ``engine.clock.Clock`` that begins at ``start`` (µs) and goes with trio's; its chance is seeded."""

    def __init__(self, start: int, seed: int) -> None:
        self._start = start
        self._random = Random(f"{seed}/entropy")  # noqa: S311  repeatable on purpose: no log outlives the run

    def wall(self) -> int:
        """µs since 1970."""
        return self._start + self.monotonic()

    def monotonic(self) -> int:
        """µs since the run began."""
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
