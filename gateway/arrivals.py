"""Patients as a day brings them: when they book or come, how old they are, and whether they come at all.

Pure and seeded: the same seed gives the same day. The shape is that of real clinics (``demo_shape.json``); names
are made up. Knows no engine and no HTTP, so that the demo and the load harness can both draw from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import Literal

import msgspec

Category = Literal["EMERGENCY", "PRIORITY_PAID", "FOLLOWUP", "ONLINE", "WALKIN"]

HALF_HOUR = 1800  # seconds
EMERGENCY_SHARE = 0.02
PAID_SHARE = 0.08
FIRST_NAMES = "Aarav Amina Ana Bea Chen Dara Elif Farah Goran Hana Ines Ivo Jonas Kavya Lea Luca Mei Omar".split()
LAST_NAMES = "Aziz Becker Costa Dubois Eriksen Fischer Gupta Haddad Ito Khan Lopez Novak Okafor Patel".split()


class Shape(msgspec.Struct, frozen=True):
    """The shares that a day is drawn from; see the note in the file."""

    booking_share_by_half_hour: dict[str, float]
    lead_days: dict[str, float]
    no_show_by_lead_days: dict[str, float]
    age_decade_share: dict[str, float]


class Arrival(msgspec.Struct, frozen=True):
    """One patient of the day. ``second`` is the second of the day at which he books, or comes to what he has booked."""

    second: float
    name: str
    age: int
    category: Category
    booked_before: bool
    comes: bool


def shape() -> Shape:
    """The committed shape."""
    return msgspec.json.decode((files("gateway") / "demo_shape.json").read_bytes(), type=Shape)


def day_of(seed: int, count: int) -> list[Arrival]:
    """``count`` patients in order of time."""
    random, drawn = Random(seed), shape()  # noqa: S311  it makes up patients, and guards nothing
    return sorted((one(random, drawn) for _ in range(count)), key=lambda arrival: arrival.second)


def one(random: Random, drawn: Shape) -> Arrival:
    """A patient."""
    start = pick(random, drawn.booking_share_by_half_hour)
    hours, minutes = start.split(":")
    lead = pick(random, drawn.lead_days)
    decade = pick(random, drawn.age_decade_share)
    age = int(decade.rstrip("+").partition("-")[0]) + random.randrange(10)
    booked_before = lead != "0"
    return Arrival(
        second=int(hours) * 3600 + int(minutes) * 60 + random.random() * HALF_HOUR,
        name=f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}",
        age=age,
        category=category(random, booked_before),
        booked_before=booked_before,
        comes=random.random() >= drawn.no_show_by_lead_days[lead],
    )


def category(random: Random, booked_before: bool) -> Category:
    """Who booked days before comes back or booked online; of the others most walk in."""
    drawn = random.random()
    if not booked_before and drawn < EMERGENCY_SHARE:
        return "EMERGENCY"
    if drawn < EMERGENCY_SHARE + PAID_SHARE:
        return "PRIORITY_PAID"
    if booked_before:
        return "FOLLOWUP" if drawn < 0.5 else "ONLINE"
    return "ONLINE" if drawn < 0.3 else "WALKIN"


def pick(random: Random, shares: dict[str, float]) -> str:
    """A key, as often as its share says."""
    return random.choices(list(shares), cum_weights=list(accumulate(shares.values())))[0]


def gaps(arrivals: list[Arrival], speed: float) -> Iterator[tuple[float, Arrival]]:
    """Each arrival with the seconds to wait before it, when the day runs ``speed`` times as fast."""
    before = arrivals[0].second if arrivals else 0.0
    for arrival in arrivals:
        yield (arrival.second - before) / speed, arrival
        before = arrival.second
