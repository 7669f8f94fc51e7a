"""Half an hour at half of what the server can bear: does anything grow, or slow down, that should not?

What it can bear is measured first, by a closed loop of the same mixture on a log of its own. The memory that the data
themselves take is told by a process that folds the log and holds nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perf.figures import Target
from perf.load import mixture
from perf.load.histogram import percentile
from perf.load.plan import Chain, Settings, Site
from perf.load.scenario import Figure, Founder, Goal, Load
from perf.runs import Repeat

_MB: Final = 1e6
_SETTLED: Final = 0.1
"""First part of the run that memory and waits are not compared with."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """One hospital with seats for all of it."""
    return await mixture.prepare(founder, settings, "soak")


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """The same mixture, evenly, to the end."""
    return mixture.plan(sites, settings)


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """Memory beyond the data, and whether waits stay what they were."""
    seconds = settings.seconds * (1 - _SETTLED)
    begin = settings.seconds * _SETTLED
    third = seconds / 3
    early = _p99(repeat, begin, begin + third)
    late = _p99(repeat, settings.seconds - third, settings.seconds)
    made = [
        Figure("p99, first third", "ms", early * 1000),
        Figure("p99, last third", "ms", late * 1000),
        Figure("p99, last by first third", "times", late / early if early else 0.0),
    ]
    samples = [sample for sample in repeat.samples if sample.processes]
    if samples and repeat.weight is not None:
        grown = samples[-1].anonymous - samples[0].anonymous
        data = max(repeat.weight.after - repeat.weight.before, 1)
        made += [
            Figure("memory grown", "MB", grown / _MB, "anonymous, resident, from the first second to the last"),
            Figure("memory of the data", "MB", data / _MB, "of a process that folds what the load wrote"),
            Figure("memory grown by that of the data", "times", grown / data),
        ]
    return made


def _p99(repeat: Repeat, begin: float, end: float) -> float:
    """The median of the p99 of ten parts of this time, so that one pause does not decide."""
    parts = []
    width = (end - begin) / 10
    for part in range(10):
        counts: dict[int, int] = {}
        most = 0.0
        for number, second in repeat.measured.by_second.items():
            if begin + part * width <= number < begin + (part + 1) * width:
                most = max(most, second.most)
                for bucket, count in second.counts.items():
                    counts[bucket] = counts.get(bucket, 0) + count
        if counts:
            parts.append(percentile(counts, sum(counts.values()), 0.99, most))
    parts.sort()
    return parts[len(parts) // 2] if parts else 0.0


SCENARIO: Final = Load(
    name="soak",
    objective="Half of what the server can bear, for half an hour: memory grows by the data only, waits do not grow.",
    expected=(
        "no growth of memory beyond the data (a quarter more for what Python needs around them)",
        "the p99 of the last third within 10 % of that of the first",
        "nothing lost, every queue sound",
    ),
    defaults=Settings(seconds=1_800.0, connections=300, warm=10.0),
    quick=Settings(seconds=4.0, connections=50, warm=0.5),
    prepare=prepare,
    plan=plan,
    figures=figures,
    relative=0.5,
    weighs=True,
    goals=(
        Goal("memory grown by that of the data", Target("most", 1.25), "no growth beyond the data"),
        Goal("p99, last by first third", Target("most", 1.10), "medians of ten parts each"),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
