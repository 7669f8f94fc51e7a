"""Time and chance in a simulation: those of ``perf.virtual``, with a wall clock that may be wrong."""

from __future__ import annotations

import trio

from perf.virtual import SWITCH, VirtualClock, run, seeded_scheduling

__all__ = ["EIGHT", "SWITCH", "SimulatedClock", "run", "seeded_scheduling"]

EIGHT = 1_790_582_400_000_000
"""2026-09-28T08:00:00Z in µs, a Monday: when the morning begins."""


class SimulatedClock(VirtualClock):
    """An ``engine.clock.Clock`` over trio's mock time; ``skew`` (µs) is how far the wall clock is off."""

    def __init__(self, seed: int) -> None:
        super().__init__(EIGHT, seed)
        self.skew = 0
        self.read_by: dict[trio.lowlevel.Task, int] = {}

    def wall(self) -> int:
        """µs since 1970; also noted for the task that asks, so that an answer can be computed again."""
        now = super().wall() + self.skew
        self.read_by[trio.lowlevel.current_task()] = now
        return now
