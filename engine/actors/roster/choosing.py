"""Who of the staff gets a patient, and what a step makes of a member. Nothing here changes a state.

Who could be had stands in sorted lists, so that a choice looks at the first few of those on duty and never at who is
off; a decision that changes members on its way gives them as they will be, and they are weighed beside the lists.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from heapq import merge
from itertools import takewhile
from operator import itemgetter
from typing import Final, NamedTuple, assert_never

from msgspec.structs import replace

from engine.actors.roster.commands import (
    DelistStaff,
    ListStaff,
    ReleasePatient,
    RosterStep,
    SetDuty,
    TakePatient,
)
from engine.actors.roster.refusals import (
    LacksSkill,
    NotTheirs,
    OffDuty,
    OtherWard,
    OverMaximum,
    PatientTwice,
    StaffInUse,
    StaffUnavailable,
)
from engine.actors.roster.state import EVERYBODY, Listed, Roster, Standing, Working, standing
from engine.errors import NotFound, Rejected
from engine.needs import Care, Reason

_WORKING: Final[tuple[Working, ...]] = ("on", "on_call")
_NOBODY_CHANGED: Final[Mapping[str, Listed | None]] = {}
_share: Final = itemgetter(0)
_LISTED: Final = 10
"""Ids of admissions that a refusal names."""


class Pick(NamedTuple):
    """Who was chosen."""

    listed: Listed
    on_call: bool
    """Nobody of the role was on shift."""
    free: int
    """How many of the same role, duty and ward were under their maximum, this one included, whatever their skills."""


def choose(
    roster: Roster | None,
    role: Care,
    skills: Collection[str],
    ward_id: str,
    time: int,
    changed: Mapping[str, Listed | None] = _NOBODY_CHANGED,
    but: Collection[str] = (),
) -> Pick | Reason:
    """The least loaded who can take a patient of this ward (``""``: no ward is asked), or why there is nobody.

    ``changed`` are members as the decision will leave them, ``but`` those who do not count at all. Who is on call is
    asked only where nobody is on duty, be it at the maximum. ``no_skill``: somebody lacked nothing but the skill.
    """
    state = roster if roster is not None else Roster()
    wanted = frozenset(skills)
    for duty in _WORKING:
        found = _among(state, role, duty, wanted, ward_id, time, changed, but)
        if found is not None:
            return found
    return "no_staff"


def objection(listed: Listed | None, step: RosterStep, time: int) -> Rejected | None:
    """Why the roster cannot do this with the member as he or she is; ``None``: it can."""
    if isinstance(step, ListStaff):
        if listed is not None and listed.patients and listed.role != step.role:
            return _in_use(listed)
        return None
    if listed is None:
        return NotFound("there is no such member of the staff", field="staff_id", staff_id=step.staff_id)
    match step:
        case DelistStaff():
            return _in_use(listed) if listed.patients else None
        case SetDuty():
            return None
        case TakePatient():
            return _untakeable(listed, step, time)
        case ReleasePatient():
            if step.admission_id not in listed.patients:
                return NotTheirs(
                    "the member does not have this patient",
                    staff_id=listed.staff_id,
                    admission_id=step.admission_id,
                )
            return None
        case _:
            assert_never(step)


def after(listed: Listed | None, step: RosterStep, time: int) -> Listed | None:
    """The member once this is done, to which there is no objection; ``None``: not on the roster."""
    if isinstance(step, ListStaff):
        seen = listed if listed is not None else Listed(staff_id=step.staff_id, role=step.role)
        return replace(
            seen,
            role=step.role,
            skills=tuple(sorted(set(step.skills))),
            ward_ids=tuple(sorted(set(step.ward_ids))),
            max_load=step.max_load,
            available=step.available,
            over=max(len(seen.patients) - step.max_load, 0),
        )
    if listed is None:
        return None
    match step:
        case DelistStaff():
            return None
        case SetDuty():
            return replace(listed, duty=step.duty, until=step.until)
        case TakePatient():
            patients = (*listed.patients, step.admission_id)
            over = max(listed.over, len(patients) - listed.max_load) if step.force else listed.over
            return replace(listed, patients=patients, last_assigned_at=time, over=over)
        case ReleasePatient():
            left = tuple([one for one in listed.patients if one != step.admission_id])
            return replace(listed, patients=left, over=min(listed.over, max(len(left) - listed.max_load, 0)))
        case _:
            assert_never(step)


def works(one: Listed, duty: Working, time: int) -> bool:
    """Whether the member can be had in this duty now."""
    return one.available and one.duty == duty and not 0 < one.until <= time


def in_ward(one: Listed, ward_id: str) -> bool:
    """Whether the member works there; ``""``: no ward is asked."""
    return not ward_id or not one.ward_ids or ward_id in one.ward_ids


def _among(
    roster: Roster,
    role: Care,
    duty: Working,
    skills: frozenset[str],
    ward_id: str,
    time: int,
    changed: Mapping[str, Listed | None],
    but: Collection[str],
) -> Pick | Reason | None:
    """Who of this duty; ``None``: nobody is on it."""
    pools = _pools(roster, role, duty, ward_id)
    least: Listed | None = None
    present = unskilled = False
    for place in pools[0] if len(pools) == 1 else merge(*pools):
        id = place[3]
        if id in changed or id in but:
            continue
        one = roster.members[id]
        if 0 < one.until <= time:
            continue
        present = True
        if place[0] >= 1:
            break
        if skills.issubset(one.skills):
            least = one
            break
        unskilled = True
    here = [
        one
        for one in changed.values()
        if one is not None
        and one.role == role
        and works(one, duty, time)
        and in_ward(one, ward_id)
        and one.staff_id not in but
    ]
    for one in here:
        present = True
        if len(one.patients) >= one.max_load:
            continue
        if not skills.issubset(one.skills):
            unskilled = True
        elif least is None or standing(one) < standing(least):
            least = one
    if least is not None:
        return Pick(least, duty == "on_call", _free(roster, pools, role, duty, ward_id, time, changed, but, here))
    if not present:
        return None
    return "no_skill" if unskilled else "no_staff"


def _pools(roster: Roster, role: Care, duty: Working, ward_id: str) -> list[list[Standing]]:
    """The lists in which each who may count stands once."""
    wards = ("", ward_id) if ward_id else (EVERYBODY,)
    return [pool for ward in wards if (pool := roster.pools.get((role, duty, ward)))]


def _free(
    roster: Roster,
    pools: Iterable[list[Standing]],
    role: Care,
    duty: Working,
    ward_id: str,
    time: int,
    changed: Mapping[str, Listed | None],
    but: Collection[str],
    here: Iterable[Listed],
) -> int:
    """How many are under their maximum: counted in the lists, less those in them who do not count as they stand."""
    count = sum(bisect_left(pool, 1.0, key=_share) for pool in pools)
    over = [id for _, id in takewhile(lambda one: one[0] <= time, roster.ending)]
    for id in {*changed, *but, *over}:
        one = roster.members.get(id)
        if (
            one is not None
            and one.available
            and (one.role, one.duty) == (role, duty)
            and in_ward(one, ward_id)
            and len(one.patients) < one.max_load
        ):
            count -= 1
    return count + sum(len(one.patients) < one.max_load for one in here)


def _untakeable(one: Listed, step: TakePatient, time: int) -> Rejected | None:
    who = one.staff_id
    if not one.available:
        return StaffUnavailable("the member of the staff is not approved, or not active", staff_id=who)
    if step.admission_id in one.patients:
        return PatientTwice("the member has this patient", staff_id=who, admission_id=step.admission_id)
    if step.force:
        return None
    if not any(works(one, duty, time) for duty in _WORKING):
        return OffDuty("the member of the staff is not on duty", staff_id=who, until=one.until)
    if not in_ward(one, step.ward_id):
        return OtherWard("the member of the staff works in other wards", staff_id=who, ward_id=step.ward_id)
    missing = sorted(set(step.skills).difference(one.skills))
    if missing:
        return LacksSkill("the member of the staff lacks a skill", staff_id=who, skills=missing)
    if len(one.patients) >= one.max_load:
        return OverMaximum(
            "the member of the staff has as many patients as allowed",
            staff_id=who,
            load=len(one.patients),
            max_load=one.max_load,
        )
    return None


def _in_use(one: Listed) -> StaffInUse:
    return StaffInUse(
        "the member of the staff has patients", staff_id=one.staff_id, admission_ids=list(one.patients[:_LISTED])
    )
