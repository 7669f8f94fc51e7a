"""What decisions ask of an admission. None of these is stored. Times are µs.

waiting → assigned → handed_over → assigned → discharged; whatever is open → cancelled; a patient who is assigned may
lose a carer and then waits for that role alone. Any other step is ``IllegalStep`` with both states.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.actors.admission.state import Assigned
from engine.decider import FreeText
from engine.needs import Acuity, Need, Reason

Lost = Literal["deactivated", "shift_end", "handover"]
"""Why somebody cannot go on with a patient."""


class Admit(msgspec.Struct, frozen=True):
    """A new admission, and in the same step what it got: all (``assigned``), or nothing and the ``reason``."""

    patient_id: str
    acuity: Acuity
    need: Need
    admitted_at: int
    note: FreeText | None = None
    assigned: Assigned | None = None
    reason: Reason = ""


class Wait(msgspec.Struct, frozen=True):
    """Tried in vain: why, and when it is tried again by itself (0: not before something frees up).

    ``counted``: one of those attempts after which somebody is told.
    """

    reason: Reason
    counted: bool = False
    retry_at: int = 0


class Assign(msgspec.Struct, frozen=True):
    """All that was missing is there. ``reason``: of who has decided it by hand."""

    assigned: Assigned
    reason: FreeText | None = None


class ChangeCarers(msgspec.Struct, frozen=True):
    """Another doctor, nurse or bed for somebody who has, or had, all."""

    assigned: Assigned
    reason: FreeText | None = None
    note: FreeText | None = None
    acknowledged: bool = True


class LoseCarer(msgspec.Struct, frozen=True):
    """Who was there cannot go on, and there is nobody else: ``assigned`` is what is left."""

    assigned: Assigned
    why: Lost
    reason: Reason


class Acknowledge(msgspec.Struct, frozen=True):
    """Who took over says so."""


class TimeOut(msgspec.Struct, frozen=True):
    """No decision within the limit, after ``waited`` µs."""

    waited: int
    retry_at: int


class Escalate(msgspec.Struct, frozen=True):
    """It is not tried again by itself; somebody is told."""


class ChangeNeed(msgspec.Struct, frozen=True):
    """Another acuity, or other needs."""

    acuity: Acuity
    need: Need
    reason: FreeText | None = None
    if_version: int | None = None


class Discharge(msgspec.Struct, frozen=True):
    """The patient has left, at ``at``."""

    at: int
    reason: FreeText | None = None


class Cancel(msgspec.Struct, frozen=True):
    """It was never to be, or the patient has gone while waiting."""

    reason: FreeText | None = None


class Repoint(msgspec.Struct, frozen=True):
    """Another record of the same patient goes on with it."""

    patient_id: str


class Together(msgspec.Struct, frozen=True):
    """Several of these in order, each seeing what the ones before it left; all or none."""

    do: tuple[AdmissionStep, ...]


AdmissionStep = (
    Admit | Wait | Assign | ChangeCarers | LoseCarer | Acknowledge | TimeOut | Escalate | ChangeNeed | Discharge
    | Cancel | Repoint
)  # fmt: skip
AdmissionCommand = AdmissionStep | Together
