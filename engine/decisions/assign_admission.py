"""Assignment asked for by somebody: automatic again, by hand, or one carer changed.

R1  By hand at any time: who waits is looked for as by itself. In vain, it goes on waiting, and that is no refusal.
R2  Who says by hand who is to care for a patient gives a reason, and may go past what is a rule of the house; all that
    was missing comes with it, or nothing changes.
R3  What is taken from somebody serves who waits, in the same decision.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from engine.actors.admission.refusals import NotWaiting
from engine.actors.admission.state import Admission
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, FreeText, Value
from engine.decisions import finding
from engine.decisions.admissions import as_it_is, home, since
from engine.decisions.assigning.choosing import Missing
from engine.decisions.assigning.plan import Plan
from engine.needs import Because, Care


class AssignAdmission(Value, frozen=True):
    """Try again now to give an admission what it waits for."""

    admission_id: Id


class AssignManually(Value, frozen=True):
    """Say who is to care for a patient, and where; what is not named is chosen, or stays.

    ``force``: also over the maximum, off duty, in another ward, without a skill, or beside room mates of another gender
    or age. ``occurred_at``: since when the patient has really been in the bed.
    """

    admission_id: Id
    reason: Because
    doctor_id: Id | None = None
    nurse_id: Id | None = None
    bed_id: Id | None = None
    force: bool = False
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None


class ReassignCarer(Value, frozen=True):
    """Give a patient another doctor or nurse: ``staff_id``, or (null) the least loaded of the others."""

    admission_id: Id
    role: Care
    staff_id: Id | None = None
    reason: FreeText | None = None
    note: FreeText | None = None


def assign(command: AssignAdmission, at: At) -> Deciding:
    """R1."""
    plan = Plan((yield from finding.the_hospital()), at)
    one = yield from plan.found(command.admission_id)
    patient_id = one.patient_id
    _waits(one)
    found = yield from plan.assign(one.id)
    if isinstance(found, Missing):
        yield from plan.wait_on(one.id, found, retry_at=one.retry_at)
    yield from plan.propose()
    return as_it_is(command.admission_id, patient_id)


def assign_manually(command: AssignManually, at: At) -> Deciding:
    """R2, R3."""
    plan = Plan((yield from finding.the_hospital()), at)
    patient_id = (yield from plan.found(command.admission_id)).patient_id
    yield from plan.assign_by_hand(
        command.admission_id,
        {"doctor": command.doctor_id, "nurse": command.nurse_id},
        command.bed_id,
        command.reason,
        force=command.force,
        since=since(command.occurred_at, at) if command.occurred_at is not None else 0,
    )
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(command.admission_id, patient_id)


def reassign(command: ReassignCarer, at: At) -> Deciding:
    """R3."""
    plan = Plan((yield from finding.the_hospital()), at)
    patient_id = (yield from plan.found(command.admission_id)).patient_id
    yield from plan.reassign(command.admission_id, command.role, command.staff_id, command.reason, command.note)
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(command.admission_id, patient_id)


def _waits(one: Admission) -> None:
    if one.status not in ("waiting", "handed_over"):
        raise NotWaiting("the admission does not wait", admission_id=one.id, status=one.status)


ASSIGN_ADMISSION = Decision(command=AssignAdmission, run=assign, home=home)
ASSIGN_MANUALLY = Decision(command=AssignManually, run=assign_manually, home=home)
REASSIGN_CARER = Decision(command=ReassignCarer, run=reassign, home=home)
