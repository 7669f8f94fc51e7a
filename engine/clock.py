"""The seams to the world that a decision may not touch: wall clock, monotonic clock, random bytes.

The one engine file that asks the operating system for them; tests and the simulation pass their own.
"""

from __future__ import annotations

import os
import time
from typing import Protocol


class Clock(Protocol):
    """Instants in µs and random bytes."""

    def wall(self) -> int:
        """µs since 1970-01-01 UTC; may step."""

    def monotonic(self) -> int:
        """µs since some start; never steps back."""

    def entropy(self, count: int) -> bytes:
        """``count`` unguessable bytes."""


class SystemClock:
    """The machine's own."""

    def wall(self) -> int:
        """µs since 1970-01-01 UTC."""
        return time.time_ns() // 1000

    def monotonic(self) -> int:
        """µs since the machine's start."""
        return time.monotonic_ns() // 1000

    def entropy(self, count: int) -> bytes:
        """From the kernel's generator."""
        return os.urandom(count)
