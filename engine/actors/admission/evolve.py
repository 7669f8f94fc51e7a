"""What an event does to an admission. It never refuses."""

from __future__ import annotations

from typing import assert_never

from engine.actors.admission.events import (
    AdmissionCancelled,
    AdmissionEvent,
    AdmissionRepointed,
    AdmissionWaits,
    AssignmentEscalated,
    AssignmentTimedOut,
    CarerLost,
    CarersChanged,
    HandoverAcknowledged,
    NeedChanged,
    PatientAdmitted,
    PatientAssigned,
    PatientDischarged,
)
from engine.actors.admission.state import KEPT, Admission, Assigned, Status
from engine.decider import FreeText
from engine.needs import Carers


def evolve(state: Admission, event: AdmissionEvent) -> None:
    """Change the state."""
    state.version += 1
    match event:
        case PatientAdmitted():
            state.patient_id, state.acuity, state.need = event.patient_id, event.acuity, event.need
            state.admitted_at, state.created_at, state.note = event.admitted_at, event.time, event.note
        case AdmissionWaits():
            state.reason, state.waiting_since = event.reason, event.since
            state.attempts, state.retry_at = event.attempts, event.retry_at
        case PatientAssigned() | CarersChanged():
            _have(state, event)
        case CarerLost():
            _keep(state, event.assigned)
            state.status, state.reason, state.waiting_since = "handed_over", event.reason, event.since
        case HandoverAcknowledged():
            state.acknowledged = True
        case AssignmentTimedOut():
            state.reason, state.timeouts, state.retry_at = "timeout", event.timeouts, event.retry_at
        case AssignmentEscalated():
            state.escalated_at, state.retry_at = event.time, 0
        case NeedChanged():
            state.acuity, state.need = event.acuity, event.need
            state.last_reason = event.reason or state.last_reason
        case PatientDischarged():
            _end(state, "discharged", event.at, event.reason)
        case AdmissionCancelled():
            _end(state, "cancelled", event.time, event.reason)
        case AdmissionRepointed():
            state.patient_id = event.patient_id
        case _:
            assert_never(event)


def _have(state: Admission, event: PatientAssigned | CarersChanged) -> None:
    """Carers as they are now; where one is missing still, it goes on waiting."""
    assigned = event.assigned
    _keep(state, assigned)
    state.last_reason = event.reason or state.last_reason
    if isinstance(event, CarersChanged):
        state.acknowledged = event.acknowledged
        state.note = event.note or state.note
    if not (assigned.carers.doctor_id and assigned.carers.nurse_id):
        return
    state.status = "assigned"
    state.assigned_at = state.assigned_at or assigned.at
    _rest(state)


def _keep(state: Admission, assigned: Assigned) -> None:
    state.carers = assigned.carers
    state.history = (*state.history, assigned)[-KEPT:]


def _end(state: Admission, status: Status, at: int, reason: FreeText | None) -> None:
    state.status, state.ended_at, state.carers = status, at, Carers()
    state.last_reason = reason or state.last_reason
    state.acknowledged = True
    _rest(state)


def _rest(state: Admission) -> None:
    state.reason, state.waiting_since = "", 0
    state.attempts = state.timeouts = state.retry_at = state.escalated_at = 0
