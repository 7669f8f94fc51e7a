"""A network's morning: who books or comes when, drawn from the shape of real clinics or read from real bookings.

A CSV file has the columns booking time, day, department and no-show (in any case, with spaces, hyphens or
underscores). Of each booking the time of day at which it was made counts, how many days ahead it was, where, and
whether the patient came; its date does not. Knows no hospital and no request.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from gateway.arrivals import HALF_HOUR, pick, shape
from perf.figures import Incorrect

BEGINS: Final = 6.5 * 3600
ENDS: Final = 12 * 3600
"""Seconds of the day between which the morning lies."""

LEADS: Final[dict[str, int]] = {"0": 0, "1-3": 1, "4-7": 2, "8-14": 3, "15-30": 4, "31+": 5}
"""The day that a booking so many days ahead is for: 0 is today, the others are days of their own."""

_TRUE: Final = frozenset({"1", "true", "yes", "y", "no-show", "noshow"})


class Coming(NamedTuple):
    """One booking: ``at`` seconds into the run; ``site`` and ``department`` count from 0; ``day``: of ``LEADS``."""

    at: float
    site: int
    department: int
    day: int
    comes: bool


class _Booking(NamedTuple):
    second: float
    lead: int
    department: str
    comes: bool


def mornings(count: int, seconds: float, sites: int, departments: int, seed: int, file: str = "") -> list[Coming]:
    """So many bookings in order of time, the morning drawn together into so many seconds."""
    random = Random(f"{seed}/mornings")  # noqa: S311  it makes up a day, and guards nothing
    made = _of_file(Path(file), count, random) if file else _of_shape(count, random)
    made.sort(key=lambda one: one.second)
    first, last = (made[0].second, made[-1].second) if file and made else (BEGINS, ENDS)
    scale = seconds / max(last - first, 1.0)
    names = sorted({one.department for one in made})
    return [
        Coming(
            at=(one.second - first) * scale,
            site=random.randrange(sites),
            department=names.index(one.department) % departments if file else random.randrange(departments),
            day=one.lead,
            comes=one.comes,
        )
        for one in made
    ]


def _of_shape(count: int, random: Random) -> list[_Booking]:
    drawn = shape()
    shares = {
        start: share
        for start, share in drawn.booking_share_by_half_hour.items()
        if BEGINS <= _second(start) < ENDS
    }  # fmt: skip
    starts, weights = list(shares), list(accumulate(shares.values()))
    made = []
    for _ in range(count):
        start = starts[min(bisect_right(weights, random.random() * weights[-1]), len(starts) - 1)]
        lead = pick(random, drawn.lead_days)
        comes = random.random() >= drawn.no_show_by_lead_days[lead]
        made.append(_Booking(_second(start) + random.random() * HALF_HOUR, LEADS[lead], "", comes))
    return made


def _of_file(file: Path, count: int, random: Random) -> list[_Booking]:
    with file.open(encoding="utf-8-sig", newline="") as rows:
        found = [_read(row, number) for number, row in enumerate(csv.DictReader(rows), 2)]
    if not found:
        raise Incorrect(f"{file} has no bookings")
    if count <= len(found):
        return random.sample(found, count)
    return [*found, *random.choices(found, k=count - len(found))]


def _read(row: dict[str, str], number: int) -> _Booking:
    fields = {
        name.strip().lower().replace("_", " ").replace("-", " "): (value or "").strip() for name, value in row.items()
    }
    try:
        made = datetime.fromisoformat(fields["booking time"])
        lead = (datetime.fromisoformat(fields["day"]).date() - made.date()).days
        gone = fields["no show"].lower() in _TRUE
        department = fields["department"]
    except (KeyError, ValueError) as error:
        raise Incorrect(
            f"row {number} of the arrivals: {error}; columns: booking time, day, department, no-show"
        ) from None
    second = made.hour * 3600 + made.minute * 60 + made.second + made.microsecond / 1e6
    return _Booking(second, _day(lead), department, not gone)


def _day(lead: int) -> int:
    bounds: Sequence[int] = (0, 3, 7, 14, 30)
    return next((day for day, bound in enumerate(bounds) if lead <= bound), len(bounds))


def _second(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60
