"""An auditor follows the live log while a busy hospital works: does anybody notice?

Half a minute with nobody following, half a minute with an auditor, by turns, ten minutes of each. What is compared are
the medians of the turns: the p99 of all answers, and by how much the log's file grew for each entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perf.figures import Target
from perf.load import mixture
from perf.load.histogram import percentile
from perf.load.plan import Chain, Settings, Site
from perf.load.scenario import Figure, Founder, Goal, Load
from perf.runs import Repeat, Spell

_SPELL: Final = 30.0
_STARTS: Final = 0.1
"""First part of a turn that is not looked at: an auditor first reads what there is already."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """One hospital with seats for all of it."""
    return await mixture.prepare(founder, settings, "audited")


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """The same mixture, evenly, to the end."""
    return mixture.plan(sites, settings)


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """With an auditor by without: medians of the turns."""
    made: dict[bool, float] = {}
    grown: dict[bool, float] = {}
    for followed in (False, True):
        spells = [spell for spell in repeat.spells if spell.followed is followed]
        made[followed] = _median([_p99(repeat, spell) for spell in spells])
        # A round of snapshots makes the file grow in one turn and not in the next: the median leaves it out.
        grown[followed] = _median([spell.grown / entries for spell in spells if (entries := _entries(repeat, spell))])
    turns = len(repeat.spells)
    return [
        Figure("p99, nobody follows", "ms", made[False] * 1000, f"median of {turns} turns of both kinds"),
        Figure("p99, an auditor follows", "ms", made[True] * 1000),
        Figure("p99, followed by not", "times", made[True] / made[False] if made[False] else 0.0),
        Figure("log's growth, nobody follows", "bytes/entry", grown[False]),
        Figure("log's growth, an auditor follows", "bytes/entry", grown[True]),
        Figure("log's growth, followed by not", "times", grown[True] / grown[False] if grown[False] else 0.0),
    ]


def _p99(repeat: Repeat, spell: Spell) -> float:
    begin = spell.begin + (spell.end - spell.begin) * _STARTS
    counts: dict[int, int] = {}
    most = 0.0
    for number, second in repeat.measured.by_second.items():
        if begin <= number < spell.end:
            most = max(most, second.most)
            for bucket, count in second.counts.items():
                counts[bucket] = counts.get(bucket, 0) + count
    return percentile(counts, sum(counts.values()), 0.99, most) if counts else 0.0


def _entries(repeat: Repeat, spell: Spell) -> float:
    seen = [
        one.load["entries"] for one in repeat.samples if spell.begin <= one.at < spell.end and "entries" in one.load
    ]
    return seen[-1] - seen[0] if seen else 0.0


def _median(values: list[float]) -> float:
    ranked = sorted(values)
    return ranked[len(ranked) // 2] if ranked else 0.0


SCENARIO: Final = Load(
    name="auditor",
    objective="An auditor follows the live log under load: answers stay as fast, and the log grows as before.",
    expected=(
        "the median p99 with an auditor within 1.5 times that without",
        "the log's file grows by no more than 1.1 times as much for each entry",
        "nothing lost, every queue sound",
    ),
    defaults=Settings(seconds=1_200.0, connections=300, rate=600.0, warm=5.0),
    quick=Settings(seconds=6.0, connections=50, rate=100.0, warm=0.5),
    prepare=prepare,
    plan=plan,
    figures=figures,
    audited=_SPELL,
    goals=(
        Goal("p99, followed by not", Target("most", 1.5)),
        Goal("log's growth, followed by not", Target("most", 1.1)),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
