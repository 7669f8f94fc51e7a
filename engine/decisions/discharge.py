"""Patients leave: doctor and nurse have one less, the bed waits to be cleaned, and who waited is served.

R1  All that the patient had is given back in the same decision, and goes to who waits in it; the bed only once it is
    clean.
R2  A discharge that is entered later says when it really was: after the admission, and not in a time to come.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from engine.actors.admission.commands import Discharge
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, FreeText, Value
from engine.decisions import finding
from engine.decisions.admissions import as_it_is, home, since
from engine.decisions.assigning.plan import Plan


class DischargePatient(Value, frozen=True):
    """The patient has left. ``contaminated``: ordinary cleaning of the bed is not enough."""

    admission_id: Id
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None
    contaminated: bool = False
    reason: FreeText | None = None


def discharge(command: DischargePatient, at: At) -> Deciding:
    """R1, R2."""
    plan = Plan((yield from finding.the_hospital()), at)
    patient_id = (yield from plan.found(command.admission_id)).patient_id
    left_at = since(command.occurred_at, at)
    yield from plan.leave(
        command.admission_id, Discharge(left_at, command.reason), left_at, contaminated=command.contaminated
    )
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(command.admission_id, patient_id)


DISCHARGE_PATIENT = Decision(command=DischargePatient, run=discharge, home=home)
