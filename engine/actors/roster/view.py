"""How the roster is answered. It knows no names; whoever shows it adds them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from engine import calendar
from engine.actors.roster.state import Listed, standing
from engine.actors.staff.state import Duty, Role
from engine.decider import PersonName


class RosterRow(msgspec.Struct, frozen=True):
    """A member as the roster sees him or her now. ``until``: when that duty ends; null: not by itself."""

    staff_id: str
    name: PersonName
    role: Role
    duty: Duty
    until: datetime | None
    load: int
    max_load: int
    skills: list[str]
    ward_ids: list[str]


class RosterCounts(msgspec.Struct, frozen=True):
    """How many are on duty, on call and off, and how many of those on duty can take a patient more."""

    on: int
    on_call: int
    off: int
    free: int


class RosterView(msgspec.Struct, frozen=True):
    """Who is available, by role, those on duty first, in the order in which they would be chosen."""

    items: list[RosterRow]
    counts: RosterCounts


def duty_now(one: Listed, time: int) -> Duty:
    """The member's duty; one that has ended is over, whether or not anybody has been told."""
    return "off" if 0 < one.until <= time else one.duty


def in_order(members: Iterable[Listed], time: int) -> list[Listed]:
    """By role, then those on duty, on call and off, each as they would be chosen."""
    ranks = {"on": 0, "on_call": 1, "off": 2}
    return sorted(members, key=lambda one: (one.role, ranks[duty_now(one, time)], standing(one)))


def roster_row(one: Listed, name: PersonName, time: int) -> RosterRow:
    """One member."""
    return RosterRow(
        staff_id=one.staff_id,
        name=name,
        role=one.role,
        duty=duty_now(one, time),
        until=calendar.moment(one.until) if one.until > time else None,
        load=len(one.patients),
        max_load=one.max_load,
        skills=list(one.skills),
        ward_ids=list(one.ward_ids),
    )


def roster_counts(members: Iterable[Listed], time: int) -> RosterCounts:
    """Of these members."""
    duties = [(duty_now(one, time), len(one.patients) < one.max_load) for one in members]
    return RosterCounts(
        on=sum(duty == "on" for duty, _ in duties),
        on_call=sum(duty == "on_call" for duty, _ in duties),
        off=sum(duty == "off" for duty, _ in duties),
        free=sum(duty == "on" and room for duty, room in duties),
    )
