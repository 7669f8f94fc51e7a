"""Why an admission has its doctor, nurse and bed, or waits for one: everybody of the role and every bed, and why not.

Looked at when the roster's and the wards' own choice returns, so members and beds stand here as that decision had
planned them by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any, Final

from engine.actors.admission.state import Assigned, Choice
from engine.actors.roster import choosing as roster
from engine.actors.roster.choosing import Pick, in_ward, works
from engine.actors.roster.state import Listed, Roster, standing
from engine.actors.ward import choosing as ward_choosing
from engine.actors.ward.choosing import Changed, Offer, _mates, _rank, _room_as_it_will_be, unfit
from engine.actors.ward.state import Bed, Ward, like, place_of
from engine.decisions.assigning.choosing import Chosen, Missing, Search
from engine.needs import Carers, Need
from engine.recovery import Book
from replay.explaining.form import Candidate, Section
from replay.explaining.watching import Sight

LISTED: Final = 200
"""Members or beds of a section; those that could be had come first."""

_ORDER_OF_BEDS: Final = (
    "first what is kept for the patient, then what is no better than needed (isolation, equipment), then a bed in "
    "company before one alone, then by id"
)
_CHANGES: Final = frozenset(("PatientAssigned", "CarersChanged", "CarerLost"))


class Assignments:
    """Watches the choices of doctors, nurses and beds in one decision."""

    def __init__(self) -> None:
        self._people: list[Section] = []
        self._beds: dict[str, Section] = {}
        """The last look at each ward."""
        self._looked: dict[str, list[Section]] = {}

    def sights(self) -> Mapping[CodeType, Sight]:
        """What it looks at."""
        return {
            roster.choose.__code__: self._somebody,
            ward_choosing.best_offer.__code__: self._bed,
            Search.look.__code__: self._all,
        }

    def sections(self, book: Book, entry: Any, why_not: str = "") -> Iterator[Section]:
        """What each admission got in this entry, or what it waits for.

        ``why_not``: why the decision could not be taken again to its end; then only what its events kept is told.
        """
        for change in entry.changes:
            kind, _, id = change.actor.partition(":")
            for event in change.events if kind == "admission" else ():
                name = type(event).__name__
                if name in _CHANGES:
                    yield from self._given(id, event.assigned, why_not)
                elif name == "AdmissionWaits":
                    yield from self._waits(id, event.reason, why_not)
        if entry.refusal is not None:
            yield from self._people[-2:]
            yield from self._beds.values()

    def _given(self, id: str, assigned: Assigned, why_not: str) -> Iterator[Section]:
        carers = assigned.carers
        looked = self._looked.get(id, [])
        for role, who in (("doctor", carers.doctor_id), ("nurse", carers.nurse_id), ("bed", carers.bed_id)):
            if not who:
                continue
            section = next((one for one in looked if one.kind == role and one.winner == who), None)
            if section is None:
                section = self._chosen_otherwise(role, who, carers.ward_id)
            if section is None and why_not:
                section = Section(role, "only what was kept of the choice can be told", id, who, who)
                section.said += [*_kept(role, assigned.choice), why_not]
            elif section is None:
                section = Section(role, f"kept, or given by name ({assigned.how})", id, who, who)
                section.said.append("nobody was looked for: it was there already, or was said by whoever asked")
            else:
                section = _of(section, id)
            section.decided = who
            yield section

    def _chosen_otherwise(self, role: str, who: str, ward_id: str) -> Section | None:
        """The last look that gave this one: of a transfer, a hand-over, a reassignment."""
        if role == "bed":
            there = self._beds.get(ward_id)
            return there if there is not None and there.winner == who else None
        return next((one for one in reversed(self._people) if (one.kind, one.winner) == (role, who)), None)

    def _waits(self, id: str, reason: str, why_not: str) -> Iterator[Section]:
        section = Section("waits", f"it waits: {_REASONS.get(reason, reason)}", id, reason, reason)
        looked = self._looked.get(id)
        if looked:
            section.said += [one.title for one in looked]
        elif why_not:
            section.said.append(why_not)
        elif looked is not None:
            section.said.append("nobody and nothing was left to look at in the whole house")
        else:
            section.said.append(
                "who waits already waits for the same; nothing is looked for again before it is given back"
            )
        yield section
        for one in looked or ():
            yield _of(one, id)

    def _all(self, local: Mapping[str, Any], gave: Any) -> None:
        """One admission's search is over."""
        wish = local["wish"]
        if isinstance(gave, Chosen):
            carers = gave.carers
            ward_id = carers.ward_id or wish.ward_id
            found = [self._last(role, who) for role, who in _people(carers) if who]
            if carers.bed_id and carers.ward_id in self._beds:
                bed = _of(self._beds[carers.ward_id], wish.admission_id)
                others = [one for id, one in self._beds.items() if id != ward_id and one.winner]
                bed.said += [f"ward {one.subject} had bed {one.winner} to offer, which came behind" for one in others]
                found.append(bed)
            self._looked[wish.admission_id] = [one for one in found if one is not None]
        elif isinstance(gave, Missing):
            if gave.role:
                last = self._last(gave.role, "")
                self._looked[wish.admission_id] = [] if last is None else [last]
            else:
                self._looked[wish.admission_id] = list(self._beds.values())

    def _last(self, role: str, who: str) -> Section | None:
        return next((one for one in reversed(self._people) if one.kind == role and one.winner == who), None)

    def _somebody(self, local: Mapping[str, Any], gave: Any) -> None:
        state: Roster = local["state"]
        changed: Mapping[str, Listed | None] = local["changed"]
        members = {**state.members, **changed}
        role, ward_id, time = local["role"], local["ward_id"], local["time"]
        wanted, but = frozenset(local["skills"]), local["but"]
        everybody = [one for one in members.values() if one is not None and one.role == role]
        on_duty = any(works(one, "on", time) and in_ward(one, ward_id) and one.staff_id not in but for one in everybody)
        winner = gave.listed.staff_id if isinstance(gave, Pick) else ""
        rows = []
        for one in everybody:
            row = _member(one, wanted, ward_id, time, on_duty=on_duty, named_out=one.staff_id in but)
            row.chosen = one.staff_id == winner
            rows.append((not row.chosen, bool(row.why_not), standing(one), row))
        rows.sort(key=lambda row: row[:3])
        for passed, against, stands, row in rows:
            if passed and not against and winner:
                row.facts["behind"] = _behind(rows[0][2], stands, _LOADS)
        free = sum(not row[1] for row in rows)
        where = f" in ward {ward_id}" if ward_id else ""
        skills = f" with {', '.join(sorted(wanted))}" if wanted else ""
        found = f"the least loaded {role}{skills}{where}" if winner else f"no {role}{skills}{where}: {gave}"
        said = [
            f"{len(rows)} of the role, {free} who could take the patient; by load by maximum, load, last assigned, id"
        ]
        listed = [row[3] for row in rows]
        self._people.append(Section(role, found, "", winner, "", said, listed[:LISTED], max(len(listed) - LISTED, 0)))

    def _bed(self, local: Mapping[str, Any], gave: Any) -> None:
        ward, need, patient_id = local["ward"], local["need"], local["patient_id"]
        winner = gave.bed_id if isinstance(gave, Offer) else ""
        beds = {**ward.beds, **local["changed"]}
        rows = []
        for bed in beds.values():
            if bed is not None:
                row = _place(ward, bed, need, patient_id, local["time"], local["changed"])
                if bed.id in local["but"]:
                    row.why_not.append("it is the one that the patient has")
                row.chosen = bed.id == winner
                if isinstance(gave, Offer) and not row.chosen and not row.why_not:
                    mates = _mates(_room_as_it_will_be(ward, place_of(bed), local["changed"]), patient_id)
                    rank = _rank(like(bed), need, alone=not mates, new=bed.state == "unoccupied")
                    row.facts["behind"] = _behind((*gave.rank, gave.bed_id), (*rank, bed.id), _RANKS)
                rows.append(row)
        rows.sort(key=lambda row: (not row.chosen, bool(row.why_not), row.id))
        free = sum(not row.why_not for row in rows)
        title = f"the best bed of ward {ward.profile.name}" if winner else f"no bed in ward {ward.profile.name}"
        said = [f"{len(rows)} beds, {free} that could be had", _ORDER_OF_BEDS]
        self._beds[ward.id] = Section(
            "bed", title, ward.id, winner, "", said, rows[:LISTED], max(len(rows) - LISTED, 0)
        )


