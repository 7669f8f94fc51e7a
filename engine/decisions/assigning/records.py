"""What becomes of an admission when the patient's record is merged into another, or is to be removed.

R1  A merge takes along the open admission, the bed, the place in the line and a bed that is kept; not where both
    records have an open admission.
R2  A record with an open admission, or for which a bed is kept, is not removed.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine.actors.admission.commands import Repoint as RepointAdmission
from engine.actors.hospital import Hospital
from engine.actors.intake.commands import Repoint
from engine.actors.intake.refusals import BothAdmitted
from engine.actors.intake.state import INTAKE, Intake
from engine.actors.ward import RESERVATIONS
from engine.actors.ward.commands import EndReservation, Restate
from engine.actors.ward.state import Bed, Ward
from engine.decider import At, Find, Look
from engine.decisions.assigning.plan import Plan
from engine.decisions.finding import Deciding
from engine.errors import Rejected


class StillAdmitted(Rejected):
    """R2. Fact ``admission_id`` or ``bed_id``."""

    code = "in_use"
    rule = "R2"


def repoint_admission(hospital: Hospital, at: At, patient_id: str, into: str) -> Deciding[None]:
    """R1."""
    intake: Intake | None = yield Look(INTAKE)
    plan = Plan(hospital, at)
    admission_id = intake.open.get(patient_id) if intake is not None else None
    if intake is not None and admission_id is not None:
        if into in intake.open:
            raise BothAdmitted(
                "both records have an open admission; end one of them first",
                admission_ids=[admission_id, intake.open[into]],
            )
        plan.intake(Repoint(patient_id, into))
        one = yield from plan.admission(admission_id, RepointAdmission(into))
        if one.carers.bed_id:
            draft = yield from plan.drafted(one.carers.ward_id)
            lies = draft.find(one.carers.bed_id).occupant
            assert lies is not None, "the patient lies there"
            yield from plan.ward(one.carers.ward_id, Restate(one.carers.bed_id, replace(lies, patient_id=into)))
        if one.status == "waiting" and (yield from _kept(into)) is not None:
            yield from plan.assign(admission_id, "backlog")
    kept = yield from _kept(patient_id)
    if kept is not None:
        ward_id, bed = kept
        if (yield from _kept(into)) is not None:
            yield from plan.ward(ward_id, EndReservation(bed.id, "released"))
        else:
            assert bed.occupant is not None, "it is kept for somebody"
            yield from plan.ward(ward_id, Restate(bed.id, replace(bed.occupant, patient_id=into)))
        yield from plan.drain()
    yield from plan.propose()


def refuse_admitted(patient_id: str) -> Deciding[None]:
    """R2."""
    intake: Intake | None = yield Look(INTAKE)
    admission_id = intake.open.get(patient_id) if intake is not None else None
    if admission_id is not None:
        raise StillAdmitted("the patient is admitted", patient_id=patient_id, admission_id=admission_id)
    kept = yield from _kept(patient_id)
    if kept is not None:
        raise StillAdmitted("a bed is kept for the patient", patient_id=patient_id, bed_id=kept[1].id)


def _kept(patient_id: str) -> Deciding[tuple[str, Bed] | None]:
    """The bed that is kept for a patient, and its ward."""
    key: str | None = yield Find(RESERVATIONS, patient_id)
    ward: Ward | None = (yield Look(key)) if key is not None else None
    if ward is None:
        return None
    for bed_id in ward.theirs.get(patient_id, ()):
        if ward.beds[bed_id].state == "reserved":
            return ward.id, ward.beds[bed_id]
    return None
