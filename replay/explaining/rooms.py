"""Why an appointment has its room: every room of the clinic as the choice met it, with its points and what excluded it.

The rules that hold are looked at again for every room, also for those that the choice left out after their first
reason; what each room said itself comes from its own calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any, Final

from engine.actors.clinic.policies import rules_in_force
from engine.actors.clinic_day.commands import Place
from engine.actors.clinic_day.state import Appointment
from engine.decisions.rooming import choosing
from engine.decisions.rooming.changes import Changes
from engine.decisions.rooming.choosing import Chosen, Question, candidates
from engine.decisions.rooming.wanting import Want
from engine.errors import Rejected
from engine.recovery import Book
from engine.rules.choice import Verdict, judge_each
from engine.rules.kinds import kind_of
from engine.rules.subject import RoomProfile
from replay.explaining.form import Candidate, Section
from replay.explaining.watching import Sight

LISTED: Final = 200
"""Rooms of a section; those that could be had come first."""

SAYS: Final = {
    "unavailable": "it is out of use",
    "room_type": "another type than was asked for",
    "equipment": "lacks equipment that was asked for",
    "capacity": "too small",
    "department": "of another department",
    "isolation": "not fit for isolation",
    "accessibility": "not accessible",
    "doctors": "kept for other doctors",
    "gender": "for patients of another gender",
    "age": "for patients of another age",
    "maximum_daily": "full for that day",
    "busy": "taken at that time, with setup and cleaning",
    "rule_error": "a rule could not be evaluated",
}
WAYS: Final = {
    "": "in an unknown way",
    "rules": "by the rules",
    "chosen": "by whoever asked",
    "fallback": "in vain",
    "freed": "when it was given back",
}

_CHOICES: Final = frozenset(
    (
        "AppointmentHeld",
        "AppointmentBooked",
        "AppointmentMovedIn",
        "AppointmentRescheduled",
        "AppointmentRoomChanged",
        "RoomAssigned",
    )
)


class Rooms:
    """Watches the choices of rooms in one decision."""

    def __init__(self) -> None:
        self._found: dict[str, Section] = {}
        self._refused: dict[tuple[str, str, int], Rejected] = {}
        """By room, and by appointment and its start: of a series each is asked for itself."""

    def sights(self) -> Mapping[CodeType, Sight]:
        """What it looks at."""
        return {
            choosing.best.__code__: self._best,
            choosing.named.__code__: self._named,
            Changes.refusal.__code__: self._asked,
        }

    def sections(self, book: Book, entry: Any, why_not: str = "") -> Iterator[Section]:
        """One for each appointment whose room was chosen, looked for in vain, or kept.

        ``why_not``: why the decision could not be taken again to its end; then only what its events kept is told.
        """
        for change in entry.changes:
            for event in change.events:
                if type(event).__name__ in _CHOICES:
                    yield self._of(event.appointment, why_not)
        if entry.refusal is not None:
            for section in self._found.values():
                section.said.append("looked at on the way to the refusal")
                yield section

    def _of(self, one: Appointment, why_not: str) -> Section:
        section = self._found.get(one.id)
        if section is None:
            section = _kept(one)
            if why_not:
                section.title = "only what was kept of the choice can be told"
                section.said.append(why_not)
            return section
        section.decided = one.room_id
        if one.assignment is not None and one.assignment.method == "freed":
            section.said.append("it had waited for a room, and this one was given back")
        return section

    def _asked(self, local: Mapping[str, Any], gave: Any) -> None:
        wanted = local["wanted"]
        asked = (local["room_id"], wanted.appointment_id, wanted.start)
        if isinstance(gave, Rejected):
            self._refused[asked] = gave
        elif gave is None:
            self._refused.pop(asked, None)

    def _best(self, local: Mapping[str, Any], gave: Any) -> None:
        if isinstance(gave, Chosen):
            only, but = local["only"], local["but"]
            place = gave.place
            chosen = None if place is None else place.room_id
            section = self._section(local["changes"], local["asked"], local["want"], chosen, only, but)
            section.title = "the best of the rooms that agree" if place else "no room could be had"
            # A second look, at all rooms, comes after one at those that were given back.
            self._found[local["want"].appointment_id] = section

    def _named(self, local: Mapping[str, Any], gave: Any) -> None:
        want, room_id = local["want"], local["room_id"]
        if isinstance(gave, Place):
            section = self._section(local["changes"], local["asked"], want, room_id, (room_id,), ())
            section.title = "the room that was asked for, which fits"
            self._found[want.appointment_id] = section
        elif gave is None and "profile" in local and local["profile"] is not None:  # it refuses
            section = self._section(local["changes"], local["asked"], want, None, (room_id,), ())
            section.title = "the room that was asked for cannot be had"
            self._found[want.appointment_id] = section

    def _section(
        self, changes: Changes, asked: Question, want: Want, chosen: str | None, only: Any, but: Any
    ) -> Section:
        """All rooms of the clinic for one wish."""
        clinic, policy, subject, days = asked
        rooms = changes.profiles(clinic)
        standing = candidates(rooms.values(), policy, want.doctor_id, want.start, want.end, days, want.appointment_id)
        names = {rule.id: f"{rule.spec.name} ({kind_of(rule.spec)}, {rule.id})" for rule in rules_in_force(clinic)}
        verdicts = sorted(
            judge_each(policy, subject, standing), key=lambda one: (not one.fits, -one.total, one.room_id)
        )
        rows = []
        for verdict in verdicts:
            row = self._row(rooms[verdict.room_id], want, verdict, names)
            if (only is not None and verdict.room_id not in only) or verdict.room_id in but:
                row.why_not.append("not looked at here")
            row.chosen = verdict.room_id == chosen
            if row.chosen:
                row.why_not = []
            rows.append(row)
        free = sum(not row.why_not for row in rows)
        rows.sort(key=lambda row: (not row.chosen, bool(row.why_not)))
        return Section(
            kind="room",
            title="",
            subject=want.appointment_id,
            winner=chosen or "",
            said=[
                f"rules of version {policy.number}: {len(policy.hard)} exclude, {len(policy.soft)} give points",
                f"{len(rows)} rooms in the clinic, {free} that could be had; by points, then by id",
            ],
            candidates=rows[:LISTED],
            more=max(len(rows) - LISTED, 0),
        )

    def _row(self, profile: RoomProfile, want: Want, verdict: Verdict, names: Mapping[str, str]) -> Candidate:
        why_not = [
            f"rule {names[reason]}" if reason in names else SAYS.get(reason, reason) for reason in verdict.failed
        ]
        refused = self._refused.get((profile.id, want.appointment_id, want.start))
        if refused is not None:
            why_not.append(f"its calendar says {refused.code}: {refused.detail}")
        points = {names.get(term.rule_id, term.rule_id): term.points / 1_000 for term in verdict.terms if term.points}
        facts: dict[str, Any] = {"type": profile.type}
        return Candidate(profile.id, profile.name, False, facts, points, verdict.score, why_not)


def _kept(one: Appointment) -> Section:
    """Its room was chosen in an earlier decision; what was kept of that stands with the appointment."""
    section = Section("room", "it keeps what it had", one.id, one.room_id, one.room_id)
    how = one.assignment
    if how is None:
        section.said.append(
            "no room has been chosen for it yet" if not one.room_id else "nothing was kept of the choice"
        )
        return section
    section.said.append(f"chosen {WAYS[how.method]}, under rules of version {how.rule_version}")
    for ranked in (how.chosen, *how.next):
        if ranked is not None:
            points = {term.rule_id: term.points / 1_000 for term in ranked.terms}
            chosen = ranked.room_id == one.room_id
            section.candidates.append(Candidate(ranked.room_id, "", chosen, {}, points, ranked.score))
    return section
