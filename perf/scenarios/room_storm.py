"""Fifty users book rooms at once, ten a minute each, and the clinic's rules choose the room.

Source 002's first scenario: one clinic, ten rooms that differ, three rules. At most five of fifty want the same time,
so everybody gets a room; which one, the rules say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perf.figures import Target
from perf.load.clinics import found_clinic
from perf.load.plan import Chain, Settings, Site
from perf.load.rooming import PACE, USERS, Wants, book, turns
from perf.load.scenario import Founder, Goal, Load

_ROOMS: Final = 10
_PATIENTS: Final = 500


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """One clinic; each user is a doctor of his own."""
    return [await found_clinic(founder, "rooms", rooms=_ROOMS, doctors=USERS, patients=_PATIENTS)]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """One booking after another; half of them need a couch."""
    wants = Wants(sites[0])
    for start, turn, user in turns(settings):
        asked = wants.people(turn, user) | wants.apart(turn, user)
        needs = {"required_equipment": ["couch"]} if user % 2 else {"preferred_floor": user % 5}
        yield wants.chain(start, book(wants.booking(asked, needs)))


SCENARIO: Final = Load(
    name="room-storm",
    objective="Fifty users book rooms at one time: each gets the best by the clinic's rules, none is given twice.",
    expected=(
        "every booking succeeds",
        "p95 under 100 ms, aimed at 15 ms",
        "no room, doctor or patient in two places at one time, no acknowledged booking lost",
    ),
    defaults=Settings(rate=PACE, seconds=120.0, connections=USERS, users=USERS),
    quick=Settings(users=USERS, rate=60.0, seconds=2.0, connections=20, warm=0.3),
    prepare=prepare,
    plan=plan,
    goals=(
        Goal("p95", Target("most", 15.0), "a booking with its room, from the instant at which it was due; source: 100"),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
