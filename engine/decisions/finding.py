"""What most decisions about tokens begin with: the hospital's policy, the slot, the token, the patient's day."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, NamedTuple, TypeVar

from engine import calendar
from engine.actors.agenda import Agenda, agenda_key, conflict
from engine.actors.agenda import overlap as agenda_overlap
from engine.actors.hospital import HOSPITAL, Hospital, Policy, known
from engine.actors.patient import Patient, in_use, patient_key
from engine.actors.patient_day import Commit, Commitment, PatientDay, overlap, overlaps, patient_day_key, refusal
from engine.actors.slot import slot_key
from engine.actors.slot.state import Slot, Token
from engine.decider import Find, Look, Members, Step
from engine.errors import NotFound, Rejected, Stale, SubjectErased

T = TypeVar("T")
Deciding = Generator[Step, Any, T]
"""A part of a decision that gives something."""


class Found(NamedTuple):
    """A token or entry and the slot it is in."""

    slot: Slot
    token: Token


class PatientLimit(Rejected):
    """The patient has as many active tokens as the hospital allows."""

    code = "patient_limit"


def the_hospital() -> Deciding[Hospital]:
    """The hospital; every decision knows its policy."""
    return known((yield Look(HOSPITAL)))


def the_slot(slot_id: str) -> Deciding[Slot]:
    """The slot of this id."""
    slot: Slot | None = yield Look(slot_key(slot_id))
    if slot is None or not slot.version:
        raise NotFound("there is no such slot", field="slot_id", slot_id=slot_id)
    return slot


def the_patient(patient_id: str) -> Deciding[None]:
    """Refuses an unknown patient, and a record that was removed or merged into another."""
    in_use((yield Look(patient_key(patient_id))))


def not_erased(patient_id: str) -> Deciding[None]:
    """Refuses to bring somebody back who was erased; a record that was removed may have something undone."""
    record: Patient | None = yield Look(patient_key(patient_id))
    if record is not None and record.erased_at:
        raise SubjectErased("the patient was erased", patient_id=patient_id)


def the_token(token_id: str, if_version: int | None = None) -> Deciding[Found]:
    """A token by its id, or an entry of a waiting list that may become one."""
    return (yield from _found(token_id, ("tokens", "waiting", "waiting_past"), "token", if_version))


def the_entry(entry_id: str, if_version: int | None = None) -> Deciding[Found]:
    """An entry of a waiting list, ended ones and those that became tokens included."""
    return (yield from _found(entry_id, ("waiting", "waiting_past", "tokens"), "waiting entry", if_version))


def the_day(patient_id: str, day: str) -> Deciding[PatientDay | None]:
    """A patient's local day, ``None`` while there is nothing on it."""
    state: PatientDay | None = yield Look(patient_day_key(patient_id, day))
    return state


def objection(
    patient_id: str, day: str, commitments: Iterable[Commitment], wanted: Commit | Commitment, policy: Policy
) -> Deciding[Rejected | None]:
    """Why the patient cannot have this token or entry: the rules of the day, then those that reach beyond it."""
    reason = refusal(commitments, wanted, policy)
    if reason is not None:
        return reason
    if policy.patient_overlap:
        # A slot may span midnight, so its neighbours in time may stand in the days beside.
        days = (calendar.shift(day, -1), calendar.shift(day, 1))
        for other in days:
            beside = yield from the_day(patient_id, other)
            for one in beside.commitments if beside else ():
                if one.state == "active" and one.token_id != wanted.token_id and overlaps(one, wanted):
                    return overlap(one)
        for other in (day, *days):
            agenda: Agenda | None = yield Look(agenda_key("patient", patient_id, other))
            there = agenda_overlap(agenda, wanted.start, wanted.end)
            if there is not None:
                return conflict("patient", there)
    limit = policy.max_active_tokens_per_patient
    if limit is not None and wanted.state == "active":
        held = sum(one.state == "active" and one.token_id != wanted.token_id for one in commitments)
        today = patient_day_key(patient_id, day)
        for key in (yield Members(f"patient:{patient_id}")):
            if key != today and key.startswith("patient_day:"):
                other_day: PatientDay | None = yield Look(key)
                for one in other_day.commitments if other_day else ():
                    held += one.state == "active" and one.token_id != wanted.token_id
        if held >= limit:
            return PatientLimit("the patient has as many tokens as are allowed", held=held, limit=limit)
    return None


def _found(id: str, tables: tuple[str, ...], what: str, if_version: int | None) -> Deciding[Found]:
    for table in tables:
        key: str | None = yield Find(table, id)
        if key is not None:
            slot: Slot | None = yield Look(key)
            token = slot.tokens.get(id) if slot is not None else None
            if slot is not None and token is not None:
                if if_version is not None and if_version != token.version:
                    raise Stale(f"the {what} has changed", id=id, version=token.version)
                return Found(slot, token)
    raise NotFound(f"there is no such {what}", id=id)
