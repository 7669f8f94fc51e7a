"""What goes on in one busy hospital, all at once: bookings, some taken back, visits, kiosks and counters, looking up.

Two scenarios draw from it. The shares are of chains; a chain of several requests goes on for some seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from random import Random
from typing import Final

from engine.clock import SystemClock
from perf.load.chains import Supply, booking, booking_taken_back, instants, join, look, serving, visit
from perf.load.founding import found_site, morning
from perf.load.plan import Chain, Settings, Site
from perf.load.scenario import Founder

_SHARES: Final = {"book": 34, "book and cancel": 8, "visit": 4, "join": 14, "look": 40}
"""In percent of what begins; a counter serves whenever somebody has joined."""

_REQUESTS: Final = {"book": 1, "book and cancel": 2, "visit": 5, "join": 1 + 3, "look": 1}
_PER: Final = sum(share * _REQUESTS[kind] for kind, share in _SHARES.items()) / 100
"""Requests of what begins, on average."""

_SERVICES: Final = 10
_A_DAY: Final = 1_500
"""Services at the least, and tickets that one of them gives in a day: a long load is that of more services."""

_BUSY: Final = 4.0
_PATIENTS: Final = 5_000
_SLOTS: Final = 100
_TODAY: Final = 300
"""Doctors and their slots of today, at the most."""


async def prepare(founder: Founder, settings: Settings, hospital: str) -> list[Site]:
    """A hospital with seats, patients and counters for all of it."""
    begun = settings.requests / _PER
    bookings = round(begun * (_SHARES["book"] + _SHARES["book and cancel"]) / 100 * 1.15) + 100
    visits = round(begun * _SHARES["visit"] / 100 * 1.15) + 50
    patients = max(min(bookings, _PATIENTS), visits)
    days, slots = -(-bookings // patients), min(_SLOTS, patients)
    rate = settings.rate / _PER if settings.rate else 100.0
    doctors = min(_TODAY, max(10, round(rate * _SHARES["visit"] / 100 * 8)))
    services = min(200, max(_SERVICES, round(begun * _SHARES["join"] / 100 / _A_DAY)))
    counters = min(200, max(4, round(rate * _SHARES["join"] / 100 * _BUSY / services) + settings.closed))
    site = await found_site(
        founder, hospital, doctors=doctors, patients=patients, days=days, slots=slots,
        capacity=-(-patients // min(slots, doctors)) + 1, services=services, counters=counters, today=doctors,
        time_zone=morning(SystemClock().wall()),
    )  # fmt: skip
    return [site]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """All of it, until there are no seats any more."""
    supply = Supply(sites[0])
    random = Random(f"{settings.seed}/mixture")  # noqa: S311  it guards nothing
    rate = settings.rate / _PER if settings.rate else 1.0
    if settings.closed:
        yield from _without_end(supply, random)
        return
    served = instants(settings, rate * _SHARES["join"] / 100, begin=1.0, seconds=settings.seconds - 1.0)
    yield from merge(
        _begun(supply, random, instants(settings, rate)),
        (serving(supply, start) for start in served),
        key=lambda chain: chain.start,
    )


def _begun(supply: Supply, random: Random, starts: Iterator[float]) -> Iterator[Chain]:
    kinds, weights = list(_SHARES), list(_SHARES.values())
    for number, start in enumerate(starts):
        if not supply.left:
            return
        [kind] = random.choices(kinds, weights)
        match kind:
            case "book":
                yield booking(supply, start, number)
            case "book and cancel":
                yield booking_taken_back(supply, start, number)
            case "visit" if supply.today_left:
                yield visit(supply, start, number)
            case "join":
                yield join(supply, start, number)
            case _:
                yield look(supply, start, random)


def _without_end(supply: Supply, random: Random) -> Iterator[Chain]:
    """For a closed loop: a counter serves for everybody who joins."""
    number = 0
    while supply.left:
        for chain in _begun(supply, random, iter([0.0])):
            yield chain
            if chain.steps[0].op == "join":
                yield serving(supply, 0.0)
        number += 1
