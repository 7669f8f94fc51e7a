"""What can happen to an admission. Names and fields are for ever; new fields carry defaults. Times are µs."""

from __future__ import annotations

from engine.actors.admission.state import Assigned
from engine.decider import Event, FreeText
from engine.needs import Acuity, Need, Reason


class PatientAdmitted(Event, frozen=True):
    """A new admission; in the same entry it is assigned, or waits."""

    id: str
    patient_id: str
    acuity: Acuity
    need: Need
    admitted_at: int
    time: int
    note: FreeText | None = None


class AdmissionWaits(Event, frozen=True):
    """Somebody or something is missing. ``retry_at`` 0: not tried again before something frees up.

    ``handed_over``: the patient has the rest, and waits for whoever takes over.
    """

    reason: Reason
    since: int
    attempts: int = 0
    retry_at: int = 0
    handed_over: bool = False


class PatientAssigned(Event, frozen=True):
    """Doctor, nurse and bed, all of them. ``reason``: of who has decided it by hand."""

    assigned: Assigned
    reason: FreeText | None = None


class CarersChanged(Event, frozen=True):
    """Another doctor, nurse or bed for somebody who has all: hand-over, reassignment, transfer, swap."""

    assigned: Assigned
    reason: FreeText | None = None
    note: FreeText | None = None
    acknowledged: bool = True


class CarerLost(Event, frozen=True):
    """Who was there cannot go on, and nobody is free to take over: bed and the other stay."""

    assigned: Assigned
    why: str
    """``deactivated`` | ``shift_end`` | ``handover``."""
    reason: Reason
    since: int


class HandoverAcknowledged(Event, frozen=True):
    """Who took over says so."""


class AssignmentTimedOut(Event, frozen=True):
    """No decision within the limit: nothing was assigned, and it is tried again."""

    waited: int
    """µs."""
    timeouts: int
    retry_at: int


class AssignmentEscalated(Event, frozen=True):
    """Tried often enough in vain: somebody must see to it."""

    attempts: int
    time: int


class NeedChanged(Event, frozen=True):
    """Another acuity or other needs, while it waits or later."""

    acuity: Acuity
    need: Need
    reason: FreeText | None = None


class PatientDischarged(Event, frozen=True):
    """The patient leaves; doctor, nurse and bed are given back."""

    at: int
    time: int
    reason: FreeText | None = None


class AdmissionCancelled(Event, frozen=True):
    """It was never to be, or the patient left while waiting."""

    time: int
    reason: FreeText | None = None


class AdmissionRepointed(Event, frozen=True):
    """Another record of the same patient goes on with it. ``was``: the one before, ``id``: the admission's own."""

    patient_id: str
    id: str = ""
    was: str = ""


AdmissionEvent = (
    PatientAdmitted
    | AdmissionWaits
    | PatientAssigned
    | CarersChanged
    | CarerLost
    | HandoverAcknowledged
    | AssignmentTimedOut
    | AssignmentEscalated
    | NeedChanged
    | PatientDischarged
    | AdmissionCancelled
    | AdmissionRepointed
)
