"""How many requests of which kind were answered, and how long that took; of this process, or of several together.

Plain numbers, because every request passes here: one look-up and three additions. What Prometheus makes of them stands
in ``gateway.metrics``. A route is the template of a path, never the path: no id of anybody comes here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of what requests take (s); one more has none."""

METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"))
OTHER: Final = "OTHER"
"""What every other method is called: it is whatever a client says."""

MARKS: Final = frozenset(
    "signed_in signed_out sign_in_failed locked_out unlocked unauthenticated denied rate_limited break_glass key_added "
    "key_revoked key_rotated user_added user_changed user_removed password_changed stream_opened token_cache_hit "
    "token_cache_miss".split()
)
"""What is only counted, by its name."""

Counted = tuple[str, str, int, list[int], float]
"""Route, method and status; how many were in each bucket, and the seconds of all together."""


class Link(Protocol):
    """A link to a gateway process, by what went over it."""

    @property
    def counts(self) -> dict[str, int]:
        """See ``gateway.link.pipe.Pipe.counts``."""


class Losing(Protocol):
    """Whatever writes down what it may lose, where nothing can be written."""

    dropped: int


class Doors(Protocol):
    """The front door of this process."""

    @property
    def open_connections(self) -> int:
        """Connections now."""

    failures: int
    refused: int


class _Row:
    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


class Tally:
    """Counts since the start, or since they were taken away; and what each gateway process beside says of itself."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, int], _Row] = {}
        self.marks: dict[str, int] = dict.fromkeys(sorted(MARKS), 0)
        self.door: Doors | None = None
        self.losing: dict[str, Losing] = {}
        """Of this process, by one of ``LOST``."""
        self.died = 0
        """Gateway processes that ended without having been told to."""
        self._processes: dict[int, dict[str, float]] = {}
        self._links: dict[int, Link] = {}
        self._gone: dict[str, float] = {}

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request was answered; ``route`` ``""``: there is nothing at its path."""
        row = self._rows.get((route, method, status)) or self._row(route, method, status)
        row.counts[bisect_left(BOUNDS, seconds)] += 1
        row.seconds += seconds

    def _row(self, route: str, method: str, status: int) -> _Row:
        # What is no method stands under one name, so that nobody makes rows without end.
        key = (route, method if method in METHODS else OTHER, status)
        return self._rows.setdefault(key, _Row())

    def mark(self, what: str, count: int = 1) -> None:
        """Something of ``MARKS`` has happened; what is none of them is not counted."""
        if what in self.marks:
            self.marks[what] += count

    def take_marks(self) -> dict[str, int]:
        """Those that there are, which then begin anew: to be added elsewhere."""
        taken = {what: count for what, count in self.marks.items() if count}
        self.marks |= dict.fromkeys(taken, 0)
        return taken

    def rows(self) -> list[Counted]:
        """All there is."""
        return [(*key, row.counts, row.seconds) for key, row in self._rows.items()]

    def take(self) -> list[Counted]:
        """All there is, which then begins anew: to be added elsewhere."""
        taken = self.rows()
        self._rows = {}
        return taken

    def add(self, rows: Iterable[Counted], marks: Mapping[str, int] | None = None) -> None:
        """What was taken elsewhere."""
        for what, count in (marks or {}).items():
            self.mark(what, count)
        for route, method, status, counts, seconds in rows:
            row = self._row(route, method, status)
            row.counts = [mine + theirs for mine, theirs in zip(row.counts, counts, strict=True)]
            row.seconds += seconds

    # -- gateway processes beside the engine's ----------------------------------------------------------------

    def heard(self, process: int, figures: dict[str, float], link: Link | None = None) -> None:
        """A gateway process says what it has used so far; see ``process_figures`` and ``door_figures``."""
        self._processes[process] = figures
        if link is not None:
            self._links[process] = link

    def ended(self, process: int) -> None:
        """It is gone; what it has used and counted is not."""
        figures = self._processes.pop(process, None)
        link = self._links.pop(process, None)
        if figures is None:
            return
        kept = {name: figures.get(name, 0) for name in SUMMED}
        if link is not None:
            kept |= {name: link.counts[name] for name in CARRIED}
        for name, count in kept.items():
            self._gone[name] = self._gone.get(name, 0) + count

    def door_figures(self) -> dict[str, float]:
        """Of the door of this process, if it has one, and of what it has lost."""
        door = self.door
        lost: dict[str, float] = {name: each.dropped for name, each in self.losing.items()}
        if door is None:
            return lost
        return lost | {"connections": door.open_connections, "refused": door.refused, "failures": door.failures}

    def processes(self) -> dict[str, Any]:
        """All gateway processes together; connections are those of this process's own door as well."""
        living = list(self._processes.values())
        links = [link.counts for link in self._links.values()]

        def now(name: str) -> float:
            return sum(figures.get(name, 0) for figures in living)

        mine = self.door_figures()
        return {
            "count": len(living),
            "died": self.died,
            "cpu": now("cpu") + self._gone.get("cpu", 0.0),
            "rss": now("rss"),
            "threads": now("threads"),
            "connections": now("connections") + mine.get("connections", 0),
            **{name: now(name) + mine.get(name, 0) + self._gone.get(name, 0) for name in SUMMED[1:]},
            "links": {
                **{name: sum(link[name] for link in links) + self._gone.get(name, 0) for name in CARRIED},
                "waiting": sum(link["waiting"] for link in links),
            },
        }


LOST: Final = ("lost_notes", "lost_lines")
"""Notes for the audit log, and lines of the access log."""

SUMMED: Final = ("cpu", "refused", "failures", *LOST)
CARRIED: Final = ("frames_in", "frames_out", "bytes_in", "bytes_out")
"""What is counted on when a process is gone."""
