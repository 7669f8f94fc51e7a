"""How a load gets on, for whoever waits: a line that lives on a terminal, otherwise a plain line now and then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.status import Status

from perf.load.histogram import percentile
from perf.load.order import Progress

_EVERY: Final = 5.0
"""Seconds between two plain lines."""

_LIVE: Final = 1.0


class Telling:
    """Says what is done, and what of a load was answered since it last said so."""

    def __init__(self, status: Status | None) -> None:
        self._status = status
        self._since = 0.0
        self._done = self._bad = self._all_bad = self._backlog = 0
        self._counts: dict[int, int] = {}

    def step(self, what: str) -> None:
        """What is done next."""
        self._since = 0.0
        self._done = self._bad = self._all_bad = self._backlog = 0
        self._counts = {}
        self._line(what)

    def progress(self, made: Progress) -> None:
        """A load gets on; parts of several senders add up."""
        self._done += made.done
        self._bad += made.bad
        self._backlog = made.backlog
        for bucket, count in made.counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count
        passed = made.at - self._since
        if passed >= (_EVERY if self._status is None else _LIVE):
            self._tell(made, passed)

    def _tell(self, made: Progress, passed: float) -> None:
        self._all_bad += self._bad
        count = sum(self._counts.values())
        p50, p99 = (1000 * percentile(self._counts, count, share, float("inf")) for share in (0.50, 0.99))
        late = f", {self._backlog:,} wait to be sent" if self._backlog else ""
        rate = self._done / passed
        self._line(
            f"{made.at:6.1f} s  {rate:7,.0f} answers/s  p50 {p50:6.1f} ms  p99 {p99:7.1f} ms  "
            f"{self._all_bad} errors{late}"
        )
        self._since, self._done, self._bad = made.at, 0, 0
        self._counts = {}

    def _line(self, text: str) -> None:
        if self._status is None:
            click.echo(text, err=True)
        else:
            self._status.update(text)


@contextmanager
def telling() -> Iterator[Telling]:
    """Somebody who tells, on standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Telling(None)
        return
    with console.status("") as status:
        yield Telling(status)