_REASONS: Final = {
    "no_staff": "nobody of the role is free",
    "no_skill": "nobody who is free has the skill",
    "no_bed": "no bed fits",
    "timeout": "there was no decision in time",
}


_LOADS: Final = ("a larger share of the maximum", "more patients", "assigned more recently", "by id")
_RANKS: Final = (
    "another is kept for the patient",
    "fit for isolation, which is not needed",
    "equipment that is not needed",
    "alone in the room",
    "by id",
)


def _behind(first: tuple[Any, ...], other: tuple[Any, ...], words: tuple[str, ...]) -> str:
    """In what somebody stands behind the chosen one: the first difference of the two."""
    return next((word for word, one, two in zip(words, first, other, strict=True) if one != two), "")


def _kept(role: str, choice: Choice | None) -> Iterator[str]:
    """What an event says of its choice."""
    if choice is None:
        return
    if role == "bed":
        yield f"beds that could be had: {choice.beds}"
        return
    load, free = (choice.doctor_load, choice.doctors) if role == "doctor" else (choice.nurse_load, choice.nurses)
    yield f"{free} of the role were under their maximum; this one had {load[0]} of {load[1]}"
    if role in choice.on_call:
        yield "nobody was on duty: on call"


def _people(carers: Carers) -> Iterator[tuple[str, str]]:
    yield "doctor", carers.doctor_id
    yield "nurse", carers.nurse_id


