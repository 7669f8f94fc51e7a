"""The morning of a network: twenty hospitals, bookings by the hour as real clinics have them, and what follows.

Most book for a later day; who books for today comes, is called by his doctor, seen, and done. Between that desks and
boards look things up. The busiest half hour has more than one and a half times the mean rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from engine.clock import SystemClock
from perf.figures import Target
from perf.load.chains import Supply, booking, look, visit
from perf.load.day import LEADS, Coming, mornings
from perf.load.founding import found_site, morning
from perf.load.plan import Chain, Settings, Site
from perf.load.scenario import Founder, Goal, Load

_DOCTORS: Final = 10
_LOOKS: Final = 1.0
"""Things that are looked up for each booking."""

_VISIT: Final = 4
"""Requests of a visit behind its booking."""

_TODAY: Final = 0.35 * 0.95
"""About the share of bookings that are for today, by patients who come."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """Hospitals with doctors, slots of today and of some later days, and a patient for each booking."""
    zone = morning(SystemClock().wall())
    sites = []
    for number, coming in enumerate(_by_site(settings)):
        patients = len(coming) + 1
        capacity = -(-patients // _DOCTORS) + 1
        sites.append(
            await found_site(
                founder, f"site-{number + 1}", doctors=_DOCTORS, patients=patients, days=len(LEADS) - 1,
                slots=_DOCTORS, capacity=capacity, today=_DOCTORS, time_zone=zone,
            )
        )  # fmt: skip
    return sites


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """Everybody of that morning; a closed loop goes through it as fast as it is answered."""
    supplies = [Supply(site) for site in sites]
    random = Random(f"{settings.seed}/looks")  # noqa: S311  it guards nothing
    for number, one in enumerate(_coming(settings)):
        supply = supplies[one.site]
        if one.day:
            yield booking(supply, one.at, number, one.day - 1)
        else:
            yield visit(supply, one.at, number, comes=one.comes)
        yield look(supply, one.at, random)


def _coming(settings: Settings) -> list[Coming]:
    each = 1 + _LOOKS + _TODAY * _VISIT
    count = max(1, round(settings.requests / each))
    return mornings(count, settings.seconds, settings.hospitals, _DOCTORS, settings.seed, settings.arrivals)


def _by_site(settings: Settings) -> list[list[Coming]]:
    made: list[list[Coming]] = [[] for _ in range(settings.hospitals)]
    for one in _coming(settings):
        made[one.site].append(one)
    return made


SCENARIO: Final = Load(
    name="morning-peak",
    objective="A network of hospitals opens for the day: who books, comes or looks something up is answered at once.",
    expected=(
        "p99 under 25 ms at 300 requests a second on average",
        "nothing lost, nothing refused that should not be",
    ),
    defaults=Settings(rate=300.0, seconds=60.0, hospitals=20),
    quick=Settings(rate=60.0, seconds=3.0, hospitals=3, connections=50, warm=0.5),
    prepare=prepare,
    plan=plan,
    goals=(
        Goal("p99", Target("most", 25.0), "of all requests, from the instant at which each was due"),
        Goal("violations", Target("most", 0.0), "nothing lost"),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
