"""Rules tried out: which room an appointment would get, and why. Nothing is booked.

A question goes through the code that books, the room's own word included, under the rules in force, the draft, or an
earlier version.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NamedTuple, cast

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.agenda import Agenda, agenda_key
from engine.actors.clinic.policies import drafted, policy_on, rules_in_force, version_of
from engine.actors.clinic.state import Clinic
from engine.actors.doctor import doctor_key
from engine.actors.patient import Patient, patient_key
from engine.decider import DAY, Value
from engine.decisions.rooming.changes import Changes
from engine.decisions.rooming.choosing import candidates, question, stretch_of
from engine.decisions.rooming.wanting import Want
from engine.errors import Invalid, NotFound, Rejected
from engine.rules.choice import NO_RULES, Verdict, choose, judge_each
from engine.rules.compiling import Policy, compile_rules
from engine.rules.kinds import Rule, kind_of
from engine.rules.subject import MAX_EQUIPMENT, Subject, Wish, Word
from engine.rules.subjects import subject_of
from engine.views.asking import asked, now
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import days_of, known_clinic
from engine.views.rules import WhichRules
from engine.views.states import the_hospital

REASONS: Final = {
    "unavailable": "the room is not available",
    "room_type": "it is of another type than the one that is asked for",
    "equipment": "it lacks equipment that is asked for",
    "capacity": "it takes fewer people",
    "department": "it belongs to another department",
    "isolation": "it is no room for isolation",
    "accessibility": "it is not accessible",
    "doctors": "it is for other doctors",
    "gender": "it is for patients of another gender, or nobody knows the patient's",
    "age": "it is for patients of another age, or nobody knows the patient's",
    "maximum_daily": "it has as many appointments on that day as it takes",
    "busy": "it is held at that time, or too close to it",
    "closed": "it is closed then",
    "refused": "its calendar has something then",
    "rule_error": "a rule could not be evaluated",
}


class EvaluateRules(Value, frozen=True):
    """Which room would be chosen, and why; nothing is booked. ``limit``: rooms that are explained, the best first.

    ``version``: other rules than those in force. Without a patient, nobody knows gender, age and last room.
    """

    clinic_id: Id
    doctor_id: Id
    start_time: Annotated[dt.datetime, Meta(tz=True)]
    end_time: Annotated[dt.datetime, Meta(tz=True)]
    patient_id: Id | None = None
    room_type: Word | None = None
    required_equipment: Annotated[tuple[Word, ...], Meta(max_length=MAX_EQUIPMENT)] = ()
    capacity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    department: Word | None = None
    isolation: bool = False
    accessible: bool = False
    preferred_floor: Annotated[int, Meta(ge=-20, le=200)] | None = None
    version: WhichRules | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100


class FailureView(msgspec.Struct, frozen=True):
    """Why a room cannot be had: by a rule, then its id, name and kind stand here, or by what ``reason`` names."""

    reason: str
    detail: str
    rule_id: str | None = None
    name: str | None = None


class PointsView(msgspec.Struct, frozen=True):
    """What a soft rule gives a room, in points."""

    rule_id: str
    name: str
    kind: str
    points: float


class RoomVerdictView(msgspec.Struct, frozen=True):
    """A room looked at for everything; ``score`` 0..100 also where it does not fit."""

    room_id: str
    name: str
    fits: bool
    score: int
    failed: list[FailureView]
    terms: list[PointsView]


class EvaluationView(msgspec.Struct, frozen=True):
    """Rooms that fit, best first, then the others. ``rule_version``: 0 without rules, null for the draft.

    ``failed``: how many rooms each reason excluded, counted once under the first, by rule's id or name of the reason.
    """

    clinic_id: str
    rule_version: int | None
    chosen: str | None
    considered: int
    failed: dict[str, int]
    rooms: list[RoomVerdictView]


class Trial(NamedTuple):
    """The rules that are tried; ``number`` is ``None`` for the draft."""

    policy: Policy
    rules: Sequence[Rule]
    number: int | None


def evaluate_rules(reader: Reader, query: EvaluateRules) -> Found:
    """The choice, explained; ``NotFound`` for an unknown clinic, doctor, patient or version."""
    clinic, hospital = known_clinic(reader, query.clinic_id), the_hospital(reader)
    _known(reader, query)
    want = _want(query, hospital.time_zone)
    trial = trial_of(clinic, want.day, query.version)
    changes = Changes(hospital, now(reader))
    days = asked(reader, question(changes, clinic, want)).days
    subject = subject_for(reader, clinic, trial.policy, want, hospital.time_zone)
    found = candidates(clinic.rooms.values(), trial.policy, want.doctor_id, want.start, want.end, days)
    choice = choose(trial.policy, subject, found)
    chosen, refused = None, {}
    for ranked in choice.ranked:
        stretch = stretch_of(clinic.rooms[ranked.room_id], trial.policy, want)
        refusal = asked(reader, changes.refusal(ranked.room_id, stretch))
        if refusal is None:
            chosen = ranked.room_id
            break
        refused[ranked.room_id] = _reason(refusal)
    failed = dict(choice.failed)
    for reason in refused.values():
        failed[reason] = failed.get(reason, 0) + 1
    fitting = [one.room_id for one in choice.ranked if one.room_id not in refused]
    by_id = {one.profile.id: one for one in found}
    in_order = [*fitting, *sorted(by_id.keys() - set(fitting))]
    rules = {rule.id: rule for rule in trial.rules}
    return Found(
        EvaluationView(
            clinic_id=clinic.id,
            rule_version=trial.number,
            chosen=chosen,
            considered=choice.considered,
            failed=failed,
            rooms=[
                _explained(verdict, clinic.rooms[verdict.room_id].name, rules, refused.get(verdict.room_id))
                for verdict in judge_each(trial.policy, subject, (by_id[id] for id in in_order[: query.limit]))
            ],
        )
    )


def trial_of(clinic: Clinic, day: str, which: WhichRules | None) -> Trial:
    """The rules in force, the draft or a version, compiled for a local day; ``NoDraft``, ``NotFound``."""
    if which is None or which == clinic.active:
        return Trial(policy_on(clinic, day) or NO_RULES, rules_in_force(clinic), clinic.active)
    on = dt.date.fromisoformat(day)
    if which == "draft":
        rules = tuple(drafted(clinic).values())
        return Trial(compile_rules(0, rules, on), rules, None)
    version = version_of(clinic, which)
    return Trial(compile_rules(which, version.rules, on), version.rules, which)


def subject_for(reader: Reader, clinic: Clinic, policy: Policy, want: Want, time_zone: str) -> Subject:
    """The question as these rules see it: the patient is looked at where one of them, or a room, asks for that."""
    gender = birth = ""
    if want.patient_id and (policy.wants_patient or clinic.wants_patient):
        patient = cast("Patient | None", reader.look(patient_key(want.patient_id)))
        if patient is not None:
            gender = patient.gender.text if patient.gender else ""
            birth = patient.dob.text if patient.dob else ""
    return subject_of(
        want.wish,
        want.doctor_id,
        want.patient_id,
        want.start,
        want.end,
        time_zone,
        gender=gender,
        birth=birth,
        last_room=_last_room(reader, want) if want.patient_id and policy.wants_last_room else "",
    )


def _last_room(reader: Reader, want: Want) -> str:
    """Where the patient was last before this appointment."""
    for day in sorted(days_of(reader, "patient", want.patient_id), reverse=True):
        if day <= want.day:
            agenda = cast("Agenda | None", reader.look(agenda_key("patient", want.patient_id, day)))
            for one in reversed(agenda.engagements) if agenda is not None else ():
                if one.room_id and one.start < want.start and one.appointment_id != want.appointment_id:
                    return one.room_id
    return ""


def _known(reader: Reader, query: EvaluateRules) -> None:
    if reader.look(doctor_key(query.doctor_id)) is None:
        raise NotFound("there is no such doctor", field="doctor_id", doctor_id=query.doctor_id)
    if query.patient_id is not None and reader.look(patient_key(query.patient_id)) is None:
        raise NotFound("there is no such patient", field="patient_id", patient_id=query.patient_id)


def _want(query: EvaluateRules, time_zone: str) -> Want:
    start = calendar.instant(query.start_time, "start_time")
    end = calendar.instant(query.end_time, "end_time")
    if not start < end <= start + DAY:
        raise Invalid("an appointment ends after it begins, and within a day", field="end_time")
    return Want(
        appointment_id="",
        clinic_id=query.clinic_id,
        patient_id=query.patient_id or "",
        doctor_id=query.doctor_id,
        start=start,
        end=end,
        day=calendar.local_day(start, time_zone),
        wish=Wish(
            room_type=query.room_type or "",
            required_equipment=query.required_equipment,
            capacity=query.capacity,
            department=query.department or "",
            isolation=query.isolation,
            accessible=query.accessible,
            preferred_floor=query.preferred_floor,
        ),
    )


def _explained(verdict: Verdict, name: str, rules: Mapping[str, Rule], refused: str | None) -> RoomVerdictView:
    reasons = [*verdict.failed, *([refused] if refused is not None else [])]
    return RoomVerdictView(
        room_id=verdict.room_id,
        name=name,
        fits=not reasons,
        score=verdict.score,
        failed=[_failure(reason, rules.get(reason)) for reason in reasons],
        terms=[_points(rules[term.rule_id], term.points) for term in verdict.terms],
    )


def _failure(reason: str, rule: Rule | None) -> FailureView:
    if rule is None:
        return FailureView(reason, REASONS[reason])
    return FailureView(kind_of(rule.spec), "a rule of the clinic excludes it", rule.id, rule.spec.name)


def _points(rule: Rule, thousandths: int) -> PointsView:
    return PointsView(rule.id, rule.spec.name, kind_of(rule.spec), thousandths / 1_000)


def _reason(refusal: Rejected) -> str:
    """As ``Assignment.failed`` counts it."""
    return {"room_closed": "closed", "room_unavailable": "unavailable"}.get(refusal.code, "refused")
