"""Which room an appointment gets: one look at the clinic and its days, the rules' order, then each room's own word.

R1  The clinic's index says how its rooms stand; only rooms that pass the rules are asked, best first, until one
    agrees. Those that refuse are counted.
R2  A room that was named is taken or refused, never exchanged; it must meet the hard rules, too.
R3  How the choice was made is kept with the appointment: score and terms, the next three, and what excluded how many.
R4  What a rule needs of the patient is looked up only where a rule or a room asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from engine.actors.agenda import Agenda, agenda_group
from engine.actors.clinic.policies import policy_on, wants_patient
from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day.commands import Place
from engine.actors.clinic_day.indexes import use_of
from engine.actors.clinic_day.state import Assignment, ClinicDay, Method
from engine.actors.patient import Patient, patient_key
from engine.actors.room.refusals import RoomClosed, RoomUnavailable
from engine.actors.room.state import Taken
from engine.decider import HOUR, MINUTE, Look, Members
from engine.decisions.finding import Deciding
from engine.decisions.rooming.changes import Changes, beside
from engine.decisions.rooming.wanting import Want
from engine.errors import NotFound, Rejected
from engine.rules.choice import EXPLAINED, NO_RULES, Candidate, choose, judge
from engine.rules.compiling import Policy
from engine.rules.subject import UNUSED, Ranked, RoomProfile, RoomUse, Subject
from engine.rules.subjects import subject_of

NEXT: Final = 3
"""Rooms behind the chosen one that are kept with it. They have agreed, too: somebody may want one of them instead."""
_NEAR: Final = 8 * HOUR
"""The longest setup, cleaning or buffer: what lies farther off in a day beside is no matter of this one.

Of what lasts longer than this into another day the room itself knows, and says so when it is asked.
"""


class RoomNotFitting(Rejected):
    """R2. Facts ``room_id`` and ``failed``: ids of rules, and names of what the room or the wish says itself."""

    code = "room_not_fitting"
    rule = "R2"


class Question(NamedTuple):
    """Everything that choosing needs to know, looked up once."""

    clinic: Clinic
    policy: Policy
    subject: Subject
    days: tuple[ClinicDay | None, ...]
    """The clinic's day, then those beside it that are near."""


class Chosen(NamedTuple):
    """The room that agreed, or ``None`` and why not."""

    place: Place | None
    assignment: Assignment


def policy_of(clinic: Clinic, day: str) -> Policy:
    """The clinic's rules in force, as of a local day."""
    return policy_on(clinic, day) or NO_RULES


def candidates(
    rooms: Iterable[RoomProfile],
    policy: Policy,
    doctor_id: str,
    start: int,
    end: int,
    days: Sequence[ClinicDay | None],
    without: str = "",
) -> list[Candidate]:
    """The rooms and how they stand for ``[start, end)``; ``days`` are the clinic's day and those beside that are near.

    A room is busy, too, where its setup before or its cleaning after would meet what is held.
    """
    day, *others = days
    buffers = policy.buffers
    asks = bool(buffers)
    found = []
    for profile in rooms:
        use = use_of(day, profile.id, start, end, without, cleaning=asks)
        for other in others:
            use = _both(use, use_of(other, profile.id, start, end, without, cleaning=asks))
        if use is not UNUSED and not use.busy:
            before, after = use.gap_before, use.gap_after
            minutes = policy.cleaning_minutes(profile, doctor_id) if buffers else profile.cleaning_minutes
            if (before is not None and before < profile.setup_minutes * MINUTE) or (
                after is not None and after < minutes * MINUTE
            ):
                use = RoomUse(use.bookings, before, after, True, use.cleaned)
        found.append(Candidate(profile, use))
    return found


def stretch_of(profile: RoomProfile, policy: Policy, want: Want) -> Taken:
    """What the appointment would take of this room."""
    return Taken(
        want.start - profile.setup_minutes * MINUTE,
        want.end + policy.cleaning_minutes(profile, want.doctor_id) * MINUTE,
        want.appointment_id,
        want.start,
        want.end,
        want.day,
    )


def release_at(clinic: Clinic, start: int, now: int) -> int:
    """When a patient who has not come counts as absent; never where that is over when the appointment is entered."""
    minutes = clinic.settings.release_minutes
    at = 0 if minutes is None else start + minutes * MINUTE
    return at if at > now else 0


def question(changes: Changes, clinic: Clinic, want: Want) -> Deciding[Question]:
    """R4: the rules and what they want to know."""
    policy = policy_of(clinic, want.day)
    gender = birth = last_room = ""
    if wants_patient(clinic, policy):
        patient: Patient | None = yield Look(patient_key(want.patient_id))
        if patient is not None:
            gender = patient.gender.text if patient.gender else ""
            birth = patient.dob.text if patient.dob else ""
    if policy.wants_last_room:
        last_room = yield from _last_room(want)
    zone = changes.time_zone
    subject = subject_of(
        want.wish,
        want.doctor_id,
        want.patient_id,
        want.start,
        want.end,
        zone,
        gender=gender,
        birth=birth,
        last_room=last_room,
    )
    days = [(yield from changes.clinic_day(clinic.id, want.day))]
    before, after, bounds = beside(want.day, zone)
    if want.start - bounds.start < _NEAR:
        days.append((yield from changes.clinic_day(clinic.id, before)))
    if bounds.end - want.end < _NEAR:
        days.append((yield from changes.clinic_day(clinic.id, after)))
    return Question(clinic, policy, subject, (days[0], *filter(None, days[1:])))


