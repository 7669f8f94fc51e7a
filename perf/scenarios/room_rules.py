"""Fifty users book among fifty rooms under ten hard and twenty soft rules, and some ask how a choice would come about.

Source 002's third scenario. Wishes differ: types of rooms, equipment, departments, floors, isolation. One in five does
not book but asks for every room's verdict and points.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from perf.figures import Target
from perf.load.clinic_rules import DEPARTMENTS, FLOORS, HARD, SOFT, TYPES
from perf.load.clinics import found_clinic
from perf.load.plan import Chain, Settings, Site
from perf.load.rooming import PACE, USERS, Wants, book, evaluate, turns
from perf.load.scenario import Figure, Founder, Goal, Load
from perf.reporting.account import POLICIES, hits
from perf.runs import Repeat

ROOMS: Final = 50
_PATIENTS: Final = 500
_EVALUATES: Final = 5
"""One user in so many."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """One clinic with all its rules in force."""
    return [
        await found_clinic(
            founder, "rules", rooms=ROOMS, doctors=USERS, patients=_PATIENTS, hard=HARD, soft=SOFT
        )
    ]  # fmt: skip


def wish(user: int) -> dict[str, Any]:
    """What this user's patients need; whoever wants the same time leaves enough rooms for it."""
    if user % 25 == 7:
        return {"isolation": True}
    return (
        {"room_type": TYPES[user % len(TYPES)], "preferred_floor": user % FLOORS},
        {"required_equipment": ["couch", "scale"], "capacity": 2 + user % 2},
        {"department": DEPARTMENTS[user // 10 % len(DEPARTMENTS)], "accessible": user % 4 == 0},
    )[user % 3]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """Bookings, and questions between them."""
    wants = Wants(sites[0])
    for start, turn, user in turns(settings):
        asked = wants.people(turn, user) | wants.apart(turn, user) | wish(user)
        step = evaluate(wants, asked) if (turn + user) % _EVALUATES == 0 else book(wants.booking(asked))
        yield wants.chain(start, step)


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """What the rules did, told from the log, and how often their compiled form was at hand."""
    made = [
        Figure("policy cache", "%", 100 * hit / (hit + missed), "hits of the load")
        for name, hit, missed in hits(repeat)
        if name == POLICIES and hit + missed
    ]
    sums = repeat.rooms
    if sums is not None and sums.choices:
        made += [
            Figure(
                "rule evaluations", "", float(sums.hard_judged + sums.soft_judged), "rules by rooms, of the bookings"
            ),
            Figure("rules by evaluation", "", sums.rules / sums.choices, "in force when a room was chosen"),
            Figure("rooms filtered out", "", float(sum(sums.failed.values()))),
            Figure("score by which the best leads", "points", sums.lead / 1000 / max(sums.led, 1), "on average"),
        ]
    return made


SCENARIO: Final = Load(
    name="room-rules",
    objective="Ten hard and twenty soft rules over fifty rooms: each is judged, and the best is given, at once.",
    expected=(
        "the rules for all rooms of a question within 50 ms (p95), over HTTP",
        "hard rules leave rooms out, soft rules order the rest",
        "compiled rules at hand in 99 of 100 questions",
    ),
    defaults=Settings(rate=PACE, seconds=120.0, connections=USERS, users=USERS),
    quick=Settings(users=USERS, rate=60.0, seconds=2.0, connections=20, warm=0.3),
    prepare=prepare,
    plan=plan,
    figures=figures,
    goals=(
        Goal("evaluate, p95", Target("most", 50.0), "all rules for all fifty rooms, told rule by rule"),
        Goal("book, p95", Target("most", 100.0), "with the best room"),
        Goal("policy cache", Target("least", 99.0), "compiled rules at hand; source: 80", optional=True),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
