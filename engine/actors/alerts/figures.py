"""Figures over the window: which of them are too high, and when what is too high will be too long ago.

R5 and R6 of the package. Everything here is a function of slices; nothing opens or closes here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from engine.actors.alerts.state import WINDOW, Alerts, Severity, Slice
from engine.decider import SECOND
from engine.gauges import BOUNDS

SLOW: Final = 5 * SECOND
"""An assignment that took longer is slow,"""
TOO_SLOW: Final = 10 * SECOND
"""and one that took longer than this broke its promise. µs."""
AVERAGE: Final = 1 * SECOND
"""Assignments should not take longer than this on average."""
RATE: Final = 0.01
"""Of timeouts among assignments, and of faults among requests."""
ROOM: Final = 150_000
"""µs within which 95 of 100 bookings of rooms should be durable."""
ROOM_SHARE: Final = 0.05
ENOUGH: Final = 20
"""Bookings, or requests, from which on a share of them says something."""

Bucket = tuple[int, int]


class Window:
    """What some slices come to together."""

    __slots__ = (
        "assigning",
        "assignments",
        "errors",
        "requests",
        "retried",
        "retries",
        "rooms",
        "rooms_slow",
        "slowest",
        "timeouts",
        "total",
    )

    def __init__(self, slices: Iterable[Slice] = ()) -> None:
        self.assignments = self.total = self.slowest = self.timeouts = self.retries = self.retried = 0
        self.rooms_slow = self.requests = self.errors = 0
        self.assigning: dict[int, int] = {}
        self.rooms: dict[int, int] = {}
        for one in slices:
            self.add(one)

    def add(self, one: Slice) -> None:
        """And this one."""
        self.assignments += one.assignments
        self.total += one.assigning_total
        self.slowest = max(self.slowest, one.assigning_slowest)
        self.timeouts += one.timeouts
        self.retries += one.retries
        self.retried += one.retried
        self.rooms_slow += one.rooms_slow
        self.requests += one.requests
        self.errors += one.errors
        for buckets, more in ((self.assigning, one.assigning), (self.rooms, one.rooms)):
            for bucket, count in more:
                buckets[bucket] = buckets.get(bucket, 0) + count


class Finding(NamedTuple):
    """A figure that is too high: how bad that is, what was measured, and what would be too much."""

    severity: Severity
    value: float
    threshold: float
    unit: str


def _slow(window: Window) -> Finding | None:
    if window.slowest <= SLOW:
        return None
    if window.slowest <= TOO_SLOW:
        return Finding("warning", window.slowest / SECOND, SLOW / SECOND, "s")
    return Finding("critical", window.slowest / SECOND, TOO_SLOW / SECOND, "s")


def _timeout_rate(window: Window) -> Finding | None:
    rate = timeout_rate(window)
    return Finding("critical", rate, RATE, "ratio") if rate > RATE else None


def _average(window: Window) -> Finding | None:
    average = window.total / window.assignments if window.assignments else 0.0
    return Finding("warning", average / SECOND, AVERAGE / SECOND, "s") if average > AVERAGE else None


def _room_p95(window: Window) -> Finding | None:
    bookings = sum(window.rooms.values())
    if bookings < ENOUGH or window.rooms_slow <= ROOM_SHARE * bookings:
        return None
    # How many were slow is counted; how slow the 95th of 100 was is known to its bucket.
    value = max(percentile(window.rooms, 0.95), ROOM)
    return Finding("warning", value / 1_000, ROOM / 1_000, "ms")


def _error_rate(window: Window) -> Finding | None:
    rate = window.errors / window.requests if window.requests >= ENOUGH else 0.0
    return Finding("critical", rate, RATE, "ratio") if rate > RATE else None


FIGURES: Final[dict[str, Callable[[Window], Finding | None]]] = {
    "assignment_slow": _slow,
    "timeout_rate": _timeout_rate,
    "assignment_average": _average,
    "room_p95": _room_p95,
    "error_rate": _error_rate,
}
"""Alerts by figures, by their kind; they are about the hospital as a whole."""

OF_ALL: Final = ("room_p95", "error_rate")
"""Of these, those about what every hospital does all day; nobody need hear of them while they are low."""


def timeout_rate(window: Window) -> float:
    """Of all that were to be assigned, how many were withdrawn because nobody had begun in time."""
    asked = window.assignments + window.timeouts
    return window.timeouts / asked if asked else 0.0


def percentile(buckets: dict[int, int], share: float) -> float:
    """How long (µs) this share of them took at most, as far as their buckets tell."""
    left = share * sum(buckets.values())
    for bucket in sorted(buckets):
        count = buckets[bucket]
        if left <= count:
            upper = BOUNDS[min(bucket, len(BOUNDS) - 1)]
            lower = BOUNDS[bucket - 1] if bucket else 0.0
            return (lower + (upper - lower) * left / count) * SECOND if bucket < len(BOUNDS) else upper * SECOND
        left -= count
    return 0.0


def within_window(slices: Sequence[Slice], time: int) -> list[Slice]:
    """Those of the last ``WINDOW`` seconds."""
    return [one for one in slices if one.at > time - WINDOW * SECOND]


def finding(state: Alerts, kind: str, slices: Sequence[Slice], time: int) -> Finding | None:
    """R5, R6: what these slices say of a kind now."""
    since = state.dismissed.get(kind, 0)
    return FIGURES[kind](Window(one for one in within_window(slices, time) if one.at > since))


def over_at(state: Alerts, kind: str) -> int:
    """R5: when, if nothing more is measured, a figure that is too high now will not be any more (µs)."""
    since = state.dismissed.get(kind, 0)
    slices = [one for one in state.slices if one.at > since]
    weigh, window, over = FIGURES[kind], Window(), 0
    for one, next in zip(reversed(slices), [None, *reversed(slices)], strict=False):
        # Without this one and all before it; what was measured at one instant goes at one instant.
        if (next is None or next.at > one.at) and weigh(window) is None:
            over = one.at + WINDOW * SECOND
        window.add(one)
    return over


def worth_telling(state: Alerts | None, kept: Sequence[Slice], time: int) -> bool:
    """Whether anything can follow from what was measured: so that a hospital where all is well writes nothing of it.

    What is not told yet is told with what comes later, as long as it is in the window.
    """
    if any(one.assignments or one.timeouts or one.retries for one in kept):
        return True
    state = state or Alerts()
    if any((kind, "") in state.by_subject for kind in OF_ALL):
        return True
    slices = [*state.slices, *kept]
    return any(finding(state, kind, slices, time) is not None for kind in OF_ALL)
