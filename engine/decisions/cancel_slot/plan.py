"""What becomes of every patient when slots will not take place: looked up and chosen, nothing proposed.

P1  Who is in consultation stays, and so does whoever is expected outside the absence.
P2  The doctor's own slots of that day come first, the nearest start first; then those of colleagues with the same
    specialization on that day, the nearest start first and of equally near ones the least loaded; then the
    doctor's own of the next ``DAYS_AHEAD`` local days, the earliest first.
P3  A seat is taken only where booking it would be allowed: a free seat, the tier's quota, the patient's own day.
    An emergency takes a seat above the capacity, and no rule of the day stands against it.
P4  For whom there is none, the token is cancelled and listed, to be looked after by hand.
P5  Patients are placed in the order in which they would have been served, slot by slot.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from itertools import groupby
from typing import Any, Final, Literal, TypeVar

import msgspec

from engine import calendar
from engine.actors.doctor_day import DoctorDay, doctor_day_key
from engine.actors.hospital import Hospital, colleagues
from engine.actors.patient_day import Commit, Commitment, PatientDay, patient_day_key
from engine.actors.slot.state import Slot, Token, seats
from engine.actors.slot.tally import Tally
from engine.decider import Look, Step
from engine.decisions.finding import objection
from engine.errors import Rejected

MOST: Final = 2_000
"""Tokens and waiting entries of one plan: it is one decision, one entry and one message to each patient."""

DAYS_AHEAD: Final = 7

T = TypeVar("T")
Looking = Generator[Step, Any, T]
Action = Literal["keep", "move", "reschedule", "manual"]


class PlanTooLarge(Rejected):
    """More patients than one plan takes; facts ``patients`` and ``most``."""

    code = "plan_too_large"
    rule = "P5"


class Source(msgspec.Struct, frozen=True):
    """A slot that loses patients: wholly cancelled, or those ``leaving`` it while it goes on with fewer seats."""

    slot: Slot
    leaving: tuple[Token, ...]
    staying: tuple[tuple[Token, str], ...]
    """With the reason why."""
    cancelled: bool = True
    max_capacity: int = 0


class Placement(msgspec.Struct, frozen=True):
    """One token of a source, and the slot it goes to, if any."""

    token: Token
    source: Slot
    action: Action
    target: Slot | None = None
    why: str = ""


class Plan(msgspec.Struct, frozen=True):
    """All sources, every token of theirs that is active, and the waiting entries that end."""

    sources: tuple[Source, ...]
    placements: tuple[Placement, ...]
    entries: tuple[tuple[Token, Slot], ...]


def whole(slot: Slot) -> Source:
    """The slot does not take place."""
    active = [*slot.pinned, *slot.line]
    return Source(
        slot,
        tuple(token for token in active if token.phase != "IN_CONSULT"),
        tuple((token, "in_consult") for token in active if token.phase == "IN_CONSULT"),
    )


def plan_for(hospital: Hospital, sources: tuple[Source, ...], time: int) -> Looking[Plan]:
    """P1..P5 for these slots; looks only."""
    entries = tuple(
        (entry, source.slot)
        for source in sources
        if source.cancelled
        for entry in (*source.slot.offers, *source.slot.waiting)
    )
    patients = len(entries) + sum(len(source.leaving) for source in sources)
    if patients > MOST:
        raise PlanTooLarge(f"{MOST:,} patients at most in one plan", patients=patients, most=MOST)
    planner = _Planner(hospital, frozenset(source.slot.id for source in sources), time)
    for entry, slot in entries:
        yield from planner.end(entry, slot)
    placements: list[Placement] = []
    for source in sources:
        placements += [Placement(token, source.slot, "keep", None, why) for token, why in source.staying]
        near = yield from planner.near(source.slot)
        for token in source.leaving:
            target = yield from planner.place(token, source.slot, near)
            if target is None:
                placements.append(Placement(token, source.slot, "manual", None, "no_alternative"))
            else:
                same_doctor = target.doctor_id == source.slot.doctor_id
                placements.append(Placement(token, source.slot, "reschedule" if same_doctor else "move", target))
    return Plan(sources, tuple(placements), entries)


class _Planner:
    """The seats, and the patients' days, as they will stand after what has been planned so far."""

    def __init__(self, hospital: Hospital, leaving: frozenset[str], time: int) -> None:
        self._hospital = hospital
        self._leaving = leaving
        self._time = time
        self._tallies: dict[str, Tally] = {}
        self._slots: dict[str, list[Slot]] = {}
        self._days: dict[str, list[Commitment]] = {}

    def near(self, source: Slot) -> Looking[list[list[Slot]]]:
        """P2: that day's slots in order of preference; those in one group are equally near."""

        def distance(slot: Slot) -> int:
            return abs(slot.start - source.start)

        own = yield from self._on(source.doctor_id, source.day)
        others: list[Slot] = []
        for doctor_id in colleagues(self._hospital, source.doctor_id):
            others += yield from self._on(doctor_id, source.day)
        return [
            list(group) for slots in (own, others) for _, group in groupby(sorted(slots, key=distance), key=distance)
        ]

    def place(self, token: Token, source: Slot, near: list[list[Slot]]) -> Looking[Slot | None]:
        """P2, P3: the slot that the token goes to, and its seat taken there."""
        for group in near:
            for slot in sorted(group, key=self._load) if len(group) > 1 else group:
                if (yield from self._take(token, source, slot)):
                    return slot
        for days in range(1, DAYS_AHEAD + 1):
            later = yield from self._on(source.doctor_id, calendar.shift(source.day, days))
            for slot in later:
                if (yield from self._take(token, source, slot)):
                    return slot
        yield from self.end(token, source)
        return None

    def end(self, token: Token, slot: Slot) -> Looking[None]:
        """The patient's day without this token or entry."""
        day = yield from self._day(token.patient_id, slot.day)
        day[:] = [one for one in day if one.token_id != token.id]

    def _take(self, token: Token, source: Slot, slot: Slot) -> Looking[bool]:
        policy = self._hospital.policy
        tally = self._tallies[slot.id]
        emergency = token.category == "EMERGENCY"
        if not emergency and tally.regular + tally.held >= seats(slot, policy.overbook_pct):
            return False
        wanted = Commitment(token.id, slot.id, slot.doctor_id, slot.start, slot.end, "active")
        day = yield from self._day(token.patient_id, slot.day)
        if not emergency and (yield from objection(token.patient_id, slot.day, day, wanted, policy)):
            return False
        try:
            tally.must_be_open()
            tally.within_quota(token.category, policy, booking=False)
            tally.take_seat(token.category, policy)
        except Rejected:
            return False
        yield from self.end(token, source)
        day.append(wanted)
        return True

    def _on(self, doctor_id: str, day: str) -> Looking[list[Slot]]:
        """Slots of a doctor's day that go on, in order of start."""
        key = doctor_day_key(doctor_id, day)
        if key not in self._slots:
            found: list[Slot] = []
            there: DoctorDay | None = yield Look(key)
            for planned in there.slots if there else ():
                if planned.status == "OPEN" and planned.id not in self._leaving and planned.effective_end > self._time:
                    slot: Slot = yield Look(f"slot:{planned.id}")
                    found.append(slot)
                    self._tallies[slot.id] = Tally(slot, self._time)
            self._slots[key] = found
        return self._slots[key]

    def _day(self, patient_id: str, day: str) -> Looking[list[Commitment]]:
        key = patient_day_key(patient_id, day)
        if key not in self._days:
            there: PatientDay | None = yield Look(key)
            self._days[key] = [one for one in there.commitments if one.state != "over"] if there else []
        return self._days[key]

    def _load(self, slot: Slot) -> tuple[float, str]:
        tally = self._tallies[slot.id]
        return (tally.regular + tally.held) / slot.max_capacity, slot.id


def commit_of(token: Token, slot: Slot) -> Commit:
    """What the patient's day is told of a token's new slot; the rules were asked while planning."""
    return Commit(token.id, slot.id, slot.doctor_id, slot.start, slot.end, "active", None)


def patients_of(plan: Plan) -> Iterable[tuple[str, str]]:
    """Patient and token (or entry) of all that changes, each once, in order."""
    for one in plan.placements:
        if one.action != "keep":
            yield one.token.patient_id, one.token.id
    for entry, _ in plan.entries:
        yield entry.patient_id, entry.id
