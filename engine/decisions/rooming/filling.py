"""Who gets a room that a plan frees: appointments that wait for one.

Only rooms that were freed are looked at first, for nothing else has changed for those who wait; where one of them will
do, the best of all rooms is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from engine import calendar
from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day.commands import Place
from engine.actors.clinic_day.state import Appointment
from engine.decider import Members
from engine.decisions.finding import Deciding
from engine.decisions.rooming.changes import Changes, beside
from engine.decisions.rooming.choosing import best, policy_of, question, stretch_of
from engine.decisions.rooming.wanting import Want, again

MOST: Final = 2_000
"""Appointments that one decision looks at; whoever waits behind them is looked at when the next room frees up."""


class Waiting(NamedTuple):
    """An appointment without a room, in the order in which they get one."""

    start: int
    opened_at: int
    id: str
    clinic_id: str
    day: str


def waiting(changes: Changes) -> Deciding[list[Waiting]]:
    """Those who wait on the days whose rooms were freed, and on the days beside: a stretch may span midnight."""
    days: dict[tuple[str, str], None] = {}
    for clinic_id, day, _ in changes.freed:
        if day:
            before, after, _ = beside(day, changes.time_zone)
            days.update({(clinic_id, day): None, (clinic_id, before): None, (clinic_id, after): None})
        else:
            first = calendar.shift(calendar.local_day(changes.time, changes.time_zone), -1)
            keys: Sequence[str] = yield Members(f"clinic:{clinic_id}")
            later = (key.rpartition(":")[2] for key in keys if key.startswith("clinic_day:"))
            days.update({(clinic_id, one): None for one in later if one >= first})
    found: list[Waiting] = []
    for clinic_id, day in days:
        there = yield from changes.who_waits(clinic_id, day)
        found.extend(Waiting(*one, clinic_id, day) for one in there)
    found.sort()
    return found[:MOST]


def room_for(changes: Changes, one: Waiting, appointment: Appointment) -> Deciding[Place | None]:
    """The place it gets; ``None``: no room that was freed will do."""
    clinic = yield from changes.clinic_state(one.clinic_id)
    if clinic is None or clinic.retired or appointment.end <= changes.time:
        return None
    want = again(one.clinic_id, one.day, appointment)
    # In their order, not as a set: what is counted on the way goes into the log in the order in which it was met.
    freed = dict.fromkeys(room_id for clinic_id, _, room_id in changes.freed if clinic_id == one.clinic_id)
    if not (yield from _free_then(changes, clinic, want, freed)):
        return None
    asked = yield from question(changes, clinic, want)
    place, assignment = yield from best(changes, asked, want, freed)
    if place is not None and len(freed) < len(clinic.rooms):
        place, assignment = yield from best(changes, asked, want)
    if place is None:
        return None
    return replace(place, assignment=replace(assignment, method="freed"), release_at=appointment.release_at)


def _free_then(changes: Changes, clinic: Clinic, want: Want, freed: Iterable[str]) -> Deciding[bool]:
    """Whether any of these rooms has the time: most who wait want another one, and no rule need be asked for that."""
    rooms, policy = changes.profiles(clinic), policy_of(clinic, want.day)
    for room_id in freed:
        profile = rooms.get(room_id)
        if profile is not None and (yield from changes.refusal(room_id, stretch_of(profile, policy, want))) is None:
            return True
    return False
