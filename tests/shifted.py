"""``matron`` with its wall clock so many hours ahead: ``python -m tests.shifted 24 serve …`` serves as of tomorrow."""

from __future__ import annotations

import sys

import gateway.__main__ as program
from engine.clock import SystemClock

AHEAD = int(sys.argv.pop(1)) * 3_600_000_000


class ShiftedClock(SystemClock):
    """The machine's own clock, but for what day it is."""

    def wall(self) -> int:
        """µs since 1970-01-01 UTC, ahead of the machine's."""
        return super().wall() + AHEAD


if __name__ == "__main__":
    program.SystemClock = ShiftedClock  # type: ignore[attr-defined]
    program.main()
