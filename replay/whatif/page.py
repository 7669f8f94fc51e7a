"""A comparison as one page with plots, which needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine import calendar
from engine.decider import HOUR, MINUTE
from replay.reporting.document import Block, Figure, Heading, Points, Table, Text, html
from replay.reporting.plots import Axis, Line, plot
from replay.whatif.comparing import Comparison
from replay.whatif.figures import Visit, nearest_rank
from replay.whatif.rows import headline, notes, wait_rows

_EACH: Final = 10 * MINUTE
_SHARES: Final = (0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100)
_LINES: Final = 4
"""Variants that a plot can show beside the model; more would be a tangle."""


def page(found: Comparison) -> str:
    """The page."""
    return html(f"What if: {found.hospital}, {found.day}", blocks(found))


def blocks(found: Comparison) -> list[Block]:
    """The document, also as a section of a report."""
    names = ("log", "model", *(str(number) for number, _ in enumerate(found.variants, 1)))
    numeric = frozenset(range(1, len(names) + 1))
    tried = tuple(f"{number}: {one.name}" for number, one in enumerate(found.variants, 1))
    made: list[Block] = [
        Heading(1, f"What if: {found.hospital}, {found.day}"),
        *(Text(line) for line in notes(found)),
    ]
    if tried:
        made += [Heading(2, "Policies tried"), Points(tried)]
    return [
        *made,
        Heading(2, "The day"),
        Table(("figure", *names), tuple(headline(found)), numeric),
        Text("In brackets: the difference from the model with nothing changed."),
        Heading(2, "How many wait"),
        _waiting(found),
        Heading(2, "How long they wait"),
        _shares(found),
        Heading(2, "Who waits how long"),
        Table(("minutes", *names), tuple(wait_rows(found)), numeric),
    ]


def _lines(found: Comparison) -> list[tuple[str, Sequence[Visit]]]:
    variants = [(f"{number}", one.visits) for number, one in enumerate(found.variants, 1)]
    return [("model", found.baseline.visits), *variants[:_LINES]]


def _waiting(found: Comparison) -> Figure:
    shown = [(name, visits) for name, visits in _lines(found)]
    begins = min((one.arrived for _, visits in shown for one in visits), default=found.since) // HOUR * HOUR
    ends = max((one.until for _, visits in shown for one in visits), default=found.until)
    times = list(range(begins, ends + _EACH, _EACH))
    ticks = [
        ((time - begins) / HOUR, calendar.local_time(time, found.zone).strftime("%H:%M"))
        for time in range(begins, ends + HOUR, max(1, (ends - begins) // HOUR // 8) * HOUR)
    ]
    counts = [(name, [_present(visits, time) for time in times]) for name, visits in shown]
    lines = [
        Line(name, [((time - begins) / HOUR, value) for time, value in zip(times, values, strict=True)])
        for name, values in counts
    ]
    wide, narrow = plot("How many wait", Axis("local time", ticks=ticks), Axis("waiting"), lines)
    rows = tuple(
        (calendar.local_time(time, found.zone).strftime("%H:%M"), *(str(values[at]) for _, values in counts))
        for at, time in enumerate(times)
        if at % 3 == 0
    )
    table = Table(("local time", *(name for name, _ in counts)), rows, frozenset(range(1, len(counts) + 1)))
    return Figure("Patients who have arrived and were not yet served, over the day.", wide, narrow, table)


def _shares(found: Comparison) -> Figure:
    shown = [(name, _waits(visits)) for name, visits in _lines(found)]
    lines = [Line(name, [(share, _at(waits, share)) for share in _SHARES]) for name, waits in shown if waits]
    wide, narrow = plot("Waits", Axis("share of the patients (%)"), Axis("minutes"), lines)
    rows = tuple((f"{share} %", *(f"{_at(waits, share):.1f}" for _, waits in shown)) for share in _SHARES)
    table = Table(("share", *(name for name, _ in shown)), rows, frozenset(range(1, len(shown) + 1)))
    return Figure("How long the share of those who were served waited at most.", wide, narrow, table)


def _waits(visits: Iterable[Visit]) -> list[int]:
    return sorted(one.wait for one in visits if one.started)


def _at(waits: Sequence[int], share: int) -> float:
    return nearest_rank(waits, share) / MINUTE if waits else 0.0


def _present(visits: Iterable[Visit], time: int) -> int:
    return sum(one.arrived <= time < one.until for one in visits)
