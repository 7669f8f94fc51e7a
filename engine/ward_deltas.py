"""What the events of wards, admissions and alerts look like to those who watch.

One row for each kind of actor, read by ``engine.deltas``. A ward's own topic hangs on walls: it learns which bed is in
which state since when, and nothing of who lies there. Whose an admission is stands only on the topics of staff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from engine import calendar
from engine.actors.admission import events as admission
from engine.actors.admission.state import Assigned
from engine.actors.alerts import events as alerts
from engine.actors.alerts.state import Alert
from engine.actors.intake import events as intake
from engine.actors.ward import events as ward
from engine.actors.ward.state import Bed
from engine.room_deltas import ALERT, ALERTS, Fields, Placed

WARDS: Final = "wards"
"""That a ward is new or otherwise, or that others wait for a bed: whoever shows a ward looks again."""

ADMISSIONS: Final = "admissions"
"""What becomes of patients, for staff."""

BED: Final = "bed_update"
WARD: Final = "ward_update"
WAITING: Final = "waiting_update"
ADMISSION: Final = "admission_update"


# -- wards and beds -----------------------------------------------------------------------------------------


def of_ward(id: str, event: Any) -> Iterator[Placed]:
    """How a bed stands now; that it is gone; that the ward is called otherwise."""
    bed: Bed | None = getattr(event, "bed", None)
    if bed is not None:
        # A reservation ends in one of two ways.
        change = event.how if type(event) is ward.BedReservationEnded else _BED[type(event)]
        yield f"ward:{id}", BED, {"change": change, "ward_id": id, **_shown(bed)}, True
    elif type(event) is ward.BedRemoved:
        yield f"ward:{id}", BED, {"change": "removed", "ward_id": id, "bed_id": event.bed_id, "state": None}, True
    elif (told := _WARD.get(type(event))) is not None:
        change, name = told
        fields = {"change": change, "ward_id": id, "name": event.profile.name if name else None}
        yield f"ward:{id}", WARD, fields, True
        yield WARDS, WARD, fields, False


def _shown(bed: Bed) -> Fields:
    profile = bed.profile
    return {
        "bed_id": bed.id,
        "label": profile.label,
        "room": profile.room,
        "bed_type": profile.type,
        "equipment": profile.equipment,
        "isolation": profile.isolation,
        "state": bed.state,
        "since": calendar.moment(bed.since),
    }


_BED: Final[dict[type[Any], str]] = {
    ward.BedAdded: "added",
    ward.BedChanged: "changed",
    ward.BedReserved: "reserved",
    ward.BedOccupied: "occupied",
    ward.BedVacated: "vacated",
    ward.BedPassedOn: "passed_on",
    ward.BedOccupantRestated: "restated",
    ward.BedContaminated: "contaminated",
    ward.BedDecontaminated: "decontaminated",
    ward.BedReady: "ready",
    ward.BedClosed: "closed",
    ward.BedIsolated: "isolated",
    ward.BedReopened: "reopened",
}

_WARD: Final[dict[type[Any], tuple[str, bool]]] = {
    ward.WardOpened: ("opened", True),
    ward.WardChanged: ("settings", True),
    ward.WardRetired: ("retired", False),
}
"""The change, and whether the event says how the ward is called."""


# -- who waits ----------------------------------------------------------------------------------------------


def of_intake(id: str, event: Any) -> Iterator[Placed]:
    """That the line of those who wait is another. Who they are is told of their admissions, and not here."""
    if type(event) is intake.IntakeWaits:
        waiter = event.waiter
        fields = {
            "change": "waits",
            "acuity": waiter.acuity,
            "since": calendar.moment(waiter.since),
            "reason": waiter.reason,
            "ward_id": waiter.ward_id or waiter.need.ward_id or None,
        }
        yield WARDS, WAITING, fields, False
    elif (change := _LEFT.get(type(event))) is not None:
        yield WARDS, WAITING, {"change": change}, False


_LEFT: Final[dict[type[Any], str]] = {intake.IntakeServed: "served", intake.IntakeEnded: "ended"}


# -- admissions ---------------------------------------------------------------------------------------------


def of_admission(id: str, event: Any) -> Iterator[Placed]:
    """One step of an admission: what the event says of it, no more."""
    told = _ADMISSION.get(type(event))
    if told is not None:
        yield ADMISSIONS, ADMISSION, {"admission_id": id, **told(event)}, True


def _given(assigned: Assigned) -> Fields:
    carers = assigned.carers
    return {
        "doctor_id": carers.doctor_id or None,
        "nurse_id": carers.nurse_id or None,
        "ward_id": carers.ward_id or None,
        "bed_id": carers.bed_id or None,
    }


def _admitted(event: admission.PatientAdmitted) -> Fields:
    return {"change": "admitted", "patient_id": event.patient_id, "acuity": event.acuity, "status": "waiting"}


def _waits(event: admission.AdmissionWaits) -> Fields:
    return {
        "change": "waits",
        "status": "handed_over" if event.handed_over else "waiting",
        "reason": event.reason,
        "since": calendar.moment(event.since),
        "attempts": event.attempts,
    }


def _assigned(event: admission.PatientAssigned) -> Fields:
    return {"change": "assigned", "how": event.assigned.how, "status": "assigned", **_given(event.assigned)}


def _carers_changed(event: admission.CarersChanged) -> Fields:
    carers = event.assigned.carers
    return {
        "change": event.assigned.how or "reassigned",
        "status": "assigned" if carers.doctor_id and carers.nurse_id else "handed_over",
        "acknowledged": event.acknowledged,
        **_given(event.assigned),
    }


def _carer_lost(event: admission.CarerLost) -> Fields:
    return {
        "change": "carer_lost",
        "status": "handed_over",
        "why": event.why,
        "reason": event.reason,
        "since": calendar.moment(event.since),
        **_given(event.assigned),
    }


def _timed_out(event: admission.AssignmentTimedOut) -> Fields:
    retry = calendar.moment(event.retry_at) if event.retry_at else None
    return {"change": "timed_out", "reason": "timeout", "timeouts": event.timeouts, "retry_at": retry}


_ADMISSION: Final[dict[type[Any], Callable[[Any], Fields]]] = {
    admission.PatientAdmitted: _admitted,
    admission.AdmissionWaits: _waits,
    admission.PatientAssigned: _assigned,
    admission.CarersChanged: _carers_changed,
    admission.CarerLost: _carer_lost,
    admission.HandoverAcknowledged: lambda event: {"change": "acknowledged", "acknowledged": True},
    admission.AssignmentTimedOut: _timed_out,
    admission.AssignmentEscalated: lambda event: {"change": "escalated", "attempts": event.attempts},
    admission.NeedChanged: lambda event: {"change": "need", "acuity": event.acuity},
    admission.PatientDischarged: lambda event: {"change": "discharged", "status": "discharged"},
    admission.AdmissionCancelled: lambda event: {"change": "cancelled", "status": "cancelled"},
    admission.AdmissionRepointed: lambda event: {"change": "patient", "patient_id": event.patient_id},
}


# -- alerts -------------------------------------------------------------------------------------------------


def of_alerts(id: str, event: Any) -> Iterator[Placed]:
    """An alert as it stands now; what was measured is nobody's news."""
    change = _ALERT.get(type(event))
    if change is not None:
        yield ALERTS, ALERT, {"alert": event.alert.kind, "change": change, **_alert(event.alert)}, True


def _alert(alert: Alert) -> Fields:
    return {
        "alert_id": alert.id,
        "severity": alert.severity,
        "subject": alert.subject or None,
        "patient_id": alert.patient_id or None,
        "value": alert.value,
        "threshold": alert.threshold,
        "unit": alert.unit,
        "since": calendar.moment(alert.opened_at),
        "times": alert.times,
        "acknowledged": bool(alert.acknowledged_at),
    }


_ALERT: Final[dict[type[Any], str]] = {
    alerts.AlertOpened: "opened",
    alerts.AlertRepeated: "repeated",
    alerts.AlertAcknowledged: "acknowledged",
    alerts.AlertClosed: "closed",
}
