"""Whether two runs differ, or only look as if they did: medians, an interval of their ratio, a word for each figure.

Several repeats are compared by rank (Mann and Whitney): the interval of the ratio is read off the ratios of all pairs,
as many of them left out at each end as chance alone would put there. One run each has nothing but its own seconds; they
are drawn anew in blocks, for a second is like the one before it. Knows no way of printing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import comb
from random import Random
from statistics import median
from typing import Final, Literal

import msgspec

from perf.figures import Incorrect
from perf.load.histogram import percentile
from perf.load.plan import Settings
from perf.runs import Run

Word = Literal["noise", "change", "too few"]

LEVEL: Final = 0.95
_DRAWS: Final = 2_000
_BLOCK: Final = 5
"""Seconds of a block."""

_FEWEST: Final = 4
"""Blocks that an interval can be drawn from."""


class Compared(msgspec.Struct, frozen=True):
    """One figure of both. ``ratio`` is of the second to the first, ``low`` and ``high`` its interval."""

    scenario: str
    name: str
    unit: str
    first: float
    second: float
    ratio: float
    low: float
    high: float
    word: Word
    how: str


def compare(first: Sequence[Run], second: Sequence[Run]) -> list[Compared]:
    """Every figure that both sides have; ``Incorrect`` when they have none in common or ran otherwise."""
    names = [name for name in dict.fromkeys(run.scenario for run in first) if any(r.scenario == name for r in second)]
    if not names:
        raise Incorrect("the two have no scenario in common")
    made: list[Compared] = []
    for name in names:
        ours, theirs = ([run for run in runs if run.scenario == name] for runs in (first, second))
        for run in (*ours, *theirs):
            if run.violations:
                raise Incorrect(f"{name} of {run.begun} did not pass its checks: its figures count for nothing")
        made.extend(_figures(name, ours, theirs))
    return made


def differences(first: Sequence[Run], second: Sequence[Run]) -> list[str]:
    """What else than the program differs between runs of one scenario, and would explain a change."""
    found: list[str] = []
    for name in dict.fromkeys(run.scenario for run in first):
        ours, theirs = ([run for run in runs if run.scenario == name] for runs in (first, second))
        if not theirs:
            continue
        for what, of in _OTHERWISE.items():
            found += _difference(name, what, {of(run) for run in ours}, {of(run) for run in theirs})
        for setting in Settings.__struct_fields__:
            values = ({f"{getattr(run.settings, setting)}" for run in runs} for runs in (ours, theirs))
            found += _difference(name, setting, *values)
    return found


def _difference(name: str, what: str, ours: set[str], theirs: set[str]) -> list[str]:
    return [] if ours == theirs else [f"{name}, {what}: {', '.join(sorted(ours))} | {', '.join(sorted(theirs))}"]


_OTHERWISE: Final[dict[str, Callable[[Run], str]]] = {
    "processor": lambda run: f"{run.environment.get('processor')}, {run.environment.get('cores')} cores",
    "file system": lambda run: str(run.environment.get("file_system")),
    "Python": lambda run: str(run.environment.get("python")),
    "gateway processes": lambda run: str(run.workers),
}


def _figures(name: str, first: Sequence[Run], second: Sequence[Run]) -> list[Compared]:
    made = []
    ours, theirs = _values(first), _values(second)
    for figure, (unit, values) in ours.items():
        if figure not in theirs:
            continue
        others = theirs[figure][1]
        if len(values) == 1 and len(others) == 1 and (figure in _BY_SECOND) and first[0].repeats and second[0].repeats:
            made.append(_of_seconds(name, figure, unit, first[0], second[0], (values[0], others[0])))
        else:
            made.append(_of_repeats(name, figure, unit, values, others))
    return made


def _values(runs: Sequence[Run]) -> dict[str, tuple[str, list[float]]]:
    found: dict[str, tuple[str, list[float]]] = {}
    for run in runs:
        for row in run.rows:
            found.setdefault(row.name, (row.unit, []))[1].extend(row.values)
    return found


def _of_repeats(scenario: str, name: str, unit: str, ours: list[float], theirs: list[float]) -> Compared:
    first, second = median(ours), median(theirs)
    if first == second or min(*ours, *theirs) <= 0:
        same = sorted(ours) == sorted(theirs)
        word: Word = "noise" if same or set(ours) & set(theirs) else "change" if _ranked(ours, theirs) else "too few"
        ratio = second / first if first else 1.0 if same else float("inf")
        return Compared(scenario, name, unit, first, second, ratio, ratio, ratio, word, "by value")
    pairs = sorted(other / one for one in ours for other in theirs)
    out = left_out(len(ours), len(theirs))
    low, high = pairs[max(out - 1, 0)], pairs[-max(out, 1)]
    word = "too few" if not out else "change" if low > 1 or high < 1 else "noise"
    how = f"{len(ours)} and {len(theirs)} repeats, by rank"
    return Compared(scenario, name, unit, first, second, median(pairs), low, high, word, how)


def _ranked(ours: list[float], theirs: list[float]) -> bool:
    """Whether all of one lie beyond all of the other, and there are enough for that to mean something."""
    apart = max(ours) < min(theirs) or max(theirs) < min(ours)
    return apart and bool(left_out(len(ours), len(theirs)))


def left_out(first: int, second: int) -> int:
    """How many of the ordered pairs lie outside the interval at each end, plus one; 0: there are too few for any."""
    whole, seen = comb(first + second, first), 0
    for count in range(first * second + 1):
        seen += _orders(first, second, count)
        if 2 * seen / whole > 1 - LEVEL:
            return count
    return 0


@cache
def _orders(first: int, second: int, above: int) -> int:
    """In how many orders of so many of each exactly ``above`` pairs have the first one above the second."""
    if above < 0:
        return 0
    if not first or not second:
        return int(above == 0)
    return _orders(first - 1, second, above - second) + _orders(first, second - 1, above)


def _of_seconds(scenario: str, name: str, unit: str, first: Run, second: Run, values: tuple[float, float]) -> Compared:
    ours, theirs = _blocks(first, name), _blocks(second, name)
    how = "one run each, from its seconds: between runs there may be more"
    ratio = values[1] / values[0] if values[0] else 1.0
    if min(len(ours), len(theirs)) < _FEWEST:
        return Compared(scenario, name, unit, *values, ratio, ratio, ratio, "too few", how)
    random = Random(f"{scenario}/{name}")  # noqa: S311  the same two runs give the same interval
    drawn = sorted(
        median(random.choices(theirs, k=len(theirs))) / max(median(random.choices(ours, k=len(ours))), 1e-9)
        for _ in range(_DRAWS)
    )
    low, high = drawn[int(_DRAWS * (1 - LEVEL) / 2)], drawn[int(_DRAWS * (1 + LEVEL) / 2) - 1]
    word: Word = "change" if low > 1 or high < 1 else "noise"
    return Compared(scenario, name, unit, *values, ratio, low, high, word, how)


_BY_SECOND: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "answers": 0.0}


def _blocks(run: Run, name: str) -> list[float]:
    """The figure of each block of seconds of a run's only repeat."""
    seconds = run.repeats[0].measured.by_second
    end = run.settings.seconds or run.repeats[0].measured.seconds
    made = []
    for begin in range(round(run.settings.warm + 0.5), int(end) - _BLOCK + 1, _BLOCK):
        some = [seconds[n] for n in range(begin, begin + _BLOCK) if n in seconds]
        if name == "answers":
            made.append(sum(one.done for one in some) / _BLOCK)
            continue
        counts: dict[int, int] = {}
        for one in some:
            for bucket, count in one.counts.items():
                counts[bucket] = counts.get(bucket, 0) + count
        if counts:
            most = max(one.most for one in some)
            made.append(percentile(counts, sum(counts.values()), _BY_SECOND[name], most) * 1000)
    return made
