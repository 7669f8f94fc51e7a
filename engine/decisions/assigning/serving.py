"""How an admission gets what was chosen for it, goes on waiting, or gives back what it has: the steps for each actor.

R1  Who and what a patient gets, and that it is not waited for any more, are changes of one decision.
R2  An attempt in vain leaves the place in the line as it is; only the reason may be another.
R3  Alerts about an assignment that did not come close once it has come, or is wanted no more.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from engine.actors.admission.commands import Assign, ChangeCarers, Wait
from engine.actors.admission.decide import complete
from engine.actors.admission.state import Admission, Assigned, Choice, How
from engine.actors.alerts.commands import Clear
from engine.actors.intake.commands import Await, Serve
from engine.actors.intake.state import Waiter
from engine.actors.roster.commands import ReleasePatient, TakePatient
from engine.actors.ward.commands import Occupy, Vacate
from engine.actors.ward.state import Occupant
from engine.decider import FreeText
from engine.decisions.assigning.changes import Changes
from engine.decisions.assigning.choosing import ROLES, Chosen, Missing, Wish, skills_of
from engine.decisions.finding import Deciding
from engine.needs import Care, Carers, Need

SHIFT_OVER: Final = "shift_over"  # of a member who went off duty with patients
TIMEOUT: Final = "assignment_timeout"
ESCALATED: Final = "assignment_escalated"
"""Kinds of alerts; their subject is the admission, or the patient where there is none yet."""


def wish_of(one: Admission) -> Wish:
    """What an admission lacks."""
    if one.status == "waiting":
        return Wish(one.id, one.patient_id, one.acuity, one.need, ROLES, one.need.needs_bed, "")
    return Wish(one.id, one.patient_id, one.acuity, one.need, missing_roles(one.carers), False, one.carers.ward_id)


def waiter_of(one: Admission) -> Waiter:
    """How an admission that waits stands in its line."""
    wish = wish_of(one)
    return Waiter(
        admission_id=one.id,
        patient_id=one.patient_id,
        acuity=one.acuity,
        since=one.waiting_since,
        need=one.need,
        roles=wish.roles,
        bed=wish.bed,
        ward_id=wish.ward_id,
        reason=one.reason,
    )


def missing_roles(carers: Carers) -> tuple[Care, ...]:
    """The roles in which the patient has nobody."""
    return tuple(role for role in ROLES if not carer(carers, role))


def carer(carers: Carers, role: Care) -> str:
    """Who the patient has in this role; ``""``: nobody."""
    return carers.doctor_id if role == "doctor" else carers.nurse_id


def with_carer(carers: Carers, role: Care, staff_id: str) -> Carers:
    """The same, but for this role."""
    return replace(carers, doctor_id=staff_id) if role == "doctor" else replace(carers, nurse_id=staff_id)


def occupant_of(admission_id: str, patient_id: str, need: Need, since: int = 0) -> Occupant:
    """The patient as a bed knows him or her."""
    return Occupant(
        patient_id=patient_id,
        admission_id=admission_id,
        gender=need.gender,
        age_group=need.age_group,
        isolation=need.isolation,
        since=since,
    )


def take(changes: Changes, wish: Wish, chosen: Chosen) -> Deciding[None]:
    """Roster and ward give what was chosen."""
    carers = chosen.carers
    ward_id = carers.ward_id or wish.ward_id
    for role in wish.roles:
        skills = skills_of(wish.need, role)
        yield from changes.on_roster(TakePatient(carer(carers, role), wish.admission_id, skills, ward_id))
    if carers.bed_id:
        occupant = occupant_of(wish.admission_id, wish.patient_id, wish.need)
        yield from changes.in_ward(carers.ward_id, Occupy(carers.bed_id, occupant))


def serve(changes: Changes, one: Admission, wish: Wish, chosen: Chosen, how: How) -> Deciding[None]:
    """R1: all that was missing."""
    yield from take(changes, wish, chosen)
    carers = chosen.carers
    if one.status == "handed_over":
        had = one.carers
        carers = replace(had, doctor_id=had.doctor_id or carers.doctor_id, nurse_id=had.nurse_id or carers.nurse_id)
    yield from settle(changes, one, carers, how, chosen.choice)


def settle(
    changes: Changes,
    one: Admission,
    carers: Carers,
    how: How,
    choice: Choice | None = None,
    by: str = "",
    reason: FreeText | None = None,
    note: FreeText | None = None,
    acknowledged: bool = True,
) -> Deciding[None]:
    """R1, R3: write down who and what an admission has now, and where it stands in the line then."""
    was, waits = one.status, one.status in ("waiting", "handed_over")
    assigned = Assigned(at=changes.time, how=how, carers=carers, choice=choice, by=by)
    step = Assign(assigned, reason) if was == "waiting" else ChangeCarers(assigned, reason, note, acknowledged)
    after = yield from changes.of_admission(one.id, step)
    if not waits:
        return
    if complete(after.need, carers):
        changes.waiting[one.id] = None
        changes.intake.append(Serve(one.id, assigned=was == "waiting"))
        yield from close_alerts(changes, one)
    else:
        enqueue(changes, after)


def enqueue(changes: Changes, one: Admission) -> None:
    """An admission stands in the line of what it lacks, for the reason that it has."""
    waiter = waiter_of(one)
    changes.waiting[one.id] = waiter
    changes.intake.append(Await(waiter))


def wait_on(
    changes: Changes, one: Admission, missing: Missing, *, counted: bool, retry_at: int, otherwise: bool
) -> Deciding[Admission]:
    """R2. ``otherwise``: for other things than before."""
    before = one.reason
    after = yield from changes.of_admission(one.id, Wait(missing.reason, counted, retry_at))
    if otherwise or after.reason != before:
        enqueue(changes, after)
    return after


def give_back(
    changes: Changes, admission_id: str, had: Carers, left_at: int = 0, *, contaminated: bool = False
) -> Deciding[None]:
    """Who and what an admission had, to those whose they are. ``left_at``: when the bed was left (µs); 0: now."""
    for role in ROLES:
        if staff_id := carer(had, role):
            yield from changes.on_roster(ReleasePatient(staff_id, admission_id))
    if had.bed_id:
        draft = yield from changes.drafted(had.ward_id)
        lies = draft.find(had.bed_id).occupant
        # Who was entered later, and had left by then, lay in the bed that was given for no time at all.
        left_at = max(left_at or changes.time, lies.since if lies is not None else 0)
        yield from changes.in_ward(had.ward_id, Vacate(had.bed_id, admission_id, left_at, contaminated))


def close_alerts(changes: Changes, one: Admission) -> Deciding[None]:
    """R3; that an earlier try to admit the patient was withdrawn is settled with it."""
    for kind, subject in ((TIMEOUT, one.id), (ESCALATED, one.id), (TIMEOUT, one.patient_id)):
        yield from close_alert(changes, kind, subject)


def close_alert(changes: Changes, kind: str, subject: str) -> Deciding[None]:
    """R3, of one kind."""
    if (yield from changes.alert_open(kind, subject)):
        changes.alerts.append(Clear(kind=kind, subject=subject))
