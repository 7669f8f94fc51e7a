"""Somebody's patients go to somebody else: all of them or some, or one carer of one patient.

R1  To a named member: whom he or she may not take is refused, and with it the whole hand-over. By itself: the most
    urgent first, each to the least loaded who can take the patient there.
R2  Where nobody can: who can still go on keeps the patient; else the patient keeps the bed and the other carer, and
    waits for that role.
R3  Who takes over has not said so yet; the assignments before stay in the history.
"""

from __future__ import annotations

from engine.actors.admission.commands import LoseCarer, Lost
from engine.actors.admission.refusals import IllegalStep
from engine.actors.admission.state import Admission, Assigned, How
from engine.actors.roster.choosing import Pick, works
from engine.actors.roster.commands import ReleasePatient, TakePatient
from engine.actors.roster.refusals import NotTheirs
from engine.actors.roster.state import Listed
from engine.decider import FreeText
from engine.decisions.assigning.changes import Changes
from engine.decisions.assigning.choosing import Search, explained, skills_of
from engine.decisions.assigning.outcomes import HandedOver, Moved
from engine.decisions.assigning.refusals import lacking
from engine.decisions.assigning.serving import carer, enqueue, settle, with_carer
from engine.decisions.finding import Deciding
from engine.errors import Invalid, NotFound
from engine.needs import RANK, Care


class Words:
    """Why, in somebody's words, and who says so."""

    __slots__ = ("by", "note", "reason")

    def __init__(self, reason: FreeText | None, note: FreeText | None, by: str) -> None:
        self.reason = reason
        self.note = note
        self.by = by


def hand_over(
    changes: Changes,
    search: Search,
    staff_id: str,
    to: str | None,
    admission_ids: tuple[str, ...] | None,
    why: Lost,
    words: Words,
) -> Deciding[HandedOver]:
    """R1, R2."""
    listed = yield from the_member(changes, staff_id)
    role = listed.role
    if role != "doctor" and role != "nurse":
        return HandedOver()
    if to is not None:
        yield from another(changes, staff_id, to, role)
    patients = yield from _patients(changes, listed, admission_ids)
    goes_on = why == "handover" and (works(listed, "on", changes.time) or works(listed, "on_call", changes.time))
    moved: list[Moved] = []
    left: list[str] = []
    for one in patients:
        if to is not None:
            yield from give(changes, one, role, to, "handover", words)
            moved.append(Moved(one.id, role, to))
            continue
        pick = yield from search.pick(role, one.need, one.carers.ward_id, (staff_id,))
        if isinstance(pick, Pick):
            yield from give(changes, one, role, pick, "handover", words)
            moved.append(Moved(one.id, role, pick.listed.staff_id))
            continue
        left.append(one.id)
        if not goes_on:
            yield from changes.on_roster(ReleasePatient(staff_id, one.id))
            carers = with_carer(one.carers, role, "")
            lost = Assigned(at=changes.time, how="handover", carers=carers, by=words.by)
            enqueue(changes, (yield from changes.of_admission(one.id, LoseCarer(lost, why, pick))))
    return HandedOver(tuple(moved), tuple(left))


def reassign(
    changes: Changes, search: Search, one: Admission, role: Care, to: str | None, words: Words
) -> Deciding[None]:
    """R1, of one patient; nobody: a refusal, for the patient has somebody."""
    with_carers(one)
    present = carer(one.carers, role)
    if to is not None:
        yield from another(changes, present, to, role)
        yield from give(changes, one, role, to, "reassigned", words)
        return
    pick = yield from search.pick(role, one.need, one.carers.ward_id, (present,) if present else ())
    if not isinstance(pick, Pick):
        raise lacking(pick, one.id, role)
    yield from give(changes, one, role, pick, "reassigned", words)


def give(changes: Changes, one: Admission, role: Care, to: Pick | str, how: How, words: Words) -> Deciding[None]:
    """R3: the patient goes from whoever has him or her in this role to somebody else."""
    present = carer(one.carers, role)
    staff_id = to if isinstance(to, str) else to.listed.staff_id
    if present:
        yield from changes.on_roster(ReleasePatient(present, one.id))
    yield from changes.on_roster(TakePatient(staff_id, one.id, skills_of(one.need, role), one.carers.ward_id))
    choice = None
    if isinstance(to, Pick):
        choice = explained((role,), to if role == "doctor" else None, to if role == "nurse" else None)
    carers = with_carer(one.carers, role, staff_id)
    yield from settle(changes, one, carers, how, choice, words.by, words.reason, words.note, acknowledged=False)


def with_carers(one: Admission) -> None:
    """Refuses an admission that has nobody (yet, or any more)."""
    if one.status not in ("assigned", "handed_over"):
        raise IllegalStep(
            f"the admission is {one.status}", admission_id=one.id, from_state=one.status, to_state="assigned"
        )


def the_member(changes: Changes, staff_id: str, field: str = "staff_id") -> Deciding[Listed]:
    """Somebody on the roster, or ``NotFound``."""
    listed = yield from changes.member(staff_id)
    if listed is None:
        raise NotFound("there is no such member of the staff", field=field, staff_id=staff_id)
    return listed


def another(changes: Changes, present: str, to: str, role: Care, field: str = "to_staff_id") -> Deciding[None]:
    """Refuses who has another role, and the one who has the patient."""
    listed = yield from the_member(changes, to, field)
    if listed.role != role:
        raise Invalid(f"this is no {role}", field=field)
    if to == present:
        raise Invalid("the patient is with this member of the staff already", field=field)


def _patients(changes: Changes, listed: Listed, admission_ids: tuple[str, ...] | None) -> Deciding[list[Admission]]:
    """The most urgent first."""
    ids = listed.patients if admission_ids is None else tuple(dict.fromkeys(admission_ids))
    found: list[Admission] = []
    for id in ids:
        one = yield from changes.admission(id)
        if id not in listed.patients:
            raise NotTheirs("the member does not have this patient", staff_id=listed.staff_id, admission_id=id)
        found.append(one)
    found.sort(key=lambda one: (RANK[one.acuity], one.admitted_at, one.id))
    return found