def best(
    changes: Changes, asked: Question, want: Want, only: Collection[str] | None = None, but: Collection[str] = ()
) -> Deciding[Chosen]:
    """R1, R3: the best room that agrees; of ``only`` these, where given, and never one of ``but``."""
    clinic, policy, subject, days = asked
    rooms = changes.profiles(clinic)
    looked_at: Iterable[RoomProfile] = rooms.values()
    if only is not None:
        looked_at = [rooms[id] for id in only if id in rooms]
    if but:
        looked_at = [room for room in looked_at if room.id not in but]
    standing = candidates(looked_at, policy, want.doctor_id, want.start, want.end, days, want.appointment_id)
    choice = choose(policy, subject, standing, NEXT + 1)
    if choice.errors:
        changes.note_errors(clinic.id, policy.number, choice.errors)
    failed, ranked = choice.failed, choice.ranked
    agreed: list[tuple[Ranked, Taken]] = []
    index, all_of_them = 0, len(ranked) <= NEXT
    while index < len(ranked) and len(agreed) <= NEXT:
        one = ranked[index]
        stretch = stretch_of(rooms[one.room_id], policy, want)
        refused = yield from changes.refusal(one.room_id, stretch)
        if refused is None:
            agreed.append((one if index < EXPLAINED else _explained(asked, standing, one), stretch))
        elif not agreed:
            reason = _reason(refused)
            failed[reason] = failed.get(reason, 0) + 1
        if refused is not None and not all_of_them:
            # The first four nearly always agree, and a thousand others need not be told apart for it.
            ranked, all_of_them = choose(policy, subject, standing).ranked, True
        index += 1
    if not agreed:
        return Chosen(None, _assignment("fallback", policy, None, (), choice.considered, failed))
    (one, stretch), *others = agreed
    after = tuple(other for other, _ in others)
    assignment = _assignment("rules", policy, one, after, choice.considered, failed)
    return Chosen(_place(changes, clinic, want, one.room_id, stretch, assignment), assignment)


def _explained(asked: Question, standing: Sequence[Candidate], one: Ranked) -> Ranked:
    """With what each rule gave: of rooms that come behind many a choice does not say it."""
    candidate = next(candidate for candidate in standing if candidate.profile.id == one.room_id)
    terms = judge(asked.policy, asked.subject, candidate).terms
    return Ranked(one.room_id, one.total, one.score, tuple(term for term in terms if term.points))


def named(changes: Changes, asked: Question, want: Want, room_id: str) -> Deciding[Place]:
    """R2, R3: this room, or its refusal."""
    clinic, policy, subject, days = asked
    profile = changes.profiles(clinic).get(room_id)
    if profile is None:
        raise NotFound("there is no such room in this clinic", field="room_id", room_id=room_id)
    stretch = stretch_of(profile, policy, want)
    refused = yield from changes.refusal(room_id, stretch)
    if refused is not None:
        raise refused
    (candidate,) = candidates((profile,), policy, want.doctor_id, want.start, want.end, days, want.appointment_id)
    verdict = judge(policy, subject, candidate)
    if verdict.errors:
        changes.note_errors(clinic.id, policy.number, verdict.errors)
    if not verdict.fits:
        raise RoomNotFitting("the room does not meet the rules", room_id=room_id, failed=list(verdict.failed))
    terms = tuple(term for term in verdict.terms if term.points)
    ranked = Ranked(room_id, verdict.total, verdict.score, terms)
    return _place(changes, clinic, want, room_id, stretch, _assignment("chosen", policy, ranked, (), 1, {}))


def _both(use: RoomUse, other: RoomUse) -> RoomUse:
    """How a room stands when a day beside is seen, too; its bookings are those of the first day."""
    if other.gap_before is None and other.gap_after is None:
        return use
    before = _nearer(use.gap_before, other.gap_before)
    return RoomUse(
        use.bookings,
        before,
        _nearer(use.gap_after, other.gap_after),
        use.busy or other.busy,
        use.cleaned if before == use.gap_before else other.cleaned,
    )


def _nearer(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _assignment(
    method: Method, policy: Policy, chosen: Ranked | None, after: tuple[Ranked, ...], considered: int,
    failed: dict[str, int],
) -> Assignment:  # fmt: skip
    return Assignment(
        method=method, rule_version=policy.number, chosen=chosen, next=after, considered=considered, failed=failed
    )


def _place(changes: Changes, clinic: Clinic, want: Want, room_id: str, stretch: Taken, assignment: Assignment) -> Place:
    return Place(
        start=want.start,
        end=want.end,
        doctor_id=want.doctor_id,
        room_id=room_id,
        busy_from=stretch.busy_from,
        busy_to=stretch.busy_to,
        assignment=assignment,
        release_at=release_at(clinic, want.start, changes.time),
    )


def _reason(refused: Rejected) -> str:
    if isinstance(refused, RoomClosed):
        return "closed"
    return "unavailable" if isinstance(refused, RoomUnavailable) else "refused"


def _last_room(want: Want) -> Deciding[str]:
    """The room of the patient's latest appointment before this one, in whatever clinic of the hospital."""
    keys: Sequence[str] = yield Members(agenda_group("patient", want.patient_id))
    for key in sorted((key for key in keys if key.rpartition(":")[2] <= want.day), reverse=True):
        agenda: Agenda | None = yield Look(key)
        for one in reversed(agenda.engagements) if agenda else ():
            if one.room_id and one.start < want.start and one.appointment_id != want.appointment_id:
                return one.room_id
    return ""
