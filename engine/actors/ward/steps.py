"""What happens to a single bed, step by step. The rules are in the package's docstring."""

from __future__ import annotations

from typing import Literal, assert_never

from msgspec.structs import replace

from engine.actors.ward.choosing import in_state, not_free, occupied, to_be_had, vacated
from engine.actors.ward.commands import (
    BedStep,
    EndReservation,
    Exchange,
    Mark,
    Occupy,
    Reserve,
    Restate,
    Swap,
    Vacate,
)
from engine.actors.ward.draft import Draft
from engine.actors.ward.events import (
    BedClosed,
    BedContaminated,
    BedDecontaminated,
    BedIsolated,
    BedOccupantRestated,
    BedOccupied,
    BedPassedOn,
    BedReady,
    BedReopened,
    BedReservationEnded,
    BedReserved,
    BedVacated,
)
from engine.actors.ward.refusals import AlreadyReserved, BedOverlap, IllegalStep, NotTheOccupant
from engine.actors.ward.state import Bed, BedState, Occupant, Stay
from engine.decider import FreeText
from engine.errors import Invalid


def step(draft: Draft, command: BedStep) -> None:
    """One step of a bed, or a refusal."""
    match command:
        case Reserve():
            _reserve(draft, command)
        case EndReservation():
            _end_reservation(draft, command.bed_id, command.how)
        case Occupy():
            _occupy(draft, command)
        case Vacate():
            _vacate(draft, command)
        case Mark():
            _mark(draft, command)
        case Exchange():
            _exchange(draft, command)
        case Swap():
            _swap(draft, command)
        case Restate():
            _restate(draft, command)
        case _:
            assert_never(command)


def _reserve(draft: Draft, command: Reserve) -> None:
    """R5."""
    bed = _in(draft, command.bed_id, ("unoccupied",), "reserved")
    if command.until <= draft.time:
        raise Invalid("a bed is kept until some time to come", field="minutes")
    patient_id = command.occupant.patient_id
    for other in draft.theirs(patient_id):
        if other.state == "reserved":
            raise AlreadyReserved(
                "a bed is kept for the patient already",
                patient_id=patient_id,
                ward_id=draft.ward.id,
                bed_id=other.id,
            )
    after = Bed(
        id=bed.id,
        profile=bed.profile,
        state="reserved",
        since=draft.time,
        occupant=replace(command.occupant, since=draft.time),
        reserved_until=command.until,
        version=bed.version + 1,
    )
    draft.note(BedReserved(bed=after), after)


def _end_reservation(draft: Draft, bed_id: str, how: Literal["expired", "released", "closed", "isolated"]) -> None:
    """R5."""
    bed = _in(draft, bed_id, ("reserved",), "unoccupied")
    assert bed.occupant is not None, "R4: a reserved bed is kept for somebody"
    after = in_state(bed, "unoccupied", draft.time)
    draft.note(BedReservationEnded(bed=after, how=how, patient_id=bed.occupant.patient_id), after)


def _occupy(draft: Draft, command: Occupy) -> None:
    """R4, R5, R6, R7."""
    bed, occupant = draft.find(command.bed_id), command.occupant
    assert occupant.admission_id, "who lies in a bed is admitted"
    if not to_be_had(bed, occupant.patient_id, draft.time):
        raise not_free(bed)
    after = occupied(bed, occupant, draft.time)
    if after.since > draft.time:
        raise Invalid("nobody lies in a bed before it is so", field="occurred_at")
    _nobody_else_then(draft, bed.id, occupant.admission_id, after.since)
    draft.note(BedOccupied(bed=after, kept=bed.state == "reserved"), after)


def _vacate(draft: Draft, command: Vacate) -> None:
    """R4, R6: out of an occupied bed into housekeeping, and on from there when that is not enough."""
    bed = _occupied(draft, command.bed_id, "housekeeping")
    stay = _stay(draft, bed, command.admission_id, command.at)
    after = vacated(bed, command.at)
    draft.over(bed.id, stay)
    draft.note(BedVacated(bed=after, admission_id=stay.admission_id, start=stay.start, end=stay.end), after)
    if command.contaminated:
        worse = in_state(after, "contaminated", draft.time)
        draft.note(BedContaminated(bed=worse), worse)


def _exchange(draft: Draft, command: Exchange) -> None:
    """R6: both at once."""
    one, other = (_occupied(draft, id, "occupied") for id in (command.bed_id, command.other_bed_id))
    assert one.occupant is not None
    assert other.occupant is not None
    if one.id == other.id:
        raise Invalid("a bed is not exchanged for itself", field="other_bed_id")
    _pass_on(draft, one, other.occupant)
    _pass_on(draft, other, one.occupant)


