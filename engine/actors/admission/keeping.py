"""What the engine needs to keep an admission: its invariants, its timer, and how it is found."""

from __future__ import annotations

from collections.abc import Iterable

from engine.actors.admission.events import AdmissionEvent, AdmissionRepointed, PatientAdmitted
from engine.actors.admission.state import KEPT, OPEN, Admission, table_of
from engine.needs import Carers


def check(state: Admission) -> None:
    """What always holds."""
    if not state.version:
        return
    carers = state.carers
    assert len(state.history) <= KEPT, "R6: more is remembered than should be"
    assert not state.carers.bed_id or state.carers.ward_id, "a bed stands in a ward"
    if state.status in OPEN and state.history:
        assert state.history[-1].carers == carers, "R6: the last assignment is not the present one"
    match state.status:
        case "waiting":
            assert carers == Carers(), "R1: who waits has something"
            assert state.reason, "R1: who waits is told why"
            assert state.waiting_since, "R1: nobody knows since when"
        case "assigned":
            assert carers.doctor_id, "R1: assigned without a doctor"
            assert carers.nurse_id, "R1: assigned without a nurse"
            assert bool(carers.bed_id) == state.need.needs_bed, "R1: assigned without a bed, or with one too many"
            assert state.waiting_since == state.retry_at == 0, "R3: waits, and has all"
        case "handed_over":
            assert not (carers.doctor_id and carers.nurse_id), "R1: nobody is missing"
            assert bool(carers.bed_id) == state.need.needs_bed, "R1: the bed is lost with the carer"
            assert state.reason, "R1: who waits is told why"
        case _:
            assert carers == Carers(), "R5: who has left keeps something"
            assert state.ended_at, "R5: over, and nobody knows since when"
            assert not state.retry_at, "R5: over, and tried again"


def due(state: Admission) -> int | None:
    """R4: when it is tried again."""
    return state.retry_at or None


def closed(state: Admission, time: int) -> bool:
    """Over: it may leave memory."""
    return bool(state.version) and state.status not in OPEN


def files(state: Admission) -> Iterable[tuple[str, str]]:
    """An admission is found for ever, and among those of its patient."""
    if state.version:
        yield ("admissions", state.id)
        yield (table_of(state.patient_id), state.id)


def filed(event: AdmissionEvent) -> Iterable[tuple[str, str, bool]]:
    """The same, by one event."""
    if isinstance(event, PatientAdmitted):
        yield ("admissions", event.id, True)
        yield (table_of(event.patient_id), event.id, True)
    elif isinstance(event, AdmissionRepointed):
        yield (table_of(event.was), event.id, False)
        yield (table_of(event.patient_id), event.id, True)
