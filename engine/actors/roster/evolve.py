"""What an event does to the roster. It never refuses. The indexes follow: out as a member was, in as he or she is."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import assert_never

from engine.actors.roster.choosing import after
from engine.actors.roster.commands import DelistStaff, ListStaff, ReleasePatient, RosterStep, SetDuty, TakePatient
from engine.actors.roster.events import (
    DutyChanged,
    PatientReleased,
    PatientTaken,
    RosterEvent,
    StaffDelisted,
    StaffListed,
)
from engine.actors.roster.state import EVERYBODY, Listed, Roster, Working, standing
from engine.actors.staff.state import Role


def evolve(state: Roster, event: RosterEvent) -> None:
    """Change the state."""
    state.version += 1
    before = state.members.get(event.staff_id)
    then = after(before, _step(event), event.time if isinstance(event, PatientTaken) else 0)
    if before is not None:
        take_out(state, before)
    if then is None:
        state.members.pop(event.staff_id, None)
    else:
        state.members[event.staff_id] = then
        put_in(state, then)


def put_in(state: Roster, one: Listed) -> None:
    """Index a member."""
    for key in _keys(one):
        insort(state.pools.setdefault(key, []), standing(one))
    if _ends(one):
        insort(state.ending, (one.until, one.staff_id))


def take_out(state: Roster, one: Listed) -> None:
    """Index a member no more."""
    place = standing(one)
    for key in _keys(one):
        pool = state.pools[key]
        del pool[bisect_left(pool, place)]
        if not pool:
            del state.pools[key]
    if _ends(one):
        del state.ending[bisect_left(state.ending, (one.until, one.staff_id))]


def _keys(one: Listed) -> Iterator[tuple[Role, Working, str]]:
    if one.available and one.duty != "off":
        yield (one.role, one.duty, EVERYBODY)
        for ward_id in one.ward_ids or ("",):
            yield (one.role, one.duty, ward_id)


def _ends(one: Listed) -> bool:
    return one.available and one.duty != "off" and one.until > 0


def _step(event: RosterEvent) -> RosterStep:
    """The step that leads to the same."""
    match event:
        case StaffListed():
            return ListStaff(event.staff_id, event.role, event.max_load, event.available, event.skills, event.ward_ids)
        case StaffDelisted():
            return DelistStaff(event.staff_id)
        case DutyChanged():
            return SetDuty(event.staff_id, event.duty, event.until)
        case PatientTaken():
            return TakePatient(event.staff_id, event.admission_id, force=event.forced)
        case PatientReleased():
            return ReleasePatient(event.staff_id, event.admission_id)
        case _:
            assert_never(event)
