"""What is said between the harness and the processes that send its load: the order, progress, the outcome."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from perf.load.histogram import Histogram
from perf.load.plan import Settings, Site

_K = TypeVar("_K", str, int)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a load. ``run`` begins every idempotency key; ``record``: the file for the answers to writes."""

    scenario: str
    settings: Settings
    sites: list[Site]
    host: str
    port: int
    key: str = ""
    run: str
    part: int = 0
    parts: int = 1
    record: str


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What became of one write. ``status`` 0: no answer came. ``outcome``: what a problem said of it, if it said so.

    ``position``: in the hospital's log; ``id``: of what was ``made``, or of what the request was about.
    """

    key: str
    hospital: str
    op: str
    good: bool
    status: int
    outcome: str = ""
    position: int = 0
    id: str = ""
    made: str = ""


class Second(msgspec.Struct):
    """One second of the run. ``due``, ``bad`` and ``counts`` (waits by bucket) are of requests that were due in it;
    ``done``: answers that came in it, warm-up included."""

    due: int = 0
    bad: int = 0
    done: int = 0
    most: float = 0.0
    counts: dict[int, int] = msgspec.field(default_factory=dict)


class Progress(msgspec.Struct, frozen=True):
    """Since the last time that it was told: ``rate`` of answers, ``waits``, errors; ``backlog``: due, not yet sent."""

    at: float
    done: int
    bad: int
    open: int
    backlog: int
    counts: dict[int, int]


class Measured(msgspec.Struct, kw_only=True):
    """Of one load. Waits count from the instant at which a request was due, ``answering`` from when it was sent.

    ``connecting``: until a new connection took the request. ``late``: from due to sent. ``behind``: the same, where a
    connection was free: the sender's own slowness.
    ``statuses``: by operation and status, "0" where no answer came. ``problems``: codes, or what happened.
    """

    seconds: float = 0.0
    planned: int = 0
    sent: int = 0
    ops: dict[str, Histogram] = msgspec.field(default_factory=dict)
    answering: Histogram = msgspec.field(default_factory=Histogram)
    late: Histogram = msgspec.field(default_factory=Histogram)
    behind: Histogram = msgspec.field(default_factory=Histogram)
    connecting: Histogram = msgspec.field(default_factory=Histogram)
    statuses: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    problems: dict[str, int] = msgspec.field(default_factory=dict)
    skipped: dict[str, int] = msgspec.field(default_factory=dict)
    unanswered: int = 0
    bad: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    connections: int = 0
    busy: float = 0.0
    by_second: dict[int, Second] = msgspec.field(default_factory=dict)

    def merge(self, other: Measured) -> None:
        """Take in what another process measured meanwhile."""
        self.seconds = max(self.seconds, other.seconds)
        for name in ("planned", "sent", "unanswered", "bad", "bytes_out", "bytes_in", "connections", "busy"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("answering", "late", "behind", "connecting"):
            getattr(self, name).merge(getattr(other, name))
        for op, found in other.ops.items():
            self.ops.setdefault(op, Histogram()).merge(found)
        for op, statuses in other.statuses.items():
            _add(self.statuses.setdefault(op, {}), statuses)
        _add(self.problems, other.problems)
        _add(self.skipped, other.skipped)
        for number, second in other.by_second.items():
            mine = self.by_second.setdefault(number, Second())
            mine.due += second.due
            mine.bad += second.bad
            mine.done += second.done
            mine.most = max(mine.most, second.most)
            _add(mine.counts, second.counts)


def _add(to: dict[_K, int], more: dict[_K, int]) -> None:
    for name, count in more.items():
        to[name] = to.get(name, 0) + count


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a sender: it is ready, how it gets on, or what came of it all."""

    ready: bool = False
    progress: Progress | None = None
    measured: Measured | None = None
    failed: str = ""
