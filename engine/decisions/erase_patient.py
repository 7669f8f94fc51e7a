"""Erase a patient: nothing that identifies the person is left, and everything else stays as it was.

The decision takes the person's data out of the record and writes down that it is to be so; that the key of all that
was ever sealed about the person is destroyed is the engine's work (``engine.erasing``), before anybody is answered.

R1  Nobody is erased who is in the house or expected there: open tokens, places on a waiting list, a ticket in a
    queue, appointments, open referrals, an admission, a bed that is kept. A record that was removed can be erased.
R2  All records of the person go together: those that were merged into this one, and those merged into them. A merged
    record is not erased by itself; fact ``merged_into`` names the one that goes on.
R3  To erase again is no event and has the same answer.
R4  The reason is about the hospital's act, and sealed with the hospital's key: it outlives the patient's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from engine import calendar
from engine.actors.agenda import agenda_group
from engine.actors.hospital import HOSPITAL, Id, known
from engine.actors.patient import Erase, Patient, PatientGone, patient_key
from engine.actors.patient_day import PatientDay, open_commitments
from engine.actors.service import SERVICES
from engine.actors.service.state import Service
from engine.decider import At, Deciding, Decision, Done, FreeText, Look, Members, Propose, Value
from engine.decisions import finding
from engine.decisions.assigning.records import refuse_admitted
from engine.decisions.engagements import HasActiveAppointments, open_engagements
from engine.decisions.patients import HasActiveTokens
from engine.decisions.referral_results import no_open_referrals
from engine.errors import NotFound, Rejected


class ErasureReason(FreeText):
    """Why a person is erased: 1 to 500 characters. It stays readable, so it names nobody."""

    __slots__ = ()
    min_length = 1
    max_length = 500


class ErasePatient(Value, frozen=True):
    """Erase a person for good; the log, its hashes and everybody else's data stay as they are."""

    patient_id: Id
    reason: ErasureReason


class HasTickets(Rejected):
    """R1; fact ``ticket_ids`` names up to ten of them."""

    code = "has_tickets"
    rule = "R1"


class ErasedView(msgspec.Struct, frozen=True):
    """Who was erased and when: the record asked for, and all of the person's records. Times in UTC."""

    patient_id: str
    erased_at: datetime
    records: list[str]


def erase(command: ErasePatient, at: At) -> Deciding:
    """R1 to R4."""
    known((yield Look(HOSPITAL)))
    key = patient_key(command.patient_id)
    state: Patient | None = yield Look(key)
    if state is None or not state.version:
        raise NotFound("there is no such patient")
    records = yield from _records(state)
    if not state.erased_at:
        if state.merged_into:
            raise PatientGone("the record was merged into another", patient_id=state.id, merged_into=state.merged_into)
        for patient_id in records:
            yield from _not_here(patient_id)
        for patient_id in records:
            yield Propose(patient_key(patient_id), Erase())

    def answer(look: Callable[[str], Any]) -> ErasedView:
        erased: Patient = look(key)
        return ErasedView(state.id, calendar.moment(erased.erased_at), records)

    return Done(answer, subject="")


def _records(state: Patient) -> finding.Deciding[list[str]]:
    """R2: the record itself, and all that it goes on for."""
    found, absorbed = [state.id], [*state.absorbed]
    while absorbed:
        patient_id = absorbed.pop(0)
        found.append(patient_id)
        other: Patient = yield Look(patient_key(patient_id))
        absorbed.extend(other.absorbed)
    return found


def _not_here(patient_id: str) -> finding.Deciding[None]:
    """R1, of one record."""
    for member in (yield Members(patient_key(patient_id))):
        day: PatientDay | None = (yield Look(member)) if member.startswith("patient_day:") else None
        if there := open_commitments(day):
            raise HasActiveTokens("the patient has open tokens", token_ids=[one.token_id for one in there[:10]])
    tickets: list[str] = []
    for member in (yield Members(SERVICES)):
        service: Service | None = yield Look(member)
        if service is not None and (ticket := service.by_patient.get(patient_id)):
            tickets.append(ticket)
    if tickets:
        raise HasTickets("the patient has tickets in queues", ticket_ids=tickets[:10])
    for member in (yield Members(agenda_group("patient", patient_id))):
        if engaged := (yield from open_engagements(member)):
            ids = [one.appointment_id for one in engaged[:10]]
            raise HasActiveAppointments("the patient has open appointments", appointment_ids=ids)
    yield from no_open_referrals(patient_id)
    yield from refuse_admitted(patient_id)


ERASE_PATIENT = Decision(
    command=ErasePatient, run=erase, home=lambda command, find: find("patients", command.patient_id)
)
