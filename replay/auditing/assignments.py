"""Whether every assignment was whole, nothing was given twice, and the right one was served: told from events alone.

It keeps what wards, roster, admissions and intake say of themselves and asks neither a rule book nor a state: what
those agree on among themselves could be wrong in all of them. What it looks at after every entry:

- no two patients in a bed, no patient in two, every step of a bed allowed, none used before it was cleaned;
- whoever was given a bed, and not by hand, is one for this ward, bed and room;
- nobody has more patients than the maximum when given one, unless somebody forced it;
- who is assigned has a doctor, a nurse and, if wanted, a bed, all in that entry, and they have him or her; who waits
  for everything has nothing; who has left has nothing;
- nobody was served while somebody waited who comes first and could have had the very same.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from engine.actors.admission import events as admission
from engine.actors.admission.state import Assigned
from engine.actors.intake import events as intake
from engine.actors.intake.state import Turn, Waiter
from engine.actors.roster import events as roster
from engine.actors.ward.events import BedOccupied
from engine.needs import RANK, Carers, Need
from replay.auditing.beds import Beds

NAMED: Final = 20
"""Of the faults that were found, so many are named."""

_NOBODY: Final = Carers()


class _Member(msgspec.Struct):
    role: str
    max_load: int
    skills: frozenset[str]
    ward_ids: frozenset[str]
    patients: set[str]


class _Admitted(msgspec.Struct):
    patient_id: str
    need: Need
    rank: int
    carers: Carers = _NOBODY
    over: bool = False


class _Touched:
    """What an entry was about."""

    def __init__(self) -> None:
        self.admissions: set[str] = set()
        self.patients: set[str] = set()
        self.assigned: list[tuple[str, Assigned]] = []
        self.came: set[str] = set()
        """Who did not wait before."""
        self.turns: dict[str, Turn] = {}
        """Of who waits no more: which it was."""
        self.kept: set[str] = set()
        """Beds that were reserved for who came to lie there."""


class Assignments:
    """Told of every entry in order. ``found`` names the first faults, ``count`` how many there were in all.

    ``admissions``: how many were seen; ``assigned``: how often one was given all that it needs.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.count = 0
        self.assigned = 0
        self._beds = Beds()
        self._staff: dict[str, _Member] = {}
        self._had_by: dict[str, set[str]] = {}
        self._admitted: dict[str, _Admitted] = {}
        self._waiting: dict[str, Waiter] = {}
        self._lines: dict[tuple[Any, ...], list[Turn]] = {}

    @property
    def admissions(self) -> int:
        """How many there were."""
        return len(self._admitted)

    def entry(self, position: int, changes: Iterable[tuple[str, Iterable[Any]]]) -> None:
        """One entry: each actor's key and its events. All of them take effect before they are held together."""
        touched = _Touched()
        faults: list[str] = []
        for key, events in changes:
            kind, _, id = key.partition(":")
            if kind == "ward":
                for event in events:
                    self._touch_bed(event, touched)
                    faults += self._beds.event(id, event)
            elif kind == "roster":
                for event in events:
                    faults += self._roster(event, touched)
            elif kind == "admission":
                for event in events:
                    self._admission(id, event, touched)
            elif kind == "intake":
                for event in events:
                    self._intake(event, touched)
        if touched.admissions or touched.patients:
            faults += self._beds.twice(touched.patients)
            for id in sorted(touched.admissions):
                faults += self._whole(id)
            for id, assigned in touched.assigned:
                faults += self._served(id, assigned, touched)
        for fault in faults:
            self.count += 1
            if len(self.found) < NAMED:
                self.found.append(f"{fault}, at position {position}")

    # What happened

    def _touch_bed(self, event: Any, touched: _Touched) -> None:
        bed = getattr(event, "bed", None)
        if isinstance(event, BedOccupied) and event.kept:
            touched.kept.add(event.bed.id)
        before = self._beds.beds.get(bed.id) if bed is not None else None
        for one in (bed, before):
            if one is not None and one.occupant is not None:
                touched.patients.add(one.occupant.patient_id)
                if one.occupant.admission_id:
                    touched.admissions.add(one.occupant.admission_id)

    def _roster(self, event: Any, touched: _Touched) -> Iterator[str]:
        match event:
            case roster.StaffListed():
                known = self._staff.get(event.staff_id)
                patients = known.patients if known is not None else set()
                skills, wards = frozenset(event.skills), frozenset(event.ward_ids)
                self._staff[event.staff_id] = _Member(event.role, event.max_load, skills, wards, patients)
            case roster.StaffDelisted():
                known = self._staff.pop(event.staff_id, None)
                if known is not None and known.patients:
                    yield f"staff {event.staff_id} left with {len(known.patients)} patients"
            case roster.PatientTaken():
                member = self._staff.get(event.staff_id)
                if member is None:
                    yield f"staff {event.staff_id} took a patient without being on the roster"
                    return
                member.patients.add(event.admission_id)
                self._had_by.setdefault(event.admission_id, set()).add(event.staff_id)
                touched.admissions.add(event.admission_id)
                if len(member.patients) > member.max_load and not event.forced:
                    load = len(member.patients)
                    yield f"staff {event.staff_id} was given patient {load} of at most {member.max_load}"
            case roster.PatientReleased():
                member = self._staff.get(event.staff_id)
                if member is not None:
                    member.patients.discard(event.admission_id)
                self._had_by.get(event.admission_id, set()).discard(event.staff_id)
                touched.admissions.add(event.admission_id)

    def _admission(self, id: str, event: Any, touched: _Touched) -> None:
        touched.admissions.add(id)
        if isinstance(event, admission.PatientAdmitted):
            self._admitted[id] = _Admitted(event.patient_id, event.need, RANK[event.acuity])
            return
        one = self._admitted.get(id)
        if one is None:
            return  # told as such once the whole entry is known
        match event:
            case admission.PatientAssigned():
                one.carers = event.assigned.carers
                self.assigned += 1
                touched.assigned.append((id, event.assigned))
            case admission.CarersChanged() | admission.CarerLost():
                one.carers = event.assigned.carers
            case admission.NeedChanged():
                one.need, one.rank = event.need, RANK[event.acuity]
            case admission.PatientDischarged() | admission.AdmissionCancelled():
                one.carers, one.over = _NOBODY, True
            case admission.AdmissionRepointed():
                one.patient_id = event.patient_id

    def _intake(self, event: Any, touched: _Touched) -> None:
        match event:
            case intake.IntakeOpened():
                touched.came.add(event.admission_id)
            case intake.IntakeWaits():
                id = event.waiter.admission_id
                if id not in self._waiting:
                    touched.came.add(id)
                self._leave_line(id, touched)
                self._waiting[id] = event.waiter
                insort(self._lines.setdefault(_kind(event.waiter), []), _turn(event.waiter))
            case intake.IntakeServed() | intake.IntakeEnded():
                self._leave_line(event.admission_id, touched)

    def _leave_line(self, id: str, touched: _Touched) -> None:
        waiter = self._waiting.pop(id, None)
        if waiter is None:
            return
        turn = touched.turns[id] = _turn(waiter)
        line = self._lines[kind := _kind(waiter)]
        del line[bisect_left(line, turn)]
        if not line:
            del self._lines[kind]

    # What must be true then

    def _whole(self, id: str) -> Iterator[str]:
        """That staff and beds have exactly whom the admission says."""
        one = self._admitted.get(id)
        if one is None:
            yield f"admission {id} is looked after, and nobody was admitted"
            return
        carers = one.carers
        said = {staff for staff in (carers.doctor_id, carers.nurse_id) if staff}
        have = self._had_by.get(id, set())
        if said != have:
            yield f"admission {id} has staff {_names(said)}, and is had by {_names(have)}"
        beds = self._beds.bed_of.get(id, set())
        if beds != ({carers.bed_id} if carers.bed_id else set()):
            yield f"admission {id} has bed {carers.bed_id or 'none'}, and lies in {_names(beds)}"
        elif carers.bed_id and self._beds.ward_of.get(carers.bed_id) != carers.ward_id:
            yield f"admission {id} lies in another ward than its own"
        if carers.bed_id and carers.bed_id in self._beds.beds:
            occupant = self._beds.beds[carers.bed_id].occupant
            if occupant is not None and occupant.patient_id != one.patient_id:
                yield f"admission {id} is of patient {one.patient_id}, and {occupant.patient_id} lies in its bed"
        waiter = self._waiting.get(id)
        if waiter is not None:
            if one.over:
                yield f"admission {id} is over and waits"
            if not waiter.ward_id and waiter.bed and carers != _NOBODY:
                yield f"admission {id} waits for a bed and has something already"
            for role, staff in (("doctor", carers.doctor_id), ("nurse", carers.nurse_id)):
                if role in waiter.roles and staff:
                    yield f"admission {id} waits for a {role} and has one"
        elif not one.over and not (carers.doctor_id and carers.nurse_id and (carers.bed_id or not one.need.needs_bed)):
            yield f"admission {id} has not all that it needs, and does not wait"

    def _served(self, id: str, assigned: Assigned, touched: _Touched) -> Iterator[str]:
        """That nobody who waited comes first and could have had the same; what somebody chose by hand is no turn."""
        one, carers = self._admitted[id], assigned.carers
        if not (carers.doctor_id and carers.nurse_id and (carers.bed_id or not one.need.needs_bed)):
            yield f"admission {id} was assigned without all that it needs"
        if assigned.how == "manual":
            return
        if carers.bed_id and (why := self._beds.unfit(carers.bed_id, one.need, one.patient_id)):
            yield f"admission {id} was given bed {carers.bed_id}, which {why}"
        # Who is assigned at once has waited for nobody: all who wait and are as urgent come first.
        mine = touched.turns.get(id) or (one.rank, assigned.at, id)
        for line in self._lines.values():
            first = next((turn for turn in line if self._waits_for_a_turn(turn[2], touched)), None)
            if first is not None and first < mine and self._could_have(self._waiting[first[2]], one, assigned, touched):
                yield f"admission {id} was served before {first[2]}, which waited for the same"

    def _waits_for_a_turn(self, id: str, touched: _Touched) -> bool:
        """Not one that came only now, or is tried again by a timer of its own."""
        return id not in touched.came and self._waiting[id].reason != "timeout"

    def _could_have(self, waiter: Waiter, served: _Admitted, assigned: Assigned, touched: _Touched) -> bool:
        """Whether what was given is surely enough for who waits; in doubt, no."""
        carers, need = assigned.carers, waiter.need
        ward = waiter.ward_id or (carers.ward_id if waiter.bed else "")
        on_call = assigned.choice.on_call if assigned.choice is not None else ()
        for role, staff_id, skills in (
            ("doctor", carers.doctor_id, need.doctor_skills),
            ("nurse", carers.nurse_id, need.nurse_skills),
        ):
            if role not in waiter.roles:
                continue
            member = self._staff.get(staff_id)
            if member is None or not member.skills.issuperset(skills):
                return False
            if (member.ward_ids and ward not in member.ward_ids) or (role in on_call and ward != carers.ward_id):
                return False
        if not waiter.bed:
            return True
        if carers.bed_id in touched.kept or not self._bed_would_do(need, served, carers):
            return False
        # Who is served may have another bed kept in that room: a mate to everybody but to himself.
        return not self._beds.unfit(carers.bed_id, need, waiter.patient_id)

    def _bed_would_do(self, need: Need, served: _Admitted, carers: Carers) -> bool:
        bed = self._beds.beds.get(carers.bed_id)
        if bed is None:
            return False
        ward, theirs = self._beds.wards[carers.ward_id], served.need
        alike = (need.gender, need.age_group, need.isolation) == (theirs.gender, theirs.age_group, theirs.isolation)
        of_age = (ward.min_age is None and ward.max_age is None) or need.age == theirs.age
        return (
            alike
            and of_age
            and need.ward_id in ("", carers.ward_id)
            and need.bed_type in ("", bed.profile.type)
            and set(need.equipment) <= set(bed.profile.equipment)
        )


def _kind(waiter: Waiter) -> tuple[Any, ...]:
    """Those of one line can be served by the same things."""
    return (waiter.need, waiter.roles, waiter.bed, waiter.ward_id)


def _turn(waiter: Waiter) -> Turn:
    return (RANK[waiter.acuity], waiter.since, waiter.admission_id)


def _names(ids: set[str]) -> str:
    return ", ".join(sorted(ids)) or "none"
