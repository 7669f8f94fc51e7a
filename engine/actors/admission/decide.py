"""What happens to an admission when a decision asks it. The rules stand in the package's docstring."""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

from msgspec.structs import replace

from engine.actors.admission.commands import (
    Acknowledge,
    AdmissionCommand,
    AdmissionStep,
    Admit,
    Assign,
    Cancel,
    ChangeCarers,
    ChangeNeed,
    Discharge,
    Escalate,
    LoseCarer,
    Repoint,
    TimeOut,
    Together,
    Wait,
)
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
from engine.actors.admission.evolve import evolve
from engine.actors.admission.refusals import BeforeAdmission, IllegalStep, NotWaiting
from engine.actors.admission.state import OPEN, Admission, Status
from engine.decider import At, FreeText
from engine.errors import NotFound, Stale
from engine.needs import Carers, Need


def decide(state: Admission, command: AdmissionCommand, at: At) -> list[AdmissionEvent]:
    """The events of a command to an admission."""
    if not isinstance(command, Together):
        return step(state, command, at.time)
    # A copy is enough: what stands in an admission is replaced, never changed.
    later, events = replace(state), list[AdmissionEvent]()
    for one in command.do:
        for event in step(later, one, at.time):
            evolve(later, event)
            events.append(event)
    return events


def step(state: Admission, command: AdmissionStep, time: int) -> list[AdmissionEvent]:
    """The events of one step."""
    if isinstance(command, Admit):
        return _admit(state, command, time)
    if not state.version:
        raise NotFound("there is no such admission", field="admission_id", admission_id=state.id)
    match command:
        case Wait():
            return _wait(state, command)
        case Assign():
            return _assign(state, command)
        case ChangeCarers():
            return _change_carers(state, command)
        case LoseCarer():
            return _lose(state, command, time)
        case Acknowledge():
            _legal(state, "assigned", ("assigned", "handed_over"))
            return [] if state.acknowledged else [HandoverAcknowledged()]
        case TimeOut():
            _waits(state)
            return [AssignmentTimedOut(waited=command.waited, timeouts=state.timeouts + 1, retry_at=command.retry_at)]
        case Escalate():
            _waits(state)
            return [] if state.escalated_at else [AssignmentEscalated(attempts=tries(state), time=time)]
        case ChangeNeed():
            return _change_need(state, command)
        case Discharge():
            return _discharge(state, command, time)
        case Cancel():
            _legal(state, "cancelled", OPEN)
            return [AdmissionCancelled(time=time, reason=_about(state, command.reason))]
        case Repoint():
            was, into = state.patient_id, command.patient_id
            return [] if into == was else [AdmissionRepointed(patient_id=into, id=state.id, was=was)]
        case _:
            assert_never(command)


def complete(need: Need, carers: Carers) -> bool:
    """R1: whether nothing is missing."""
    return bool(carers.doctor_id and carers.nurse_id and (carers.bed_id or not need.needs_bed))


def tries(state: Admission) -> int:
    """R4: how often it was tried in vain by itself since it began to wait."""
    return state.timeouts + state.attempts


def _admit(state: Admission, command: Admit, time: int) -> list[AdmissionEvent]:
    assert not state.version, "ids are given once"
    admitted = PatientAdmitted(
        id=state.id,
        patient_id=command.patient_id,
        acuity=command.acuity,
        need=command.need,
        admitted_at=command.admitted_at,
        time=time,
        note=command.note.about(command.patient_id) if command.note is not None else None,
    )
    if command.assigned is None:
        assert command.reason, "R1: who waits is told why"
        return [admitted, AdmissionWaits(reason=command.reason, since=command.admitted_at)]
    assert complete(command.need, command.assigned.carers), "R1: assigned, but something is missing"
    return [admitted, PatientAssigned(assigned=command.assigned)]


def _wait(state: Admission, command: Wait) -> list[AdmissionEvent]:
    """R3: nothing is written down of an attempt after which all is as it was."""
    _waits(state)
    if not command.counted and command.reason == state.reason and command.retry_at == state.retry_at:
        return []
    return [
        AdmissionWaits(
            reason=command.reason,
            since=state.waiting_since,
            attempts=state.attempts + command.counted,
            retry_at=command.retry_at,
            handed_over=state.status == "handed_over",
        )
    ]


def _assign(state: Admission, command: Assign) -> list[AdmissionEvent]:
    """R1."""
    _waits(state)
    assert complete(state.need, command.assigned.carers), "R1: assigned, but something is missing"
    return [PatientAssigned(assigned=command.assigned, reason=_about(state, command.reason))]


def _discharge(state: Admission, command: Discharge, time: int) -> list[AdmissionEvent]:
    """R5."""
    _legal(state, "discharged", ("assigned", "handed_over"))
    if command.at < state.admitted_at:
        raise BeforeAdmission(
            "the patient was admitted after that",
            field="occurred_at",
            admission_id=state.id,
            admitted_at=state.admitted_at,
        )
    return [PatientDischarged(at=command.at, time=time, reason=_about(state, command.reason))]


def _change_carers(state: Admission, command: ChangeCarers) -> list[AdmissionEvent]:
    _legal(state, "assigned", ("assigned", "handed_over"))
    had, has = state.carers, command.assigned.carers
    if had == has:
        return []
    for before, after in ((had.doctor_id, has.doctor_id), (had.nurse_id, has.nurse_id)):
        assert after or not before, "R1: a carer is lost by ``LoseCarer``"
    return [
        CarersChanged(
            assigned=command.assigned,
            reason=_about(state, command.reason),
            note=_about(state, command.note),
            acknowledged=command.acknowledged,
        )
    ]


def _lose(state: Admission, command: LoseCarer, time: int) -> list[AdmissionEvent]:
    _legal(state, "handed_over", ("assigned", "handed_over"))
    assert not complete(state.need, command.assigned.carers), "R1: nothing is missing"
    # Who waits already for the other role keeps the place in the line.
    since = state.waiting_since if state.status == "handed_over" else time
    return [CarerLost(assigned=command.assigned, why=command.why, reason=command.reason, since=since)]


def _change_need(state: Admission, command: ChangeNeed) -> list[AdmissionEvent]:
    if command.if_version not in (None, state.version):
        raise Stale("the admission has changed", id=state.id, version=state.version)
    _legal(state, state.status, OPEN)
    if (command.acuity, command.need) == (state.acuity, state.need):
        return []
    return [NeedChanged(acuity=command.acuity, need=command.need, reason=_about(state, command.reason))]


def _waits(state: Admission) -> None:
    if state.status not in ("waiting", "handed_over"):
        raise NotWaiting("the admission does not wait", admission_id=state.id, status=state.status)


def _legal(state: Admission, to: Status, states: Collection[Status]) -> None:
    if state.status not in states:
        raise IllegalStep(
            f"the admission is {state.status}", admission_id=state.id, from_state=state.status, to_state=to
        )


def _about(state: Admission, text: FreeText | None) -> FreeText | None:
    return None if text is None else text.about(state.patient_id)
