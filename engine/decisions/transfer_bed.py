"""Patients who have a bed get another one: transfers, and two who change places.

R1  The new bed and the old one change in one entry; where there is no bed that fits, nothing changes.
R2  A transfer may let others have what it gives back, in the same decision.
"""

from __future__ import annotations

from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, FreeText, Value
from engine.decisions import finding
from engine.decisions.admissions import as_it_is, home, the_ward
from engine.decisions.assigning.plan import Plan


class TransferPatient(Value, frozen=True):
    """Another bed: the one that is named, the best of a ward, or the best that the patient's needs allow."""

    admission_id: Id
    ward_id: Id | None = None
    bed_id: Id | None = None
    reason: FreeText | None = None


class SwapBeds(Value, frozen=True):
    """Two patients change places; neither bed is cleaned in between."""

    admission_id: Id
    other_admission_id: Id
    reason: FreeText | None = None


def transfer(command: TransferPatient, at: At) -> Deciding:
    """R1, R2."""
    plan = Plan((yield from finding.the_hospital()), at)
    patient_id = (yield from plan.found(command.admission_id)).patient_id
    if command.ward_id is not None:
        yield from the_ward(command.ward_id)
    yield from plan.move_bed(command.admission_id, command.ward_id, command.bed_id, command.reason)
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(command.admission_id, patient_id)


def swap(command: SwapBeds, at: At) -> Deciding:
    """R1, R2; the answer is the first of the two."""
    plan = Plan((yield from finding.the_hospital()), at)
    patient_id = (yield from plan.found(command.admission_id)).patient_id
    yield from plan.swap_beds(command.admission_id, command.other_admission_id, command.reason)
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(command.admission_id, patient_id)


TRANSFER_PATIENT = Decision(command=TransferPatient, run=transfer, home=home)
SWAP_BEDS = Decision(command=SwapBeds, run=swap, home=home)
