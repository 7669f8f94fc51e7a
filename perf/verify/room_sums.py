"""What became of all who asked for a room, and what the clinic's rules had to do with it: counted from a log's entries.

It reads what each decision wrote down of itself. Whether two were ever in one place is for ``replay.auditing.overlaps``
to say.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.actors.clinic.events import RulesActivated
from engine.actors.clinic_day.events import AppointmentBooked, AppointmentCancelled, AppointmentHeld, RoomAssigned
from engine.actors.clinic_day.state import Appointment, Assignment
from engine.eventlog.entry import Entry
from engine.rules.kinds import HARD, kind_of

BOOKS: Final = frozenset({"BookAppointment", "HoldRoom"})
"""The commands that ask for a room."""

CONFLICTS: Final = frozenset(
    {"room_conflict", "no_room_available", "room_closed", "doctor_conflict", "patient_overlap"}
)
"""Refusals for the sake of somebody, or something, that is there already."""


class RoomSums(msgspec.Struct, kw_only=True):
    """``attempts``: bookings that were asked for; ``refused``: by code; ``without_room``: booked all the same.

    ``freed`` of those got a room later, ``waiting`` still have none. ``choices``: rooms chosen by rules, out of
    ``considered`` in all; ``failed``: how many of them each reason left out (a rule by its kind). ``asked``: rooms
    that were then asked for their own word. ``rules``: those in force at each choice, summed up; ``hard_judged`` (at
    the most) and ``soft_judged``: rules by rooms. ``points`` and ``given``: of the chosen rooms, by kind of soft rule,
    in thousandths. ``lead``: by how much the best one led the next, ``led`` times.
    """

    attempts: int = 0
    booked: int = 0
    refused: dict[str, int] = {}
    without_room: int = 0
    freed: int = 0
    waiting: int = 0
    cancelled: int = 0
    named: int = 0
    choices: int = 0
    considered: int = 0
    asked: int = 0
    failed: dict[str, int] = {}
    rules: int = 0
    hard_judged: int = 0
    soft_judged: int = 0
    points: dict[str, int] = {}
    given: dict[str, int] = {}
    lead: int = 0
    led: int = 0

    @property
    def conflicts(self) -> int:
        """Attempts that were refused because something else was there."""
        return sum(count for code, count in self.refused.items() if code in CONFLICTS)


class _Version(msgspec.Struct, frozen=True):
    """Rules that were put in force together: their kinds by id."""

    kinds: dict[str, str]
    hard: int
    soft: int


_NONE: Final = _Version({}, 0, 0)


class RoomTally:
    """Told of every entry of one hospital, in order; ``sums`` is what it came to."""

    def __init__(self) -> None:
        self.sums = RoomSums()
        self._versions: dict[tuple[str, int], _Version] = {}
        self._waiting: set[str] = set()

    def entry(self, entry: Entry) -> None:
        """One decision."""
        sums = self.sums
        if entry.name in BOOKS:
            sums.attempts += 1
            if entry.refusal is not None:
                _add(sums.refused, entry.refusal.code)
        for change in entry.changes:
            kind, _, rest = change.actor.partition(":")
            if kind == "clinic_day":
                clinic = rest.rpartition(":")[0]
                for event in change.events:
                    self._event(clinic, event)
            elif kind == "clinic":
                for event in change.events:
                    if type(event) is RulesActivated:
                        self._versions[rest, event.number] = _version(event)

    def _event(self, clinic: str, event: Any) -> None:
        appointment: Appointment | None = getattr(event, "appointment", None)
        if appointment is None:
            return
        sums = self.sums
        if isinstance(event, AppointmentHeld | AppointmentBooked) and appointment.version == 1:
            sums.booked += 1
            if not appointment.room_id:
                sums.without_room += 1
            elif appointment.assignment is not None:
                self._chosen(clinic, appointment.assignment)
        elif isinstance(event, RoomAssigned):
            sums.freed += 1
        elif isinstance(event, AppointmentCancelled):
            sums.cancelled += 1
        escalation = appointment.escalation
        if not appointment.room_id and escalation is not None and escalation.status == "open":
            self._waiting.add(appointment.id)
        else:
            self._waiting.discard(appointment.id)
        sums.waiting = len(self._waiting)

    def _chosen(self, clinic: str, assignment: Assignment) -> None:
        sums = self.sums
        if assignment.method == "chosen":
            sums.named += 1
            return
        version = self._versions.get((clinic, assignment.rule_version), _NONE)
        sums.choices += 1
        sums.considered += assignment.considered
        refused = sum(count for reason, count in assignment.failed.items() if reason in ("refused", "closed"))
        sums.asked += 1 + refused
        for reason, count in assignment.failed.items():
            _add(sums.failed, version.kinds.get(reason, reason), count)
        passed = assignment.considered - sum(assignment.failed.values()) + refused
        sums.rules += version.hard + version.soft
        sums.hard_judged += version.hard * assignment.considered
        sums.soft_judged += version.soft * passed
        if assignment.chosen is not None:
            for term in assignment.chosen.terms:
                kind = version.kinds.get(term.rule_id, term.rule_id)
                _add(sums.points, kind, term.points)
                _add(sums.given, kind)
            if assignment.next:
                sums.lead += assignment.chosen.total - assignment.next[0].total
                sums.led += 1


def merged(parts: list[RoomSums]) -> RoomSums:
    """Of several hospitals together."""
    whole = RoomSums()
    for part in parts:
        for name in RoomSums.__struct_fields__:
            mine, theirs = getattr(whole, name), getattr(part, name)
            if isinstance(theirs, dict):
                for key, count in theirs.items():
                    _add(mine, key, count)
            else:
                setattr(whole, name, mine + theirs)
    return whole


def _version(event: RulesActivated) -> _Version:
    kinds = {rule.id: kind_of(rule.spec) for rule in event.rules}
    hard = sum(isinstance(rule.spec, HARD) for rule in event.rules if rule.spec.enabled)
    return _Version(kinds, hard, sum(rule.spec.enabled for rule in event.rules) - hard)


def _add(to: dict[str, int], key: str, count: int = 1) -> None:
    to[key] = to.get(key, 0) + count
