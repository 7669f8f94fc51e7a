"""Beds: added, changed, removed, kept for somebody, cleaned, closed. Who lies in one is decided with the admission.

R1  What may give a bed to somebody, or change who may share its room, serves who waits in the same decision.
R2  A bed is kept for a patient who could lie there; a patient has one bed kept at a time, in whichever ward.
R3  Who closes a bed, keeps it empty, or says that cleaning is not enough, says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta

from engine.actors.hospital import Id
from engine.actors.ward import commands as ward
from engine.actors.ward.choosing import unfit
from engine.actors.ward.commands import EndReservation, Mark, Reserve
from engine.actors.ward.keeping import RESERVATIONS
from engine.actors.ward.refusals import AlreadyReserved
from engine.actors.ward.state import Bed, BedProfile, Occupant, Ward, ward_key
from engine.actors.ward.view import BedView, bed_view
from engine.decider import MINUTE, At, Deciding, Decision, Done, Find, FreeText, Look, Propose, Value
from engine.decisions import finding
from engine.decisions.assigning.plan import Plan
from engine.decisions.assigning.traits import traits
from engine.decisions.wards import tidy
from engine.errors import NotFound
from engine.needs import Need
from engine.rules.subject import Word

Label = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]
Room = Annotated[str, Meta(max_length=60, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Equipment = Annotated[tuple[Word, ...], Meta(max_length=50)]


class WhyText(FreeText):
    """Why a bed cannot be had: some words."""

    __slots__ = ()
    min_length = 1


class BedFields(Value, frozen=True, kw_only=True):
    """What a bed is. Beds with the same ``room`` are in one room; without it the bed stands alone."""

    label: Label
    room: Room = ""
    type: Word = "general"
    equipment: Equipment = ()
    isolation: bool = False


class AddBed(BedFields, frozen=True, kw_only=True):
    """Put a bed into a ward."""

    ward_id: Id


class ChangeBed(BedFields, frozen=True, kw_only=True):
    """Replace what a bed is; who lies there stays."""

    bed_id: Id
    if_version: int | None = None


class RemoveBed(Value, frozen=True):
    """Take a bed away in which nobody lies."""

    bed_id: Id
    if_version: int | None = None


class ReserveBed(Value, frozen=True):
    """Keep a bed for a patient: so many minutes, or as long as the hospital's policy says.

    ``isolation``: what the patient is isolated for, if anything.
    """

    bed_id: Id
    patient_id: Id
    minutes: Annotated[int, Meta(ge=1, le=10_080)] | None = None
    isolation: Word | None = None


class ReleaseBed(Value, frozen=True):
    """Keep it no longer."""

    bed_id: Id


class CleanBed(Value, frozen=True):
    """It is clean, and free again."""

    bed_id: Id


class ContaminateBed(Value, frozen=True):
    """Ordinary cleaning is not enough."""

    bed_id: Id
    reason: WhyText


class DecontaminateBed(Value, frozen=True):
    """Ordinary cleaning is enough again."""

    bed_id: Id


class CloseBed(Value, frozen=True):
    """Out of use until it is reopened."""

    bed_id: Id
    reason: WhyText


class IsolateBed(Value, frozen=True):
    """Keep it empty, because of who lies or lay near, until it is reopened."""

    bed_id: Id
    reason: WhyText


class ReopenBed(Value, frozen=True):
    """In use again; to be cleaned first where it was not clean."""

    bed_id: Id


def add(command: AddBed, at: At) -> Deciding:
    """R1."""
    bed_id = at.new_id(0)
    step = ward.AddBed(bed_id, _profile(command))
    return (yield from _serve(command.ward_id, bed_id, step, at, "created"))


def change(command: ChangeBed, at: At) -> Deciding:
    """R1."""
    state, bed = yield from the_bed(command.bed_id)
    step = ward.ChangeBed(bed.id, _profile(command), command.if_version)
    return (yield from _serve(state.id, bed.id, step, at))


def remove(command: RemoveBed, at: At) -> Deciding:
    """Nobody lies there, so nobody's room mates change."""
    yield from finding.the_hospital()
    state, bed = yield from the_bed(command.bed_id)
    yield Propose(ward_key(state.id), ward.RemoveBed(bed.id, command.if_version))
    return Done(outcome="removed")


