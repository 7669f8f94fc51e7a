"""A whole day's mixture in one hospital: bookings, cancellations, visits, kiosks, counters, reads, and followers.

Everything that staff, patients and boards do, all at once and at random instants, while some follow a queue's news.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perf.figures import Target
from perf.load import mixture
from perf.load.plan import Chain, Settings, Site
from perf.load.scenario import Figure, Founder, Goal, Load
from perf.runs import Repeat


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """One hospital with all that the day needs."""
    return await mixture.prepare(founder, settings, "day")


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """The day."""
    return mixture.plan(sites, settings)


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """What those who follow heard."""
    heard = repeat.heard
    if heard is None:
        return []
    return [
        Figure("news", "frames", float(heard.frames), f"to {settings.followers} who follow a queue"),
        Figure("news: age, p50", "ms", heard.p50, "since the decision's time"),
        Figure("news: age, p99", "ms", heard.p99),
    ]


SCENARIO: Final = Load(
    name="mixed-day",
    objective="Desks, doctors, kiosks, counters and boards of one hospital at work together: each is answered at once.",
    expected=("p99 under 100 ms", "nothing lost, every queue sound", "who follows a queue hears everything, in order"),
    defaults=Settings(rate=300.0, seconds=60.0, followers=20),
    quick=Settings(rate=60.0, seconds=3.0, followers=3, connections=50, warm=0.3),
    prepare=prepare,
    plan=plan,
    figures=figures,
    goals=(
        Goal("p99", Target("most", 100.0), "of all requests"),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