def _of(section: Section, admission_id: str) -> Section:
    """The same look, told of this admission."""
    return Section(
        section.kind, section.title, admission_id, section.winner, section.winner, list(section.said),
        section.candidates, section.more,
    )  # fmt: skip


def _member(
    one: Listed, skills: frozenset[str], ward_id: str, time: int, *, on_duty: bool, named_out: bool
) -> Candidate:
    why_not = []
    if named_out:
        why_not.append("has the patient, or is to be relieved")
    if not one.available:
        why_not.append("not approved, not active, or gone")
    elif one.duty == "off":
        why_not.append("off duty")
    elif 0 < one.until <= time:
        why_not.append("the duty is over")
    elif one.duty == "on_call" and on_duty:
        why_not.append("on call, and others are on duty")
    if not in_ward(one, ward_id):
        why_not.append("works in other wards")
    if missing := sorted(skills.difference(one.skills)):
        why_not.append(f"lacks {', '.join(missing)}")
    if len(one.patients) >= one.max_load:
        why_not.append("has as many patients as allowed")
    facts = {
        "load": len(one.patients),
        "max_load": one.max_load,
        "duty": one.duty,
        "wards": list(one.ward_ids),
        "skills": list(one.skills),
        "last_assigned_at": one.last_assigned_at,
    }
    return Candidate(one.staff_id, facts=facts, why_not=why_not)


def _place(ward: Ward, bed: Bed, need: Need, patient_id: str, time: int, changed: Changed) -> Candidate:
    refused = unfit(ward, bed, need, patient_id, time, changed)
    why_not = [] if refused is None else [f"{refused.detail}{_why(refused.facts)}"]
    profile = bed.profile
    facts: dict[str, Any] = {"state": bed.state, "room": profile.room, "type": profile.type}
    if profile.isolation:
        facts["isolation"] = True
    if profile.equipment:
        facts["equipment"] = list(profile.equipment)
    return Candidate(bed.id, profile.label, facts=facts, why_not=why_not)


def _why(facts: Mapping[str, Any]) -> str:
    return f" ({facts['why']})" if "why" in facts else ""