def _swap(draft: Draft, command: Swap) -> None:
    """R6: the half of an exchange between two wards."""
    bed = _occupied(draft, command.bed_id, "occupied")
    assert bed.occupant is not None
    if bed.occupant.admission_id != command.admission_id:
        raise _other(bed, command.admission_id)
    _pass_on(draft, bed, command.occupant)


def _restate(draft: Draft, command: Restate) -> None:
    """R10."""
    bed = draft.find(command.bed_id)
    was = bed.occupant
    if was is None or was.admission_id != command.occupant.admission_id:
        raise _other(bed, command.occupant.admission_id)
    occupant = replace(command.occupant, since=was.since)
    if occupant == was:
        return
    after = replace(bed, occupant=occupant, version=bed.version + 1)
    before = was.patient_id if was.patient_id != occupant.patient_id else ""
    draft.note(BedOccupantRestated(bed=after, was=before), after)


def _mark(draft: Draft, command: Mark) -> None:
    """R4, R8."""
    time, id = draft.time, command.bed_id
    match command.to:
        case "ready":
            bed = _in(draft, id, ("housekeeping",), "unoccupied")
            past = draft.past(id)
            after = in_state(bed, "unoccupied", time)
            draft.note(BedReady(bed=after, turnover=time - past[-1].end if past else 0), after)
        case "contaminated":
            after = in_state(_in(draft, id, ("housekeeping",), "contaminated"), "contaminated", time, command.reason)
            draft.note(BedContaminated(bed=after), after)
        case "decontaminated":
            after = in_state(_in(draft, id, ("contaminated",), "housekeeping"), "housekeeping", time)
            draft.note(BedDecontaminated(bed=after), after)
        case "closed":
            after = _out_of_use(draft, id, "closed", command.reason)
            draft.note(BedClosed(bed=after), after)
        case "isolated":
            after = _out_of_use(draft, id, "isolated", command.reason)
            draft.note(BedIsolated(bed=after), after)
        case "reopened":
            bed = _in(draft, id, ("closed", "isolated"), "unoccupied")
            after = in_state(bed, bed.unclean or "unoccupied", time)
            draft.note(BedReopened(bed=after), after)
        case _:
            assert_never(command.to)


def _out_of_use(draft: Draft, bed_id: str, to: Literal["closed", "isolated"], reason: FreeText | None) -> Bed:
    bed = draft.find(bed_id)
    if bed.state in ("occupied", to):
        raise _illegal(bed, to)
    if bed.state == "reserved":
        _end_reservation(draft, bed_id, to)
        bed = draft.find(bed_id)
    return in_state(bed, to, draft.time, reason)


def _pass_on(draft: Draft, bed: Bed, occupant: Occupant) -> None:
    assert bed.occupant is not None
    stay = _stay(draft, bed, bed.occupant.admission_id, draft.time)
    after = occupied(bed, replace(occupant, since=draft.time), draft.time)
    draft.over(bed.id, stay)
    draft.note(BedPassedOn(bed=after, admission_id=stay.admission_id, start=stay.start, end=stay.end), after)


def _stay(draft: Draft, bed: Bed, admission_id: str, end: int) -> Stay:
    occupant = bed.occupant
    if occupant is None or occupant.admission_id != admission_id:
        raise _other(bed, admission_id)
    if end > draft.time:
        raise Invalid("nobody has left a bed before it is so", field="occurred_at")
    if end < occupant.since:
        raise Invalid(
            "nobody leaves a bed before lying in it", field="occurred_at", bed_id=bed.id, since=occupant.since
        )
    return Stay(occupant.since, end, admission_id)


def _nobody_else_then(draft: Draft, bed_id: str, admission_id: str, since: int) -> None:
    """R7: who comes stays on, so whoever left after ``since`` was there at the same time."""
    for stay in reversed(draft.past(bed_id)):
        if stay.end > since and stay.admission_id != admission_id:
            raise BedOverlap(
                "somebody else lay in the bed then",
                field="occurred_at",
                bed_id=bed_id,
                start_time=stay.start,
                end_time=stay.end,
            )


def _occupied(draft: Draft, bed_id: str, to: BedState) -> Bed:
    return _in(draft, bed_id, ("occupied",), to)


def _in(draft: Draft, bed_id: str, states: tuple[BedState, ...], to: BedState) -> Bed:
    """The bed, if it is in one of these states; else the step is illegal."""
    bed = draft.find(bed_id)
    if bed.state not in states:
        raise _illegal(bed, to)
    return bed


def _illegal(bed: Bed, to: BedState) -> IllegalStep:
    return IllegalStep(f"the bed is {bed.state}", bed_id=bed.id, from_state=bed.state, to_state=to)


def _other(bed: Bed, admission_id: str) -> NotTheOccupant:
    return NotTheOccupant("somebody else lies there, or nobody", bed_id=bed.id, admission_id=admission_id)
