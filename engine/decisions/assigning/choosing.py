"""Who and what an admission gets: doctor, nurse and bed that agree, or the reason why there is none.

R1  Beds are looked at from the best on, ward by ward, until doctor, nurse and bed agree: who works in some wards only
    is no help in others. The doctor is looked for first where the policy says so for the acuity, else the nurse.
R2  The reason is the first that is missing, in that order, and then the bed.
R3  A bed that is kept for the patient comes first of all.

What could not be had for one of a class cannot be had for the next while nothing is given back: it is remembered, so
that a thousand who wait cost one look for each thing that they wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engine.actors.admission.state import Choice
from engine.actors.roster.choosing import Pick, choose
from engine.actors.roster.state import EVERYBODY
from engine.actors.ward import RESERVATIONS
from engine.actors.ward.choosing import Offer, best_offer, free_beds
from engine.actors.ward.state import Bed, Ward
from engine.decider import Find, Members
from engine.decisions.assigning.changes import Changes, WardChange
from engine.decisions.finding import Deciding
from engine.needs import Acuity, Care, Carers, Need, Reason

ROLES: tuple[Care, Care] = ("doctor", "nurse")


class Wish(NamedTuple):
    """What is looked for: the roles, and whether a bed, or else where the patient lies (``""``: nowhere)."""

    admission_id: str
    patient_id: str
    acuity: Acuity
    need: Need
    roles: tuple[Care, ...] = ROLES
    bed: bool = True
    ward_id: str = ""


class Chosen(NamedTuple):
    """All that was looked for; of what was not, nothing stands in ``carers``."""

    carers: Carers
    choice: Choice


class Missing(NamedTuple):
    """Why it cannot be had, and for want of which role (``""``: of a bed)."""

    reason: Reason
    role: Care | str = ""


class Search:
    """Looks for things in the changes of one decision, and remembers what it did not find."""

    __slots__ = ("_beds", "_changes", "_given", "_picks", "_seen", "_somebody", "_taken", "_wards")

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._given = -1
        self._taken = -1
        self._picks: dict[tuple[Care, tuple[str, ...], str], Pick | Reason] = {}
        self._beds: dict[tuple[str, Need], tuple[int, Offer | None]] = {}
        self._somebody: set[tuple[Care, tuple[str, ...]]] = set()
        """Role and skills that somebody had when they were last looked for in the whole house."""
        self._wards: list[str] = []
        self._seen = (-1, -1)

    def look(self, wish: Wish) -> Deciding[Chosen | Missing]:
        """R1, R2."""
        order = ordered(wish.acuity, wish.roles, self._changes.policy.doctor_first)
        hopeless = yield from self._nobody_at_all(wish, order)
        if hopeless is not None:
            return hopeless
        if not wish.bed:
            found = yield from self._staff(wish, order, wish.ward_id)
            return found if isinstance(found, Missing) else self._chosen(order, found, None, 0)
        first: Missing | None = None
        offers = yield from self.offers(wish.need, wish.patient_id)
        for offer in offers:
            found = yield from self._staff(wish, order, offer.ward_id)
            if not isinstance(found, Missing):
                free = yield from self._free(offer, wish.need)
                return self._chosen(order, found, offer, free)
            first = first or found
        if first is not None:
            return first
        # Nobody asks for staff in a ward without a bed; still, the first that is missing is what is told.
        found = yield from self._staff(wish, order, wish.need.ward_id)
        return found if isinstance(found, Missing) else Missing("no_bed")

    def without_bed(self, wish: Wish) -> Deciding[Missing]:
        """R2, where it is known that there is no bed."""
        order = ordered(wish.acuity, wish.roles, self._changes.policy.doctor_first)
        return (yield from self._nobody_at_all(wish, order)) or Missing("no_bed")

    def any_bed(self) -> Deciding[bool]:
        """Whether a bed is free in any ward, for whomever."""
        return bool((yield from self._open_wards()))

    def offers(self, need: Need, patient_id: str, but: tuple[str, ...] = ()) -> Deciding[list[Offer]]:
        """R3: the best bed of each ward that has one, the best first."""
        self._forget()
        kept: str | None = yield Find(RESERVATIONS, patient_id)
        wards = (need.ward_id,) if need.ward_id else (yield from self._open_wards())
        if kept is not None and not need.ward_id and (ward_id := kept.partition(":")[2]) not in wards:
            wards = (*wards, ward_id)
        if not need.ward_id:  # one that is kept for the patient only after this decision is filed nowhere yet
            theirs = (id for id, there in self._changes.wards.items() if there.draft.theirs(patient_id))
            wards = (*wards, *(id for id in theirs if id not in wards))
        found: list[Offer] = []
        for ward_id in wards:
            offer = yield from self._offer(ward_id, need, patient_id, but)
            if offer is not None:
                found.append(offer)
        found.sort()
        return found

    def pick(self, role: Care, need: Need, ward_id: str, but: tuple[str, ...] = ()) -> Deciding[Pick | Reason]:
        """Who has the least to do and can take the patient there."""
        skills = skills_of(need, role)
        self._forget()
        known = (role, skills, ward_id)
        if not but and known in self._picks:
            return self._picks[known]
        roster, changed = yield from self._changes.staff()
        found = choose(roster, role, skills, ward_id, self._changes.time, changed, but)
        if not but:
            self._picks[known] = found
        return found

    def _forget(self) -> None:
        """What was found is not there any more once somebody has taken it; what was not found may be again."""
        changes = self._changes
        if changes.given != self._given:
            self._given, self._taken = changes.given, len(changes.roster)
            self._picks.clear()
            self._beds.clear()
            self._somebody.clear()
        elif len(changes.roster) != self._taken:
            self._taken = len(changes.roster)
            self._picks = {known: one for known, one in self._picks.items() if isinstance(one, str)}

    def _nobody_at_all(self, wish: Wish, order: tuple[Care, ...]) -> Deciding[Missing | None]:
        """R2, without a look at any bed: nobody in the whole house, and nobody on call somewhere."""
        self._forget()
        for role in order:
            known = (role, skills_of(wish.need, role))
            if known in self._somebody:
                continue
            found = yield from self.pick(role, wish.need, "")
            if not isinstance(found, str):
                self._somebody.add(known)
                continue
            roster, changed = yield from self._changes.staff()
            on_call = roster is not None and roster.pools.get((role, "on_call", EVERYBODY))
            if not on_call and not any(one is not None and one.duty == "on_call" for one in changed.values()):
                return Missing(found, role)
        return None

    def _staff(self, wish: Wish, order: tuple[Care, ...], ward_id: str) -> Deciding[list[Pick] | Missing]:
        found: list[Pick] = []
        for role in order:
            pick = yield from self.pick(role, wish.need, ward_id)
            if isinstance(pick, str):
                self._somebody.discard((role, skills_of(wish.need, role)))  # the last may be taken
                return Missing(pick, role)
            found.append(pick)
        return found

    def _offer(self, ward_id: str, need: Need, patient_id: str, but: tuple[str, ...]) -> Deciding[Offer | None]:
        there = yield from self._changes.ward(ward_id)
        if there is None:
            return None
        time = self._changes.time
        if isinstance(there, WardChange):
            draft = there.draft
            steps = len(there.steps)
            if but or draft.theirs(patient_id):
                return best_offer(draft.ward, need, patient_id, time, draft.changed, but)
            known = self._beds.get((ward_id, need))
            if known is not None and (known[1] is None or known[0] == steps):
                return known[1]
            offer = best_offer(draft.ward, need, patient_id, time, draft.changed)
            self._beds[ward_id, need] = (steps, offer)
            return offer
        if not there.free and patient_id not in there.theirs:
            return None
        if but or patient_id in there.theirs:
            return best_offer(there, need, patient_id, time, but=but)
        known = self._beds.get((ward_id, need))
        if known is not None:
            return known[1]
        offer = best_offer(there, need, patient_id, time)
        self._beds[ward_id, need] = (0, offer)
        return offer

    def _open_wards(self) -> Deciding[list[str]]:
        """Wards with a bed that is free, in order."""
        changes = self._changes
        seen = (changes.given, changes.bed_steps)
        if seen != self._seen:
            if seen[0] != self._seen[0]:
                keys: list[str] = yield Members("wards")
                self._wards = sorted({*(key.partition(":")[2] for key in keys), *changes.wards})
            found: list[str] = []
            for ward_id in self._wards:
                if ward_id in changes.wards or seen[0] != self._seen[0]:
                    there = yield from changes.ward(ward_id)
                    if not _has_free(there):
                        continue
                found.append(ward_id)
            self._wards, self._seen = found, seen
        return self._wards

    def _free(self, offer: Offer, need: Need) -> Deciding[int]:
        there = yield from self._changes.ward(offer.ward_id)
        if isinstance(there, WardChange):
            return max(1, free_beds(there.draft.ward, need, there.draft.changed))
        assert there is not None, "a bed stands in a ward"
        return max(1, free_beds(there, need))

    def _chosen(self, order: tuple[Care, ...], picks: list[Pick], offer: Offer | None, beds: int) -> Chosen:
        by_role = dict(zip(order, picks, strict=True))
        doctor, nurse = by_role.get("doctor"), by_role.get("nurse")
        carers = Carers(
            doctor_id=doctor.listed.staff_id if doctor else "",
            nurse_id=nurse.listed.staff_id if nurse else "",
            ward_id=offer.ward_id if offer else "",
            bed_id=offer.bed_id if offer else "",
        )
        return Chosen(carers, explained(order, doctor, nurse, beds))


def skills_of(need: Need, role: Care) -> tuple[str, ...]:
    """What who takes the patient must know."""
    return need.doctor_skills if role == "doctor" else need.nurse_skills


def explained(order: tuple[Care, ...], doctor: Pick | None, nurse: Pick | None, beds: int = 0) -> Choice:
    """How one was chosen."""
    return Choice(
        order=order,
        doctor_load=(len(doctor.listed.patients), doctor.listed.max_load) if doctor else (0, 0),
        nurse_load=(len(nurse.listed.patients), nurse.listed.max_load) if nurse else (0, 0),
        doctors=doctor.free if doctor else 0,
        nurses=nurse.free if nurse else 0,
        beds=beds,
        on_call=tuple(_on_call(doctor, nurse)),
    )


def ordered(acuity: Acuity, roles: tuple[Care, ...], doctor_first: tuple[Acuity, ...]) -> tuple[Care, ...]:
    """R1: in which order roles are looked for."""
    first: Care = "doctor" if acuity in doctor_first else "nurse"
    return tuple(sorted(roles, key=lambda role: role != first))


def _on_call(doctor: Pick | None, nurse: Pick | None) -> Iterator[str]:
    if doctor and doctor.on_call:
        yield "doctor"
    if nurse and nurse.on_call:
        yield "nurse"


def _has_free(there: WardChange | Ward | None) -> bool:
    """Whether a bed is free, or will be: at most one look more than there are beds that change."""
    if not isinstance(there, WardChange):
        return there is not None and bool(there.free)
    draft = there.draft
    if any(map(_is_free, draft.changed.values())):
        return True
    return any(id not in draft.changed for lines in draft.ward.free.values() for line in lines.values() for id in line)


def _is_free(bed: Bed | None) -> bool:
    return bed is not None and bed.state == "unoccupied"
