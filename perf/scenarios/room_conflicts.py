"""Fifty users want ten rooms within the same hour, overlapping on purpose, hour after hour.

Source 002's second scenario. Some name the room; where it is taken they ask for the one that is offered instead. Some
would rather have no room than no appointment, and get one when somebody cancels. Some hold a room before they book it,
and a few want a doctor or a patient who is elsewhere at that time. Whoever is refused is told so at once; the log must
hold no overlap, at no position.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from perf.figures import Target
from perf.load.clinics import found_clinic
from perf.load.histogram import together
from perf.load.plan import Chain, Settings, Site, Step
from perf.load.rooming import ASKED, PACE, USERS, Wants, book, book_offered, cancel, conflicts, hold, turns
from perf.load.scenario import Figure, Founder, Goal, Load
from perf.runs import Repeat

_ROOMS: Final = 10
_PATIENTS: Final = 500

_SHARES: Final = {"any": 24, "named": 30, "or none": 20, "held": 6, "taken back": 10, "elsewhere": 4, "look": 6}
"""In percent of users."""

_DECIDES: Final = 0.5
"""Seconds until somebody takes what was offered instead."""

_CONFIRMS: Final = 1.0
"""Seconds until a room that is held is booked."""

_CHANGES: Final = 4.0
"""Seconds until somebody cancels."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """One clinic; each user is a doctor of his own."""
    return [await found_clinic(founder, "conflicts", rooms=_ROOMS, doctors=USERS, patients=_PATIENTS)]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """Each turn of users wants an hour of its own."""
    wants = Wants(sites[0])
    random = Random(f"{settings.seed}/conflicts")  # noqa: S311  it guards nothing
    kinds, weights = list(_SHARES), list(_SHARES.values())
    for start, turn, user in turns(settings):
        time = wants.crowded(turn, random)
        asked = wants.people(turn, user) | time
        [kind] = random.choices(kinds, weights)
        steps: tuple[Step, ...]
        match kind:
            case "named":
                steps = book_offered(wants, asked, random.choice(sites[0].rooms), _DECIDES)
            case "or none":
                steps = (book(wants.booking(asked, fallback="unassigned"), "book, room or none", ASKED),)
            case "held":
                steps = hold(wants.booking(asked), _CONFIRMS)
            case "taken back":
                steps = (book(wants.booking(asked), good=ASKED), cancel(_CHANGES))
            case "elsewhere":
                steps = (book(wants.booking(asked, _elsewhere(wants, turn, user, random)), good=ASKED),)
            case "look":
                steps = (conflicts(sites[0].rooms, time),)
            case _:
                steps = (book(wants.booking(asked), good=ASKED),)
        yield wants.chain(start, *steps)


def _elsewhere(wants: Wants, turn: int, user: int, random: Random) -> dict[str, Any]:
    """Another user's doctor, or patient."""
    field = random.choice(("doctor_id", "patient_id"))
    return {field: wants.people(turn, (user + 1) % USERS)[field]}


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """How long it took to be told that there is no room, and what became of all who asked."""
    refusals = together([one for op, one in repeat.measured.ops.items() if op.endswith(", refused")])
    made = [
        Figure(f"conflict told, {name}", "ms", refusals.percentile(share) * 1000, "a booking that was refused")
        for name, share in (("p50", 0.5), ("p95", 0.95))
    ]
    sums = repeat.rooms
    if sums is not None:
        taken = repeat.measured.statuses.get("book the offered room", {})
        made += [
            Figure("booking attempts", "", float(sums.attempts), "in the log, refusals included"),
            Figure("conflicts detected", "", float(sums.conflicts), "refused for a room, a doctor or a patient"),
            Figure("alternative rooms assigned", "", float(taken.get("201", 0)), "of those that were offered"),
            Figure("appointments without rooms", "", float(sums.without_room), "fallback, as they were booked"),
            Figure("rooms given later", "", float(sums.freed), "of them, when one freed up"),
        ]
    return made


SCENARIO: Final = Load(
    name="room-conflicts",
    objective="Fifty users want ten rooms at overlapping times: a room is held once, the others are told at once.",
    expected=(
        "no double booking of a room, a doctor or a patient, at any position of the log",
        "a conflict told within 50 ms (p95), with other rooms and times",
        "who would rather have no room is booked, waits, and is counted",
    ),
    defaults=Settings(rate=PACE, seconds=120.0, connections=USERS, users=USERS),
    quick=Settings(users=USERS, rate=60.0, seconds=3.0, connections=20, warm=0.3),
    prepare=prepare,
    plan=plan,
    figures=figures,
    goals=(
        Goal("conflict told, p95", Target("most", 50.0), "a booking that was refused, with its alternatives"),
        Goal("errors", Target("most", 0.1), "of all requests; a definite refusal is none"),
    ),
)
