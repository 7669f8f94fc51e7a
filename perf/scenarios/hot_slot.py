"""Everybody wants the same slot: half as many seats as bookings, the others get a place in its waiting list.

One actor decides all of it, one booking after the other, so this is the load that parallel hardware does not help.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perf.figures import Target
from perf.load.chains import Supply, book, instants
from perf.load.founding import found_site
from perf.load.plan import PLACED, Chain, Settings, Site
from perf.load.scenario import Founder, Goal, Load

_EACH: Final = 8_000
"""Bookings of one slot; then the next one is the hot one. Half of them find a seat."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """Slots for all, one a day."""
    wanted = round(settings.requests * 1.1) + 50
    each = min(_EACH, wanted)
    days = -(-wanted // each)
    return [await found_site(founder, "hot", doctors=1, patients=each, days=days, slots=1, capacity=each // 2)]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """One booking after another, for the same slot."""
    supply = Supply(sites[0])
    for number, start in enumerate(instants(settings, settings.rate)):
        if not supply.left:
            return
        slot, patient = supply.seat()
        yield Chain(start, sites[0].hospital, (book(slot, patient, number, PLACED),))


SCENARIO: Final = Load(
    name="hot-slot",
    objective="Many want one slot at once: its seats go to as many as there are, the others are in line behind them.",
    expected=(
        "every booking gets a seat or a place in line",
        "p95 under 100 ms, as where the bookings are spread",
        "no seat beyond the capacity, no place given twice",
    ),
    defaults=Settings(rate=500.0, seconds=30.0),
    quick=Settings(rate=60.0, seconds=2.0, connections=20, warm=0.3),
    prepare=prepare,
    plan=plan,
    goals=(
        Goal("p95", Target("most", 100.0), "a seat or a place in line"),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
