"""Somebody says who and what a patient gets; what is not named is chosen, and all of it comes together.

R1  Named staff must have the role. Who is over the maximum, off duty, elsewhere or lacks a skill is refused unless it
    is forced; who is not approved or not active is refused always.
R2  A named bed must be free, and fit; forced, those in the room may differ in gender or age, and in nothing else.
    Nobody lies in a bed before having been admitted.
R3  What is not named stays as it is or, where there is nothing, is chosen as it would be by itself; without it nothing
    changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from engine.actors.admission.commands import ChangeNeed
from engine.actors.admission.refusals import BeforeAdmission, IllegalStep
from engine.actors.admission.state import OPEN, Admission, Choice
from engine.actors.roster.choosing import Pick, objection
from engine.actors.roster.commands import ReleasePatient, TakePatient
from engine.actors.ward.commands import Occupy, Vacate
from engine.decisions.assigning.changes import Changes
from engine.decisions.assigning.choosing import ROLES, Search, explained, skills_of
from engine.decisions.assigning.handing import Words, the_member
from engine.decisions.assigning.moving import Spot, named
from engine.decisions.assigning.refusals import lacking
from engine.decisions.assigning.serving import carer, occupant_of, settle, with_carer
from engine.decisions.finding import Deciding
from engine.errors import Invalid, Rejected
from engine.needs import Care

Named = Mapping[Care, str | None]


def assign(
    changes: Changes,
    search: Search,
    one: Admission,
    staff: Named,
    bed_id: str | None,
    words: Words,
    *,
    force: bool = False,
    since: int = 0,
) -> Deciding[None]:
    """R1, R2, R3. ``since``: when the patient was really put into the bed (µs); 0: now."""
    if one.status not in OPEN:
        raise IllegalStep(
            f"the admission is {one.status}", admission_id=one.id, from_state=one.status, to_state="assigned"
        )
    if 0 < since < one.admitted_at:
        raise BeforeAdmission(
            "the patient was admitted after that",
            field="occurred_at",
            admission_id=one.id,
            admitted_at=one.admitted_at,
        )
    for role, staff_id in staff.items():
        if staff_id is not None and (yield from the_member(changes, staff_id, f"{role}_id")).role != role:
            raise Invalid(f"this is no {role}", field=f"{role}_id")
    spots = yield from _spots(changes, search, one, bed_id, force)
    refused: Rejected | None = None
    for spot in spots:
        chosen = yield from _team(changes, search, one, staff, spot.ward_id, force)
        if isinstance(chosen, Rejected):
            refused = refused or chosen
            continue
        yield from _have(changes, one, staff, spot, chosen, words, force, since)
        return
    raise refused or lacking("no_bed", one.id)


def _spots(changes: Changes, search: Search, one: Admission, bed_id: str | None, force: bool) -> Deciding[list[Spot]]:
    """R2, R3: the beds that may be had, the best first; one without an id where none is needed."""
    present = one.carers
    if bed_id is not None and bed_id != present.bed_id:
        return [(yield from named(changes, one, bed_id, mates=not force))]
    if present.bed_id or not one.need.needs_bed:
        return [Spot(present.ward_id, present.bed_id)]
    offers = yield from search.offers(one.need, one.patient_id)
    return [Spot(offer.ward_id, offer.bed_id) for offer in offers]


def _team(
    changes: Changes, search: Search, one: Admission, staff: Named, ward_id: str, force: bool
) -> Deciding[dict[Care, Pick | str] | Rejected]:
    """R1, R3: who is new in each role, for a bed in this ward."""
    team: dict[Care, Pick | str] = {}
    for role in ROLES:
        staff_id, present = staff.get(role), carer(one.carers, role)
        if staff_id is not None and staff_id != present:
            listed = yield from the_member(changes, staff_id)
            refused = objection(
                listed, TakePatient(staff_id, one.id, skills_of(one.need, role), ward_id, force), changes.time
            )
            if refused is not None:
                return refused
            team[role] = staff_id
        elif not present:
            pick = yield from search.pick(role, one.need, ward_id)
            if not isinstance(pick, Pick):
                return lacking(pick, one.id, role)
            team[role] = pick
    return team


def _have(
    changes: Changes,
    one: Admission,
    staff: Named,
    spot: Spot,
    team: Mapping[Care, Pick | str],
    words: Words,
    force: bool,
    since: int,
) -> Deciding[None]:
    carers = one.carers
    for role, who in team.items():
        staff_id = who if isinstance(who, str) else who.listed.staff_id
        if present := carer(carers, role):
            yield from changes.on_roster(ReleasePatient(present, one.id))
        skills = skills_of(one.need, role)
        yield from changes.on_roster(TakePatient(staff_id, one.id, skills, spot.ward_id, force and role in staff))
        carers = with_carer(carers, role, staff_id)
    if spot.bed_id != carers.bed_id:
        if not one.need.needs_bed:
            yield from changes.of_admission(one.id, ChangeNeed(one.acuity, replace(one.need, needs_bed=True)))
        if carers.bed_id:
            yield from changes.in_ward(carers.ward_id, Vacate(carers.bed_id, one.id, changes.time))
        lies = occupant_of(one.id, one.patient_id, one.need, since)
        yield from changes.in_ward(spot.ward_id, Occupy(spot.bed_id, lies))
        carers = replace(carers, ward_id=spot.ward_id, bed_id=spot.bed_id)
    yield from settle(
        changes, (yield from changes.admission(one.id)), carers, "manual", _choice(team, force), words.by, words.reason
    )


def _choice(team: Mapping[Care, Pick | str], force: bool) -> Choice:
    """What was named needs no explanation; what was chosen has one."""
    doctor, nurse = team.get("doctor"), team.get("nurse")
    chosen = explained((), doctor if isinstance(doctor, Pick) else None, nurse if isinstance(nurse, Pick) else None)
    return replace(chosen, forced=force)
