"""Patients' records: registered, changed, removed, and two records of one person merged.

R1  A patient with open tokens, waiting entries, appointments or an open admission cannot be removed.
R2  A merge re-points all that is open, in one decision, or nothing: where the rules against double booking would
    not let one person have both, it is refused and names them.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from engine import calendar
from engine.actors.agenda import agenda_group
from engine.actors.hospital import HOSPITAL, Id, known
from engine.actors.patient import (
    Absorb,
    BirthDate,
    CreatePatient,
    Gender,
    MergeConflict,
    MergeInto,
    RetirePatient,
    RevisePatient,
    in_use,
    patient_key,
    patient_view,
)
from engine.actors.patient_day import ChangeDay, Commit, Commitment, PatientDay, open_commitments, patient_day_key
from engine.actors.slot import slot_key
from engine.actors.slot.commands import Repoint
from engine.actors.slot.state import Slot
from engine.decider import At, Contact, Deciding, Decision, Done, Look, Members, PersonName, Propose, Value
from engine.decisions import visits
from engine.decisions.assigning.records import refuse_admitted, repoint_admission
from engine.decisions.engagements import HasActiveAppointments, open_engagements, repoint
from engine.decisions.referral_results import no_open_referrals, repoint_referrals
from engine.errors import NotFound, Rejected


class RegisterPatient(Value, frozen=True):
    """Register a patient; namesakes are different people."""

    name: PersonName
    phone: Contact | None = None
    email: Contact | None = None
    gender: Gender | None = None
    dob: BirthDate | None = None


class UpdatePatient(Value, frozen=True):
    """Change a patient; a field that is left out stays as it is, ``null`` takes it away."""

    patient_id: Id
    name: PersonName | UnsetType = UNSET
    phone: Contact | UnsetType | None = UNSET
    email: Contact | UnsetType | None = UNSET
    gender: Gender | UnsetType | None = UNSET
    dob: BirthDate | UnsetType | None = UNSET
    if_version: int | None = None


class RemovePatient(Value, frozen=True):
    """Retire a patient without open tokens; the record stays readable."""

    patient_id: Id
    if_version: int | None = None


class MergePatients(Value, frozen=True):
    """``patient_id`` and ``into`` are one person: the second record goes on with what is open of the first."""

    patient_id: Id
    into: Id
    if_version: int | None = None


class HasActiveTokens(Rejected):
    """R1; fact ``token_ids`` names up to ten of them."""

    code = "has_active_tokens"
    rule = "R1"


def register(command: RegisterPatient, at: At) -> Deciding:
    """A record of its own, always."""
    hospital = known((yield Look(HOSPITAL)))
    patient_id = at.new_id(0)
    key = patient_key(patient_id)
    today = calendar.local_day(at.time, hospital.time_zone)
    yield Propose(key, CreatePatient(command.name, command.phone, command.email, command.gender, command.dob, today))
    return Done(lambda look: patient_view(look(key)), "created", patient_id)


def update(command: UpdatePatient, at: At) -> Deciding:
    """Change the record."""
    hospital = known((yield Look(HOSPITAL)))
    key = patient_key(command.patient_id)
    in_use((yield Look(key)))
    revise = RevisePatient(
        name=command.name,
        phone=command.phone,
        email=command.email,
        gender=command.gender,
        dob=command.dob,
        today=calendar.local_day(at.time, hospital.time_zone),
        if_version=command.if_version,
    )
    yield Propose(key, revise)
    return Done(lambda look: patient_view(look(key)), subject=command.patient_id)


def remove(command: RemovePatient, at: At) -> Deciding:
    """R1."""
    key = patient_key(command.patient_id)
    in_use((yield Look(key)))
    for member in (yield Members(key)):
        day: PatientDay | None = (yield Look(member)) if member.startswith("patient_day:") else None
        if there := open_commitments(day):
            raise HasActiveTokens("the patient has open tokens", token_ids=[one.token_id for one in there[:10]])
    for member in (yield Members(agenda_group("patient", command.patient_id))):
        if engaged := (yield from open_engagements(member)):
            ids = [one.appointment_id for one in engaged[:10]]
            raise HasActiveAppointments("the patient has open appointments", appointment_ids=ids)
    yield from no_open_referrals(command.patient_id)
    yield from refuse_admitted(command.patient_id)
    yield Propose(key, RetirePatient(command.if_version))
    return Done(outcome="removed", subject=command.patient_id)


def merge(command: MergePatients, at: At) -> Deciding:
    """R2: each day of the first gives up what is open, the same day of the second takes it, each slot re-points."""
    hospital = known((yield Look(HOSPITAL)))
    key, into = patient_key(command.patient_id), patient_key(command.into)
    in_use((yield Look(key)))
    try:
        in_use((yield Look(into)))
    except NotFound:
        raise NotFound("there is no such patient to merge into", field="into") from None
    yield Propose(key, MergeInto(command.into, command.if_version))
    yield Propose(into, Absorb(command.patient_id))
    by_slot: dict[str, list[str]] = {}
    for member in (yield Members(key)):
        day: PatientDay | None = (yield Look(member)) if member.startswith("patient_day:") else None
        there = open_commitments(day)
        if not there:
            continue
        yield Propose(member, ChangeDay(states=tuple((one.token_id, "over") for one in there)))
        taken = ChangeDay(
            commits=tuple(
                Commit(
                    one.token_id,
                    one.slot_id,
                    one.doctor_id,
                    one.start,
                    one.end,
                    one.state,
                    hospital.policy,
                    one.review,
                )
                for one in there
            )
        )
        try:
            yield Propose(patient_day_key(command.into, member.rpartition(":")[2]), taken)
        except Rejected as refusal:
            raise _conflict(there, refusal) from None
        for one in there:
            by_slot.setdefault(one.slot_id, []).append(one.token_id)
    changed: list[tuple[Slot, Any]] = []
    for slot_id, token_ids in by_slot.items():
        slot: Slot = yield Look(slot_key(slot_id))
        changed.append((slot, (yield Propose(slot_key(slot_id), Repoint(tuple(token_ids), command.into)))))
    yield from visits.follow(hospital, at, changed)
    yield from repoint(command.patient_id, command.into, hospital.policy.patient_overlap)
    yield from repoint_admission(hospital, at, command.patient_id, command.into)
    yield from repoint_referrals(command.patient_id, command.into)
    return Done(lambda look: patient_view(look(into)), subject=command.into)


def _conflict(there: list[Commitment], refusal: Rejected) -> MergeConflict:
    other = refusal.facts.get("token_id") or refusal.facts.get("entry_id")
    return MergeConflict(
        "both records have tokens that one person may not have; cancel one of them first",
        tokens=[*(one.token_id for one in there), *([other] if other else [])],
        cause=refusal.code,
    )


REGISTER_PATIENT = Decision(command=RegisterPatient, run=register)
UPDATE_PATIENT = Decision(
    command=UpdatePatient, run=update, home=lambda command, find: find("patients", command.patient_id)
)
REMOVE_PATIENT = Decision(
    command=RemovePatient, run=remove, home=lambda command, find: find("patients", command.patient_id)
)
MERGE_PATIENTS = Decision(
    command=MergePatients, run=merge, home=lambda command, find: find("patients", command.patient_id)
)
