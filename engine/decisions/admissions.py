"""Admissions: made, changed, cancelled, taken over.

R1  A new admission has a doctor, a nurse and a bed in its own entry, all of them, or waits and says why.
R2  A patient has one open admission at a time.
R3  Who waits and needs something else is looked for at once. Who has all keeps it, also where it would not be chosen
    again; only a bed is had or left, when one is needed that was not, or the other way round.
R4  It is written when it really happened, and that is no time to come.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from engine import calendar
from engine.actors.admission.commands import Cancel, ChangeNeed
from engine.actors.admission.state import Admission, admission_key
from engine.actors.admission.view import AdmissionView, admission_view
from engine.actors.hospital import Id
from engine.actors.intake.refusals import AlreadyAdmitted
from engine.actors.intake.state import INTAKE, Intake
from engine.actors.ward.commands import Restate
from engine.actors.ward.decide import in_use
from engine.actors.ward.state import Ward, ward_key
from engine.decider import At, Deciding, Decision, Done, FreeText, Look, Value
from engine.decisions import finding
from engine.decisions.assigning.choosing import Missing
from engine.decisions.assigning.plan import Plan
from engine.decisions.assigning.serving import occupant_of
from engine.decisions.assigning.traits import traits
from engine.errors import Invalid, NotFound
from engine.needs import Acuity, Need
from engine.rules.subject import Word

Moment = Annotated[datetime, Meta(tz=True)]
Words = Annotated[tuple[Word, ...], Meta(max_length=50)]


class AdmitPatient(Value, frozen=True):
    """Admit a patient, and give doctor, nurse and bed. ``ward_id``, ``bed_type``: null for any that fits.

    ``isolation``: what the patient is isolated for. ``occurred_at``: when it really happened, if it is entered later.
    """

    patient_id: Id
    acuity: Acuity
    ward_id: Id | None = None
    bed_type: Word | None = None
    equipment: Words = ()
    isolation: Word | None = None
    needs_bed: bool = True
    doctor_skills: Words = ()
    nurse_skills: Words = ()
    occurred_at: Moment | None = None
    note: FreeText | None = None


class ChangeAdmission(Value, frozen=True):
    """Another acuity, or other needs; what is left out stays, ``null`` takes it away."""

    admission_id: Id
    acuity: Acuity | UnsetType = UNSET
    ward_id: Id | UnsetType | None = UNSET
    bed_type: Word | UnsetType | None = UNSET
    equipment: Words | UnsetType = UNSET
    isolation: Word | UnsetType | None = UNSET
    needs_bed: bool | UnsetType = UNSET
    doctor_skills: Words | UnsetType = UNSET
    nurse_skills: Words | UnsetType = UNSET
    reason: FreeText | None = None
    if_version: int | None = None


class CancelAdmission(Value, frozen=True):
    """It was never to be, or the patient has gone while waiting; what it has is given back."""

    admission_id: Id
    reason: FreeText | None = None


class AcknowledgeHandover(Value, frozen=True):
    """Who took over says so."""

    admission_id: Id


def admit(command: AdmitPatient, at: At) -> Deciding:
    """R1, R2, R4."""
    hospital = yield from finding.the_hospital()
    known = yield from traits(command.patient_id, hospital, at.time)
    yield from _not_yet(command.patient_id)
    if command.ward_id is not None:
        yield from the_ward(command.ward_id)
    admitted_at = since(command.occurred_at, at)
    need = Need(
        doctor_skills=folded(command.doctor_skills),
        nurse_skills=folded(command.nurse_skills),
        needs_bed=command.needs_bed,
        ward_id=command.ward_id or "",
        bed_type=command.bed_type or "",
        equipment=folded(command.equipment),
        isolation=command.isolation or "",
        gender=known.gender,
        age_group=known.age_group,
        age=known.age,
    )
    plan = Plan(hospital, at)
    admission_id = yield from plan.admit(command.patient_id, command.acuity, need, admitted_at, command.note)
    yield from plan.propose()
    return as_it_is(admission_id, command.patient_id, "created")


def change(command: ChangeAdmission, at: At) -> Deciding:
    """R3."""
    hospital = yield from finding.the_hospital()
    plan = Plan(hospital, at)
    one = yield from plan.found(command.admission_id, command.if_version)
    before, patient_id = one.need, one.patient_id
    need = yield from _changed(command, one)
    acuity = one.acuity if command.acuity is UNSET else command.acuity
    if (acuity, need) == (one.acuity, before):
        return as_it_is(one.id, patient_id)
    waits = one.status in ("waiting", "handed_over")
    gets_bed = one.status != "waiting" and need.needs_bed and not one.carers.bed_id
    leaves_bed = bool(one.carers.bed_id) and not need.needs_bed
    yield from plan.admission(one.id, ChangeNeed(acuity, need, command.reason))
    one = yield from plan.found(one.id)
    if leaves_bed:
        yield from plan.leave_bed(one.id)
    elif gets_bed:
        yield from plan.move_bed(one.id, None, None, command.reason)
    elif one.carers.bed_id and need.isolation != before.isolation:
        lies = occupant_of(one.id, patient_id, need)
        yield from plan.ward(one.carers.ward_id, Restate(one.carers.bed_id, lies))
    if waits:
        yield from _again(plan, one.id)
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(one.id, patient_id)


def cancel(command: CancelAdmission, at: At) -> Deciding:
    """What it has is given back, and serves who waits."""
    hospital = yield from finding.the_hospital()
    plan = Plan(hospital, at)
    patient_id = (yield from plan.found(command.admission_id)).patient_id
    yield from plan.leave(command.admission_id, Cancel(command.reason))
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(command.admission_id, patient_id)


def acknowledge(command: AcknowledgeHandover, at: At) -> Deciding:
    """Once; again, it changes nothing."""
    plan = Plan((yield from finding.the_hospital()), at)
    patient_id = (yield from plan.found(command.admission_id)).patient_id
    yield from plan.acknowledge(command.admission_id)
    yield from plan.propose()
    return as_it_is(command.admission_id, patient_id)


def as_it_is(admission_id: str, patient_id: str, outcome: str = "ok") -> Done:
    """The admission as the decision leaves it."""
    key = admission_key(admission_id)

    def answer(look: Callable[[str], Any]) -> AdmissionView:
        return admission_view(look(key))

    return Done(answer, outcome, patient_id)


def the_ward(ward_id: str) -> finding.Deciding[None]:
    """Refuses a ward that is unknown or closed for good."""
    state: Ward | None = yield Look(ward_key(ward_id))
    if state is None or not state.version:
        raise NotFound("there is no such ward", field="ward_id", ward_id=ward_id)
    in_use(state)


def since(moment: datetime | None, at: At) -> int:
    """R4."""
    if moment is None:
        return at.time
    instant = calendar.instant(moment, "occurred_at")
    if instant > at.time:
        raise Invalid("it has not happened yet", field="occurred_at")
    return instant


def folded(words: tuple[str, ...]) -> tuple[str, ...]:
    """In order, each once, so that equal needs are equal."""
    return tuple(sorted({" ".join(word.split()) for word in words} - {""}))


def home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    """Commands about an admission wait for it."""
    return find("admissions", command.admission_id)


def _not_yet(patient_id: str) -> finding.Deciding[None]:
    """R2, before anything is looked for."""
    intake: Intake | None = yield Look(INTAKE)
    there = intake.open.get(patient_id) if intake is not None else None
    if there is not None:
        raise AlreadyAdmitted("the patient is admitted already", patient_id=patient_id, admission_id=there)


def _changed(command: ChangeAdmission, one: Admission) -> finding.Deciding[Need]:
    need = one.need
    if command.ward_id is not UNSET:
        if command.ward_id is not None:
            yield from the_ward(command.ward_id)
        need = replace(need, ward_id=command.ward_id or "")
    if command.bed_type is not UNSET:
        need = replace(need, bed_type=command.bed_type or "")
    if command.isolation is not UNSET:
        need = replace(need, isolation=command.isolation or "")
    if command.equipment is not UNSET:
        need = replace(need, equipment=folded(command.equipment))
    if command.doctor_skills is not UNSET:
        need = replace(need, doctor_skills=folded(command.doctor_skills))
    if command.nurse_skills is not UNSET:
        need = replace(need, nurse_skills=folded(command.nurse_skills))
    if command.needs_bed is not UNSET:
        need = replace(need, needs_bed=command.needs_bed)
    return need


def _again(plan: Plan, admission_id: str) -> finding.Deciding[None]:
    """R3: it stands in another line now, and may be served at once."""
    retry_at = (yield from plan.found(admission_id)).retry_at
    found = yield from plan.assign(admission_id)
    if isinstance(found, Missing):
        yield from plan.wait_on(admission_id, found, retry_at=retry_at, otherwise=True)


ADMIT_PATIENT = Decision(
    command=AdmitPatient, run=admit, home=lambda command, find: find("patients", command.patient_id)
)
CHANGE_ADMISSION = Decision(command=ChangeAdmission, run=change, home=home)
CANCEL_ADMISSION = Decision(command=CancelAdmission, run=cancel, home=home)
ACKNOWLEDGE_HANDOVER = Decision(command=AcknowledgeHandover, run=acknowledge, home=home)