def reserve(command: ReserveBed, at: At) -> Deciding:
    """R2."""
    hospital = yield from finding.the_hospital()
    state, bed = yield from the_bed(command.bed_id)
    kept: str | None = yield Find(RESERVATIONS, command.patient_id)
    if kept not in (None, ward_key(state.id)):
        raise AlreadyReserved(
            "a bed is kept for the patient already",
            patient_id=command.patient_id,
            ward_id=kept.partition(":")[2],
        )
    known = yield from traits(command.patient_id, hospital, at.time)
    need = Need(gender=known.gender, age_group=known.age_group, age=known.age, isolation=command.isolation or "")
    if bed.state == "unoccupied" and (refused := unfit(state, bed, need, command.patient_id, at.time)) is not None:
        raise refused
    occupant = Occupant(
        patient_id=command.patient_id, gender=need.gender, age_group=need.age_group, isolation=need.isolation
    )
    minutes = command.minutes or hospital.policy.bed_reserve_minutes
    yield Propose(ward_key(state.id), Reserve(bed.id, occupant, at.time + minutes * MINUTE))
    return as_it_is(state.id, bed.id)


def release(command: ReleaseBed, at: At) -> Deciding:
    """R1."""
    state, bed = yield from the_bed(command.bed_id)
    return (yield from _serve(state.id, bed.id, EndReservation(bed.id, "released"), at))


def clean(command: CleanBed, at: At) -> Deciding:
    """R1."""
    return (yield from _mark(command.bed_id, "ready", at))


def contaminate(command: ContaminateBed, at: At) -> Deciding:
    """R3."""
    return (yield from _mark(command.bed_id, "contaminated", at, command.reason))


def decontaminate(command: DecontaminateBed, at: At) -> Deciding:
    """It is to be cleaned as usual."""
    return (yield from _mark(command.bed_id, "decontaminated", at))


def close(command: CloseBed, at: At) -> Deciding:
    """R1, R3: a reserved bed that is closed lets others into its room."""
    return (yield from _mark(command.bed_id, "closed", at, command.reason))


def isolate(command: IsolateBed, at: At) -> Deciding:
    """R1, R3."""
    return (yield from _mark(command.bed_id, "isolated", at, command.reason))


def reopen(command: ReopenBed, at: At) -> Deciding:
    """R1."""
    return (yield from _mark(command.bed_id, "reopened", at))


def the_bed(bed_id: str) -> finding.Deciding[tuple[Ward, Bed]]:
    """A bed by its id, with its ward."""
    key: str | None = yield Find("beds", bed_id)
    state: Ward | None = (yield Look(key)) if key is not None else None
    if state is None or bed_id not in state.beds:
        raise NotFound("there is no such bed", field="bed_id", bed_id=bed_id)
    return state, state.beds[bed_id]


def as_it_is(ward_id: str, bed_id: str, outcome: str = "ok") -> Done:
    """The bed as the decision leaves it: who waited may lie there."""
    key = ward_key(ward_id)

    def answer(look: Callable[[str], Any]) -> BedView:
        state: Ward = look(key)
        return bed_view(state, state.beds[bed_id])

    return Done(answer, outcome)


def _mark(
    bed_id: str,
    to: Literal["ready", "contaminated", "decontaminated", "closed", "isolated", "reopened"],
    at: At,
    reason: FreeText | None = None,
) -> Deciding:
    state, bed = yield from the_bed(bed_id)
    step = Mark(bed.id, to, None if reason is None else reason.about(""))
    return (yield from _serve(state.id, bed.id, step, at))


def _serve(ward_id: str, bed_id: str, step: ward.WardStep, at: At, outcome: str = "ok") -> Deciding:
    """R1: a step of a ward, and who can be served then."""
    plan = Plan((yield from finding.the_hospital()), at)
    yield from plan.ward(ward_id, step)
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(ward_id, bed_id, outcome)


def _profile(fields: BedFields) -> BedProfile:
    return BedProfile(
        label=tidy(fields.label, "label"),
        room=" ".join(fields.room.split()),
        type=tidy(fields.type, "type"),
        equipment=tuple(sorted({tidy(one, "equipment") for one in fields.equipment})),
        isolation=fields.isolation,
    )


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("beds", command.bed_id)


ADD_BED = Decision(command=AddBed, run=add, home=lambda command, find: find("wards", command.ward_id))
CHANGE_BED = Decision(command=ChangeBed, run=change, home=_home)
REMOVE_BED = Decision(command=RemoveBed, run=remove, home=_home)
RESERVE_BED = Decision(command=ReserveBed, run=reserve, home=_home)
RELEASE_BED = Decision(command=ReleaseBed, run=release, home=_home)
CLEAN_BED = Decision(command=CleanBed, run=clean, home=_home)
CONTAMINATE_BED = Decision(command=ContaminateBed, run=contaminate, home=_home)
DECONTAMINATE_BED = Decision(command=DecontaminateBed, run=decontaminate, home=_home)
CLOSE_BED = Decision(command=CloseBed, run=close, home=_home)
ISOLATE_BED = Decision(command=IsolateBed, run=isolate, home=_home)
REOPEN_BED = Decision(command=ReopenBed, run=reopen, home=_home)
