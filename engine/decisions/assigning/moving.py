"""A patient who has a bed gets another one: moved by choice or by name, or exchanged with somebody else's.

R1  The new bed is had and the old one left to be cleaned in one decision; without a bed that fits nothing changes.
R2  Two who exchange their beds leave none to be cleaned; each must fit where the other was, as if both had left.
R3  A carer who does not work in the new ward is replaced by the least loaded who does; nobody: nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from engine.actors.admission.state import Admission, How
from engine.actors.roster.choosing import Pick, in_ward
from engine.actors.roster.commands import ReleasePatient, TakePatient
from engine.actors.ward.choosing import in_state, unfit
from engine.actors.ward.commands import Exchange, Occupy, Swap, Vacate
from engine.actors.ward.state import Bed
from engine.decider import Find
from engine.decisions.assigning.changes import Changes
from engine.decisions.assigning.choosing import ROLES, Search, explained, skills_of
from engine.decisions.assigning.handing import Words, with_carers
from engine.decisions.assigning.refusals import NotInBed, lacking
from engine.decisions.assigning.serving import carer, occupant_of, settle, with_carer
from engine.decisions.finding import Deciding
from engine.errors import Invalid, NotFound, Rejected
from engine.needs import Care, Carers, Need


class Spot(NamedTuple):
    """A bed, and the ward in which it stands."""

    ward_id: str
    bed_id: str


def move(
    changes: Changes, search: Search, one: Admission, ward_id: str | None, bed_id: str | None, words: Words
) -> Deciding[None]:
    """R1, R3. Also for who has no bed yet and needs one now."""
    with_carers(one)
    if not one.carers.bed_id and not one.need.needs_bed:
        raise NotInBed("the patient lies in no bed, and needs none", admission_id=one.id, status=one.status)
    old = one.carers
    need = one.need if ward_id is None else replace(one.need, ward_id=ward_id)
    if bed_id is not None:
        spot = yield from named(changes, one, bed_id, ward_id)
    else:
        spot = yield from _best(changes, search, one, need)
    if old.bed_id:
        yield from changes.in_ward(old.ward_id, Vacate(old.bed_id, one.id, changes.time))
    yield from changes.in_ward(spot.ward_id, Occupy(spot.bed_id, occupant_of(one.id, one.patient_id, one.need)))
    yield from _settled(changes, search, one, spot, "transfer", words)


def _best(changes: Changes, search: Search, one: Admission, need: Need) -> Deciding[Spot]:
    """R1, R3: the best bed in a ward in which the patient has, or can be given, both carers."""
    old = one.carers.bed_id
    refused: Rejected | None = None
    for offer in (yield from search.offers(need, one.patient_id, (old,) if old else ())):
        missing = yield from _nobody_there(changes, search, one, offer.ward_id)
        if missing is None:
            return Spot(offer.ward_id, offer.bed_id)
        refused = refused or missing
    raise refused or lacking("no_bed", one.id)


def _nobody_there(changes: Changes, search: Search, one: Admission, ward_id: str) -> Deciding[Rejected | None]:
    """R3: the first role for which there would be nobody."""
    for role in (yield from _strangers(changes, one, ward_id)):
        pick = yield from search.pick(role, one.need, ward_id, (carer(one.carers, role),))
        if not isinstance(pick, Pick):
            return lacking(pick, one.id, role)
    return None


def _strangers(changes: Changes, one: Admission, ward_id: str) -> Deciding[list[Care]]:
    """R3: the roles of carers who do not work there. In the ward where the patient lies nobody is one."""
    found: list[Care] = []
    for role in ROLES if ward_id != one.carers.ward_id else ():
        staff_id = carer(one.carers, role)
        listed = (yield from changes.member(staff_id)) if staff_id else None
        if listed is not None and not in_ward(listed, ward_id):
            found.append(role)
    return found


def swap(changes: Changes, search: Search, one: Admission, other: Admission, words: Words) -> Deciding[None]:
    """R2, R3."""
    if one.id == other.id:
        raise Invalid("a bed is not exchanged for itself", field="other_admission_id")
    here, there = (yield from _bed_of(changes, one)), (yield from _bed_of(changes, other))
    left = {bed.id: in_state(bed, "unoccupied", changes.time) for bed in (here, there)}
    yield from _fits(changes, one, other.carers.ward_id, left[there.id], left)
    yield from _fits(changes, other, one.carers.ward_id, left[here.id], left)
    spots = Spot(one.carers.ward_id, here.id), Spot(other.carers.ward_id, there.id)
    if spots[0].ward_id == spots[1].ward_id:
        yield from changes.in_ward(spots[0].ward_id, Exchange(here.id, there.id))
    else:
        assert here.occupant is not None
        assert there.occupant is not None
        yield from changes.in_ward(spots[0].ward_id, Swap(here.id, one.id, there.occupant))
        yield from changes.in_ward(spots[1].ward_id, Swap(there.id, other.id, here.occupant))
    yield from _settled(changes, search, one, spots[1], "swap", words)
    yield from _settled(changes, search, other, spots[0], "swap", words)


def named(
    changes: Changes, one: Admission, bed_id: str, ward_id: str | None = None, *, mates: bool = True
) -> Deciding[Spot]:
    """A bed that somebody names, or why the patient cannot have it; ``mates`` false: whoever else is in the room."""
    key: str | None = yield Find("beds", bed_id)
    if key is None or ward_id not in (None, key.partition(":")[2]):
        raise NotFound("there is no such bed", field="bed_id", bed_id=bed_id)
    spot = Spot(key.partition(":")[2], bed_id)
    draft = yield from changes.drafted(spot.ward_id)
    # Whoever names a bed has said in which ward.
    refused = unfit(draft.ward, draft.find(bed_id), anywhere(one.need), one.patient_id, changes.time, draft.changed)
    if refused is not None and (mates or refused.code != "room_mates" or refused.facts["why"] == "isolation"):
        raise refused
    return spot


def anywhere(need: Need) -> Need:
    """The same need, whatever ward was asked for."""
    return replace(need, ward_id="") if need.ward_id else need


def _fitting(changes: Changes, search: Search, one: Admission, ward_id: str) -> Deciding[tuple[Carers, list[Pick]]]:
    """R3: who the patient has in this ward, and those who are new."""
    carers = one.carers
    picks: list[Pick] = []
    for role in (yield from _strangers(changes, one, ward_id)):
        staff_id = carer(carers, role)
        pick = yield from search.pick(role, one.need, ward_id, (staff_id,))
        if not isinstance(pick, Pick):
            raise lacking(pick, one.id, role)
        yield from changes.on_roster(ReleasePatient(staff_id, one.id))
        yield from changes.on_roster(TakePatient(pick.listed.staff_id, one.id, skills_of(one.need, role), ward_id))
        carers = with_carer(carers, role, pick.listed.staff_id)
        picks.append(pick)
    return carers, picks


def _settled(changes: Changes, search: Search, one: Admission, spot: Spot, how: How, words: Words) -> Deciding[None]:
    carers, picks = yield from _fitting(changes, search, one, spot.ward_id)
    after = replace(carers, ward_id=spot.ward_id, bed_id=spot.bed_id)
    by_role = {pick.listed.role: pick for pick in picks}
    choice = explained((), by_role.get("doctor"), by_role.get("nurse")) if picks else None
    yield from settle(changes, one, after, how, choice, words.by, words.reason, words.note, acknowledged=not picks)


def _bed_of(changes: Changes, one: Admission) -> Deciding[Bed]:
    if not one.carers.bed_id:
        raise NotInBed("the patient lies in no bed", admission_id=one.id, status=one.status)
    draft = yield from changes.drafted(one.carers.ward_id)
    return draft.find(one.carers.bed_id)


def _fits(changes: Changes, one: Admission, ward_id: str, bed: Bed, left: Mapping[str, Bed]) -> Deciding[None]:
    draft = yield from changes.drafted(ward_id)
    beds = {**draft.changed, **{id: at for id, at in left.items() if id in draft.ward.beds}}
    refused = unfit(draft.ward, bed, anywhere(one.need), one.patient_id, changes.time, beds)
    if refused is not None:
        raise refused
