"""What an engine counts about itself: plain numbers since its start, so that two readings can be subtracted.

Knows no clock and no task: whoever has measured something notes it here. Nothing of it is in the way of a command,
beyond adding one to a number.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from itertools import accumulate
from typing import Any, Final

BOUNDS: Final = tuple(round(10 ** (step / 10 - 5), 8) for step in range(61))
"""Upper bounds of a histogram's buckets (s): 10 µs to 10 s, ten to a decade; one more has no bound."""


FEW_BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""The same for what there are hundreds of, each told whole to whoever scrapes."""

SIZES: Final = tuple(1 << power for power in range(13))


class Histogram:
    """How often something took how long."""

    __slots__ = ("bounds", "counts", "longest", "total")

    def __init__(self, bounds: tuple[float, ...] = BOUNDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.longest = 0.0

    def note(self, seconds: float) -> None:
        """Count one; less than nothing, as of a clock that was set back, counts as nothing."""
        if seconds < 0.0:
            seconds = 0.0
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds
        if seconds > self.longest:
            self.longest = seconds

    def document(self) -> dict[str, Any]:
        """Count, sum and maximum (s), and the buckets: upper bound (``None``: infinite), how many up to there."""
        running = list(accumulate(self.counts))
        return {
            "count": running[-1],
            "sum": round(self.total, 6),
            "max": round(self.longest, 6),
            "buckets": [list(pair) for pair in zip((*self.bounds, None), running, strict=True)],
        }


class Sizes:
    """How many were taken together, how often: up to 1, 2, 4 … 4,096; one more has no bound."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(SIZES) + 1)
        self.total = 0

    def note(self, count: int) -> None:
        """So many, once."""
        self.counts[min((count - 1).bit_length(), len(SIZES))] += 1
        self.total += count

    def document(self) -> dict[str, Any]:
        """Count, sum, and the buckets: upper bound (``None``: infinite), how many up to there."""
        running = list(accumulate(self.counts))
        return {
            "count": running[-1],
            "sum": self.total,
            "buckets": [list(pair) for pair in zip((*SIZES, None), running, strict=True)],
        }


class Cache:
    """How often something was at hand, and how often it had to be fetched."""

    __slots__ = ("hits", "misses")

    def __init__(self, hits: int = 0, misses: int = 0) -> None:
        self.hits = hits
        self.misses = misses


class Mailboxes:
    """Of all actors together: messages that wait now, the most that ever waited for one, and those refused."""

    __slots__ = ("longest", "refused", "waiting")

    def __init__(self) -> None:
        self.waiting = 0
        self.longest = 0
        self.refused = 0


class Gauges:
    """One engine's, kept when it reads its log again.

    ``commits`` are the seconds of each, ``entries`` what they held, ``sizes`` how many each. ``lag`` is by how much
    the engine's loop was late for an appointment. ``states``: commands and queries by whether all they met was in
    memory; ``keys``: sealing keys likewise; ``repeats``: commands with an idempotency key by whether the key had come
    before; ``topics``: states of topics for followers, made once for those who ask for the same. ``commands``: by
    their type, how many were accepted, refused, not applied, and withdrawn while they waited; timers and the engine's
    own included. ``asked_for``: how long each type of command and ``looked_for`` of query took, from where it came in
    to where its answer may leave. ``slow``: how many of them took longer than the log of slow ones asks for.
    """

    __slots__ = (
        "asked_for",
        "commands",
        "commits",
        "entries",
        "keys",
        "lag",
        "looked_for",
        "mailboxes",
        "repeats",
        "sizes",
        "slow",
        "states",
        "topics",
    )

    def __init__(self) -> None:
        self.commits = Histogram()
        self.entries = 0
        self.sizes = Sizes()
        self.lag = Histogram()
        self.mailboxes = Mailboxes()
        self.states = Cache()
        self.keys = Cache()
        self.repeats = Cache()
        self.topics = Cache()
        self.commands: defaultdict[type[Any], list[int]] = defaultdict(_none_yet)
        self.asked_for: defaultdict[type[Any], Histogram] = defaultdict(_few)
        self.looked_for: defaultdict[type[Any], Histogram] = defaultdict(_few)
        self.slow = 0

    def asked(self) -> int:
        """Commands and queries so far, in a number that grows with each."""
        return self.states.hits + self.states.misses + self.entries

    def operations(self) -> dict[str, Any]:
        """How long each type of command and of query took. Apart from the rest: there are hundreds."""
        return {
            "commands": {kind.__name__: took.document() for kind, took in self.asked_for.items()},
            "queries": {kind.__name__: took.document() for kind, took in self.looked_for.items()},
            "slow": self.slow,
        }

    def document(self, open_mailboxes: int, **more: Cache) -> dict[str, Any]:
        """All of it as plain maps; ``open_mailboxes``: how many actors have a mailbox now, ``more``: further caches."""
        boxes = self.mailboxes
        caches = {name: getattr(self, name) for name in ("states", "keys", "repeats", "topics")} | more
        return {
            "commits": {
                "count": sum(self.commits.counts),
                "entries": self.entries,
                "seconds": self.commits.document(),
                "sizes": self.sizes.document(),
            },
            "loop_lag": self.lag.document(),
            "mailboxes": {
                "open": open_mailboxes,
                "waiting": boxes.waiting,
                "longest": boxes.longest,
                "refused": boxes.refused,
            },
            "caches": {name: {"hits": cache.hits, "misses": cache.misses} for name, cache in caches.items()},
            "commands": {
                kind.__name__: dict(zip(OUTCOMES, counts, strict=True)) for kind, counts in self.commands.items()
            },
        }


OUTCOMES: Final = ("accepted", "refused", "not_applied", "withdrawn")
"""What may become of a command, by its place in ``Gauges.commands``."""

ACCEPTED, REFUSED, NOT_APPLIED, WITHDRAWN = range(4)


def _none_yet() -> list[int]:
    return [0, 0, 0, 0]


def _few() -> Histogram:
    return Histogram(FEW_BOUNDS)
