"""How an admission is answered."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine import calendar
from engine.actors.admission.state import Admission, Assigned, Choice, How, Status
from engine.decider import FreeText
from engine.needs import Acuity, AgeGroup, GenderClass, Reason


class ChoiceView(msgspec.Struct, frozen=True):
    """Why this doctor, nurse and bed: load and maximum of each before, and how many were free, then."""

    order: list[str]
    doctor_load: int
    doctor_max_load: int
    nurse_load: int
    nurse_max_load: int
    doctors_free: int
    nurses_free: int
    beds_free: int
    on_call: list[str]
    forced: bool


class AssignedView(msgspec.Struct, frozen=True):
    """Who and what the patient had from then on. ``by``: who said so; null: the engine."""

    at: datetime
    how: How
    doctor_id: str | None
    nurse_id: str | None
    ward_id: str | None
    bed_id: str | None
    by: str | None
    choice: ChoiceView | None


class AdmissionView(msgspec.Struct, frozen=True, kw_only=True):
    """An admission; what it has at present, and in ``history`` what it had, oldest first."""

    id: str
    patient_id: str
    acuity: Acuity
    needs_bed: bool
    wanted_ward_id: str | None
    bed_type: str | None
    equipment: list[str]
    isolation: str | None
    gender: GenderClass
    age_group: AgeGroup
    doctor_skills: list[str]
    nurse_skills: list[str]
    status: Status
    reason: Reason | None
    """Why it waits."""
    doctor_id: str | None
    nurse_id: str | None
    ward_id: str | None
    bed_id: str | None
    waiting_since: datetime | None
    admitted_at: datetime
    assigned_at: datetime | None
    ended_at: datetime | None
    attempts: int
    timeouts: int
    retry_at: datetime | None
    escalated_at: datetime | None
    acknowledged: bool
    history: list[AssignedView]
    note: FreeText | None
    last_reason: FreeText | None
    created_at: datetime
    version: int


def admission_view(state: Admission) -> AdmissionView:
    """An admission as it is."""
    need, carers = state.need, state.carers
    return AdmissionView(
        id=state.id,
        patient_id=state.patient_id,
        acuity=state.acuity,
        needs_bed=need.needs_bed,
        wanted_ward_id=need.ward_id or None,
        bed_type=need.bed_type or None,
        equipment=list(need.equipment),
        isolation=need.isolation or None,
        gender=need.gender,
        age_group=need.age_group,
        doctor_skills=list(need.doctor_skills),
        nurse_skills=list(need.nurse_skills),
        status=state.status,
        reason=state.reason or None,
        doctor_id=carers.doctor_id or None,
        nurse_id=carers.nurse_id or None,
        ward_id=carers.ward_id or None,
        bed_id=carers.bed_id or None,
        waiting_since=_moment(state.waiting_since),
        admitted_at=calendar.moment(state.admitted_at),
        assigned_at=_moment(state.assigned_at),
        ended_at=_moment(state.ended_at),
        attempts=state.attempts,
        timeouts=state.timeouts,
        retry_at=_moment(state.retry_at),
        escalated_at=_moment(state.escalated_at),
        acknowledged=state.acknowledged,
        history=[assigned_view(one) for one in state.history],
        note=state.note,
        last_reason=state.last_reason,
        created_at=calendar.moment(state.created_at),
        version=state.version,
    )


def assigned_view(one: Assigned) -> AssignedView:
    """One assignment of the history."""
    carers = one.carers
    return AssignedView(
        at=calendar.moment(one.at),
        how=one.how,
        doctor_id=carers.doctor_id or None,
        nurse_id=carers.nurse_id or None,
        ward_id=carers.ward_id or None,
        bed_id=carers.bed_id or None,
        by=one.by or None,
        choice=_choice_view(one.choice) if one.choice is not None else None,
    )


def _choice_view(choice: Choice) -> ChoiceView:
    return ChoiceView(
        order=list(choice.order),
        doctor_load=choice.doctor_load[0],
        doctor_max_load=choice.doctor_load[1],
        nurse_load=choice.nurse_load[0],
        nurse_max_load=choice.nurse_load[1],
        doctors_free=choice.doctors,
        nurses_free=choice.nurses,
        beds_free=choice.beds,
        on_call=list(choice.on_call),
        forced=choice.forced,
    )


def _moment(instant: int) -> datetime | None:
    return calendar.moment(instant) if instant else None
