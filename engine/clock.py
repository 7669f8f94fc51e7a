"""The seams to the world that a decision may not touch: wall clock, monotonic clock, random bytes.

The one engine file that asks the operating system for them; tests and the simulation pass their own.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import Final, Protocol

_DRAWN: Final = 256
"""Portions of random bytes fetched from the kernel at once: one call for each costs 1 µs, and a booking needs two."""


class Clock(Protocol):
    """Instants in µs and random bytes."""

    def wall(self) -> int:
        """µs since 1970-01-01 UTC; may step."""

    def monotonic(self) -> int:
        """µs since some start; never steps back."""

    def entropy(self, count: int) -> bytes:
        """``count`` unguessable bytes."""


class SystemClock:
    """The machine's own. Random bytes are drawn ahead; a process that was split off throws them away."""

    def __init__(self) -> None:
        self._ahead: dict[int, deque[bytes]] = {}
        os.register_at_fork(after_in_child=self._ahead.clear)  # else two processes would give the same bytes out

    def wall(self) -> int:
        """µs since 1970-01-01 UTC."""
        return time.time_ns() // 1000

    def monotonic(self) -> int:
        """µs since the machine's start."""
        return time.monotonic_ns() // 1000

    def entropy(self, count: int) -> bytes:
        """From the kernel's generator; each byte is given out once."""
        ahead = self._ahead.get(count)
        if not ahead:
            drawn = os.urandom(count * _DRAWN)
            ahead = deque([drawn[at : at + count] for at in range(0, len(drawn), count)])
            self._ahead[count] = ahead
        return ahead.popleft()
