"""Bookings by everybody at once: one a request, each for a patient of its own, spread over a hundred slots.

The hour at which a hospital opens its calendar. Requests come at random instants, whether the ones before were
answered or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perf.figures import Target
from perf.load.chains import Supply, booking, instants
from perf.load.founding import found_site
from perf.load.plan import Chain, Settings, Site
from perf.load.scenario import Founder, Goal, Load

_SLOTS: Final = 100
_PATIENTS: Final = 5_000
"""At the most; they come again on another day."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """One hospital with a seat for each request."""
    wanted = round(settings.requests * 1.1) + 100
    patients = min(wanted, _PATIENTS)
    days, slots = -(-wanted // patients), min(_SLOTS, patients)
    capacity = -(-patients // slots)
    site = await found_site(
        founder, "storm", doctors=min(50, slots), patients=patients, days=days, slots=slots, capacity=capacity
    )
    return [site]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """One booking after another."""
    supply = Supply(sites[0])
    for number, start in enumerate(instants(settings, settings.rate)):
        if not supply.left:
            return
        yield booking(supply, start, number)


SCENARIO: Final = Load(
    name="booking-storm",
    objective="Many book at once, each in a slot that has a seat: all of them get one, at once, and nobody two.",
    expected=(
        "every booking succeeds",
        "p95 under 100 ms",
        "no seat given twice, no patient booked twice, no acknowledged booking lost",
    ),
    defaults=Settings(rate=500.0, seconds=30.0),
    quick=Settings(rate=60.0, seconds=2.0, connections=20, warm=0.3),
    prepare=prepare,
    plan=plan,
    goals=(
        Goal("p95", Target("most", 100.0), "booking with its seat, from the instant at which it was due"),
        Goal("errors", Target("most", 0.1), "of all requests"),
        Goal("answers", Target("least", 20.0), "sustained"),
    ),
)
