"""What holds among wards, the roster, admissions and the intake, worked out from their states alone.

Written down a second time on purpose: nothing here asks the code that decides. Where two readings are possible the
one that asks less is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.actors.admission.state import Admission
from engine.actors.alerts.state import Alerts
from engine.actors.intake.state import Intake, Waiter
from engine.actors.roster.state import Listed, Roster
from engine.actors.staff.state import Staff
from engine.actors.ward.state import Bed, Ward

State = Callable[[str], Any]
Members = Callable[[str], list[str]]

AREA = ("admission", "intake", "roster", "staff", "ward")


def wards_broken(state: State, members: Members, keys: Iterable[str], time: int) -> Iterator[str]:
    """Each rule that is broken now (µs), where one of these actors is touched by it."""
    kinds: dict[str, list[str]] = {}
    for key in keys:
        kind, _, id = key.partition(":")
        kinds.setdefault(kind, []).append(id)
    if not kinds.keys().isdisjoint(AREA):
        house = House(state, members)
        yield from house.beds()
        yield from house.people()
        for id in kinds.get("admission", ()):
            yield from house.admission(state(f"admission:{id}"))
        yield from house.line()
        yield from house.left_waiting(time)
        for id in kinds.get("staff", ()):
            yield from house.on_the_roster(state(f"staff:{id}"))
    if "alerts" in kinds:
        yield from _alerts(state("alerts:self"))


class House:
    """All wards, the roster and the intake at one instant."""

    def __init__(self, state: State, members: Members) -> None:
        self.state = state
        found: list[Ward] = [ward for key in members("wards") if (ward := state(key)) is not None]
        self.wards = {ward.id: ward for ward in found}
        self.roster: Roster = state("roster:self") or Roster()
        self.intake: Intake = state("intake:self") or Intake()

    # Who has what

    def beds(self) -> Iterator[str]:
        """A bed has one patient, a patient one bed; who lies there is admitted and says the same."""
        lying: Counter[str] = Counter()
        taken = 0
        for ward in self.wards.values():
            for bed in ward.beds.values():
                if (bed.occupant is None) != (bed.state not in ("occupied", "reserved")):
                    yield f"bed {bed.id} is {bed.state}, and that is not said of who is there"
                if bed.state != "occupied" or bed.occupant is None:
                    continue
                taken += 1
                lying[bed.occupant.patient_id] += 1
                one: Admission | None = self.state(f"admission:{bed.occupant.admission_id}")
                where = (one.patient_id, one.carers.ward_id, one.carers.bed_id) if one is not None else None
                if where != (bed.occupant.patient_id, ward.id, bed.id):
                    yield f"in bed {bed.id} lies admission {bed.occupant.admission_id}, which says {where}"
        for patient_id, count in lying.items():
            if count > 1:
                yield f"patient {patient_id} lies in {count} beds"
        in_beds = sum(bool(one.carers.bed_id) for one in self._open())
        if in_beds != taken:
            yield f"{in_beds} admissions have a bed, and in {taken} beds somebody lies"

    def people(self) -> Iterator[str]:
        """Whom somebody has is whom the admissions say; nobody is over the maximum by himself."""
        had: Counter[tuple[str, str]] = Counter()
        for one in self.roster.members.values():
            for id in one.patients:
                had[one.staff_id, id] += 1
            if len(one.patients) > one.max_load + one.over:
                yield f"staff {one.staff_id} has {len(one.patients)} of {one.max_load} patients, and nobody said so"
        said = Counter(
            (staff_id, one.id) for one in self._open() for staff_id in _staff(one.carers.doctor_id, one.carers.nurse_id)
        )
        for staff_id, id in (had - said) + (said - had):
            yield f"staff {staff_id} and admission {id} do not say the same of each other"

    def admission(self, one: Admission) -> Iterator[str]:
        """What it is follows from what it has, and what it has from what it needs."""
        carers = one.carers
        people, bed = bool(carers.doctor_id) + bool(carers.nurse_id), bool(carers.bed_id)
        whole = people == 2 and bed == one.need.needs_bed
        there: str | None = self.intake.open.get(one.patient_id)
        if one.status in ("discharged", "cancelled"):
            if people or bed or there == one.id or one.id in self.intake.waiting:
                yield f"admission {one.id} is {one.status}, and has something still or waits"
            return
        if there != one.id:
            yield f"admission {one.id} is {one.status}; the intake has {there} of its patient"
        if one.status == "assigned" and not whole:
            yield f"admission {one.id} is assigned without all that it needs"
        if one.status == "handed_over" and (people == 2 or bed != one.need.needs_bed):
            yield f"admission {one.id} is handed over, and nobody is missing, or the bed"
        if one.status == "waiting" and (people or bed):
            yield f"admission {one.id} waits, and has a part of what it needs"
        if (one.status in ("waiting", "handed_over")) != (one.id in self.intake.waiting):
            yield f"admission {one.id} is {one.status}; at the intake that is not so"

    def on_the_roster(self, member: Staff) -> Iterator[str]:
        """The roster sees a member as he or she is."""
        listed = self.roster.members.get(member.id)
        if member.retired_at:
            if listed is not None:
                yield f"staff {member.id} has left, and is on the roster"
            return
        works = member.approved and member.active
        if listed is None or (listed.role, listed.available) != (member.profile.role, works):
            yield f"staff {member.id} is {member.profile.role}, works here: {works}; the roster says otherwise"
        elif works and (listed.duty, listed.until) != (member.duty, member.until):
            yield f"staff {member.id} is {member.duty}; the roster says {listed.duty}"
        elif listed.max_load != member.profile.max_load or set(listed.skills) != set(member.profile.skills):
            yield f"the roster does not know what staff {member.id} can do"

    # Who waits

    def line(self) -> Iterator[str]:
        """Who waits is admitted, and waits for exactly what is missing."""
        for id, waiter in self.intake.waiting.items():
            one: Admission | None = self.state(f"admission:{id}")
            if one is None or one.status not in ("waiting", "handed_over"):
                yield f"admission {id} waits at the intake, and is {one and one.status}"
                continue
            missing = {
                role for role, who in (("doctor", one.carers.doctor_id), ("nurse", one.carers.nurse_id)) if not who
            }
            if set(waiter.roles) != missing or waiter.bed != (one.need.needs_bed and not one.carers.bed_id):
                yield f"admission {id} waits for {waiter.roles} and a bed: {waiter.bed}; it lacks {sorted(missing)}"
            if (waiter.need, waiter.acuity, waiter.patient_id) != (one.need, one.acuity, one.patient_id):
                yield f"the intake does not know what admission {id} needs"
            if waiter.ward_id != one.carers.ward_id:
                yield f"admission {id} lies in ward {one.carers.ward_id!r}; the intake says {waiter.ward_id!r}"

    def left_waiting(self, time: int) -> Iterator[str]:
        """Who waits, and could have all that is missing; unless the intake goes on with it at once."""
        if self.intake.due:
            return
        for waiter in self.intake.waiting.values():
            if waiter.ward_id or not waiter.bed:
                if self._staffed(waiter, waiter.ward_id, time):
                    yield f"admission {waiter.admission_id} waits, and who is missing is free"
                continue
            for ward in self.wards.values():
                if self._staffed(waiter, ward.id, time) and (bed := _bed_for(ward, waiter, time)):
                    yield f"admission {waiter.admission_id} waits, and bed {bed.id} and staff are free"

    def _staffed(self, waiter: Waiter, ward_id: str, time: int) -> bool:
        skills = {"doctor": waiter.need.doctor_skills, "nurse": waiter.need.nurse_skills}
        return all(self._somebody(role, skills[role], ward_id, time) for role in waiter.roles)

    def _somebody(self, role: str, skills: Iterable[str], ward_id: str, time: int) -> bool:
        """Whether one of the role is free; who is on call counts only where nobody is on duty, or was until now."""
        here = [
            one
            for one in self.roster.members.values()
            if one.role == role and one.available and (not ward_id or not one.ward_ids or ward_id in one.ward_ids)
        ]
        on_duty = [one for one in here if one.duty == "on"]
        return any(_free(one, skills, time) for one in on_duty or [one for one in here if one.duty == "on_call"])

    def _open(self) -> Iterator[Admission]:
        for id in self.intake.open.values():
            one: Admission | None = self.state(f"admission:{id}")
            if one is not None:
                yield one


def _staff(*ids: str) -> Iterator[str]:
    return filter(None, ids)


def _free(one: Listed, skills: Iterable[str], time: int) -> bool:
    still = not one.until or one.until > time
    return still and len(one.patients) < one.max_load and set(skills) <= set(one.skills)


def _bed_for(ward: Ward, waiter: Waiter, time: int) -> Bed | None:
    """A bed of the ward that fits, if there is one."""
    need, profile = waiter.need, ward.profile
    if ward.retired_at or need.ward_id not in ("", ward.id):
        return None
    if profile.gender and need.gender != profile.gender:
        return None
    if (profile.min_age, profile.max_age) != (None, None):
        least, most = profile.min_age or 0, 1_000 if profile.max_age is None else profile.max_age
        if need.age < 0 or not least <= need.age <= most:
            return None
    for bed in ward.beds.values():
        kept = bed.state == "reserved" and bed.occupant is not None and bed.occupant.patient_id == waiter.patient_id
        if bed.state != "unoccupied" and not (kept and bed.reserved_until > time):
            continue
        if need.bed_type not in ("", bed.profile.type) or not set(need.equipment) <= set(bed.profile.equipment):
            continue
        if need.isolation and not bed.profile.isolation:
            continue
        if _may_share(ward, bed, waiter):
            return bed
    return None


def _may_share(ward: Ward, bed: Bed, waiter: Waiter) -> bool:
    need, room = waiter.need, bed.profile.room
    for other in ward.beds.values():
        mate = other.occupant
        if mate is None or other.id == bed.id or mate.patient_id == waiter.patient_id:
            continue
        if not room or other.profile.room != room:
            continue
        if mate.isolation != need.isolation:
            return False
        known = mate.gender == need.gender and need.gender in ("female", "male")
        if not ward.profile.mixed_rooms and not known:
            return False
        if not ward.profile.mixed_ages and (mate.age_group != need.age_group or not need.age_group):
            return False
    return True


def _alerts(alerts: Alerts) -> Iterator[str]:
    """One of a kind and subject is open at a time; none is open and closed."""
    open = Counter((one.kind, one.subject) for one in alerts.open.values())
    for (kind, subject), count in open.items():
        if count > 1:
            yield f"{count} alerts {kind} of {subject!r} are open"
    for id, one in alerts.open.items():
        if one.closed_at or id in alerts.closed:
            yield f"alert {id} is open, and closed"
