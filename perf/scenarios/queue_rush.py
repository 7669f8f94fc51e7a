"""Live queues under a rush: every second a crowd gets in line at the same instant, while counters call without pause.

The waiting room of a laboratory after the wards' rounds. As many are called, begin and are done as have joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import Final

from perf.figures import Target
from perf.load.chains import Supply, instants, join, serving
from perf.load.founding import found_site
from perf.load.plan import Chain, Settings, Site
from perf.load.scenario import Founder, Goal, Load

_SERVICES: Final = 4
_BUSY: Final = 4.0
"""Seconds after which a counter is asked to call again."""

_STEPS: Final = 4
"""Join; call, start, complete."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """Services with counters enough that each has rested when it is its turn."""
    counters = max(2, round(settings.rate / _STEPS * _BUSY / _SERVICES))
    if settings.closed:
        counters = max(counters, settings.closed)
    return [await found_site(founder, "rush", services=_SERVICES, counters=min(counters, 200))]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """Crowds that join, and counters that call."""
    supply = Supply(sites[0])
    each = settings.rate / _STEPS

    def joins() -> Iterator[Chain]:
        number = 0
        for second in range(int(settings.seconds) or 1):
            for _ in range(max(1, round(each))):
                yield join(supply, float(second), number)
                number += 1

    def served() -> Iterator[Chain]:
        for start in instants(settings, each, begin=0.5, seconds=settings.seconds - 1.0):
            yield serving(supply, start)

    if settings.closed:
        number = 0
        while True:
            yield join(supply, 0.0, number)
            yield serving(supply, 0.0)
            number += 1
    yield from merge(joins(), served(), key=lambda chain: chain.start)


SCENARIO: Final = Load(
    name="queue-rush",
    objective="A crowd joins four queues at one instant, again and again, while counters call: nobody is lost.",
    expected=(
        "everybody who joins is in line once, in the place that the rule gives",
        "nobody is called twice",
        "calls answered within 100 ms (p95) while the crowd comes in",
    ),
    defaults=Settings(rate=200.0, seconds=30.0, connections=300),
    quick=Settings(rate=80.0, seconds=3.0, connections=50, warm=0.3),
    prepare=prepare,
    plan=plan,
    goals=(
        Goal("call-next, p95", Target("most", 100.0), "while a crowd comes in"),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
