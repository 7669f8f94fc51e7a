"""A circuit breaker: a destination that fails again and again is left alone for a while, then tried with one notice.

Knows seconds of a monotonic clock that are passed in, and of what is tried only whom it is about: one subject that
fails may have a notice that the receiver chokes on, and that must not hold up the others.
"""

from __future__ import annotations

from math import inf
from typing import Final, Literal

FAILURES: Final = 5
"""Failures one after another that open it, of two subjects at least."""
FIRST_PAUSE: Final = 10.0
"""Seconds that it stays open at first; doubled each time the one try fails."""
LONGEST_PAUSE: Final = 60.0
"""Seconds that it stays open at most."""

State = Literal["closed", "open", "half_open"]


class Breaker:
    """Ask ``wait`` before a try, say ``begun`` when it begins, ``succeeded`` or ``failed`` when it is over."""

    def __init__(self) -> None:
        self.state: State = "closed"
        self._failures = 0
        self._subjects: set[str] = set()
        self._pause = FIRST_PAUSE
        self._until = 0.0

    def wait(self, now: float) -> float:
        """Seconds until a try may begin; without end while the one try of a half-open breaker is under way."""
        if self.state == "closed":
            return 0.0
        return inf if self.state == "half_open" else max(0.0, self._until - now)

    def begun(self) -> None:
        """A try begins."""
        if self.state == "open":
            self.state = "half_open"

    def succeeded(self) -> None:
        """The destination took it: all is well, whatever was before."""
        self.state = "closed"
        self._failures = 0
        self._subjects.clear()
        self._pause = FIRST_PAUSE

    def failed(self, now: float, subject: str) -> None:
        """It did not."""
        self._failures += 1
        if len(self._subjects) < 2:
            self._subjects.add(subject)
        if self.state == "half_open":
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        elif self.state == "open" or self._failures < FAILURES or len(self._subjects) < 2:
            return  # what was under way when it opened says nothing new
        self.state = "open"
        self._until = now + self._pause

    def broken_off(self, now: float) -> None:
        """A try ended without a verdict."""
        if self.state == "half_open":
            self.state = "open"
            self._until = now
