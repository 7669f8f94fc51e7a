"""What a person's record has in the clinics' rooms, for those who remove it or merge it with another.

R1  Open is what is held, booked, checked in or in progress; an agenda also keeps what is over.
R2  A merge re-points what is open of the first record: its agendas give it up, the second's take it, and each
    appointment names the other record. What one person may not have both is refused.
"""

from __future__ import annotations

from engine import calendar
from engine.actors.agenda import (
    Agenda,
    ChangeAgenda,
    Engagement,
    agenda_group,
    agenda_key,
    conflict,
    overlap,
)
from engine.actors.clinic_day.commands import Repoint, Together
from engine.actors.clinic_day.state import HOLDING, Appointment, ClinicDay
from engine.actors.patient import MergeConflict
from engine.actors.patient_day import PatientDay, active, patient_day_key
from engine.decider import Find, Look, Members, Propose
from engine.decisions.finding import Deciding
from engine.errors import Rejected


class HasActiveAppointments(Rejected):
    """R1; fact ``appointment_ids`` names up to ten of them."""

    code = "has_active_appointments"
    rule = "R1"


def open_engagements(key: str) -> Deciding[list[Engagement]]:
    """R1: what is open in this agenda."""
    agenda: Agenda | None = yield Look(key)
    found: list[Engagement] = []
    for one in agenda.engagements if agenda else ():
        home: str | None = yield Find("appointments", one.appointment_id)
        day: ClinicDay | None = (yield Look(home)) if home else None
        appointment: Appointment | None = day.appointments.get(one.appointment_id) if day else None
        if appointment is not None and appointment.status in HOLDING:
            found.append(one)
    return found


def repoint(patient_id: str, into: str, overlap_too: bool) -> Deciding[None]:
    """R2, in the decision that merges the two records; ``overlap_too``: a token elsewhere is in the way as well."""
    if overlap_too:
        yield from _tokens_agree(patient_id, into)
    by_day: dict[str, list[str]] = {}
    for member in (yield Members(agenda_group("patient", patient_id))):
        there = yield from open_engagements(member)
        if not there:
            continue
        day = member.rpartition(":")[2]
        for one in there:
            reason = yield from _in_the_way(into, day, one, overlap_too)
            if reason is not None:
                raise _conflict(there, reason)
        yield Propose(member, ChangeAgenda(drop=tuple(one.appointment_id for one in there)))
        # Those that may overlap come last: no later one may overlap them.
        engaged = tuple(sorted(there, key=lambda one: one.overlapping))
        yield Propose(agenda_key("patient", into, day), ChangeAgenda(engage=engaged))
        for one in there:
            home: str | None = yield Find("appointments", one.appointment_id)
            assert home is not None, "what is open is filed"
            by_day.setdefault(home, []).append(one.appointment_id)
    for home, ids in by_day.items():
        yield Propose(home, Together(tuple(Repoint(id, into) for id in ids)))


def _in_the_way(into: str, day: str, one: Engagement, overlap_too: bool) -> Deciding[Rejected | None]:
    """R2: what the other record has at this time, on the days beside, too."""
    if one.overlapping:
        return None
    for other in (calendar.shift(day, -1), day, calendar.shift(day, 1)):
        agenda: Agenda | None = yield Look(agenda_key("patient", into, other))
        if engaged := overlap(agenda, one.start, one.end):
            return conflict("patient", engaged)
        if overlap_too:
            tokens: PatientDay | None = yield Look(patient_day_key(into, other))
            for token in active(tokens):
                if token.start < one.end and one.start < token.end:
                    return Rejected("the patient has a token then", token_id=token.token_id)
    return None


def _tokens_agree(patient_id: str, into: str) -> Deciding[None]:
    """R2, the other way round: the tokens that come along, against the appointments that are there."""
    for member in (yield Members(f"patient:{patient_id}")):
        day: PatientDay | None = (yield Look(member)) if member.startswith("patient_day:") else None
        date = member.rpartition(":")[2]
        for token in active(day):
            for other in (calendar.shift(date, -1), date, calendar.shift(date, 1)):
                agenda: Agenda | None = yield Look(agenda_key("patient", into, other))
                if there := overlap(agenda, token.start, token.end):
                    raise MergeConflict(
                        "a token and an appointment are at one time; cancel one of them first",
                        tokens=[token.token_id],
                        appointments=[there.appointment_id],
                        cause="patient_overlap",
                    )


def _conflict(there: list[Engagement], refusal: Rejected) -> MergeConflict:
    other = refusal.facts.get("appointment_id") or refusal.facts.get("token_id")
    return MergeConflict(
        "both records have appointments that one person may not have; cancel one of them first",
        appointments=[*(one.appointment_id for one in there), *([other] if other else [])],
        cause="patient_overlap",
    )
