"""Whether beds, staff, admissions and the intake agree at the end of a log, and nobody waits for what is free.

Each of them says who has whom; here what they say is laid side by side. Who could still be served is asked of every
bed and every member of the staff one by one, and not of the indexes by which the engine chooses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from engine.actors.admission.state import OPEN, Admission
from engine.actors.intake.state import INTAKE, Intake, Waiter
from engine.actors.roster.state import ROSTER, Listed, Roster
from engine.actors.ward.choosing import unfit
from engine.actors.ward.state import Ward
from engine.needs import Care
from engine.recovery import Book

GIVEN = "beds and staff given whole, once and in turn"


def differing_beds(book: Book) -> tuple[int, list[str]]:
    """Open admissions looked at, and those of which ward, roster, intake and the admission do not say the same."""
    lying: dict[str, tuple[str, str]] = {}
    for ward in wards(book):
        for bed in ward.beds.values():
            if bed.state == "occupied" and bed.occupant is not None:
                lying[bed.occupant.admission_id] = (ward.id, bed.id)
    having: defaultdict[str, set[str]] = defaultdict(set)
    for member in _members(book):
        for id in member.patients:
            having[id].add(member.staff_id)
    intake = _intake(book)
    count, faults = 0, []
    for one in _states(book, "admission", Admission):
        mine, carers = one.status in OPEN, one.carers
        count += mine
        place = (carers.ward_id, carers.bed_id) if mine and carers.bed_id else None
        staff = {id for id in (carers.doctor_id, carers.nurse_id) if id and mine}
        if lying.pop(one.id, None) != place:
            faults.append(f"admission {one.id} of {book.hospital} and its bed differ")
        if having.pop(one.id, set()) != staff:
            faults.append(f"admission {one.id} of {book.hospital} and the roster differ")
        if (one.id in intake.waiting) != (one.status in ("waiting", "handed_over")):
            faults.append(f"admission {one.id} of {book.hospital} is {one.status}, the intake says otherwise")
        if mine != (intake.open.get(one.patient_id) == one.id):
            faults.append(f"admission {one.id} of {book.hospital} is {one.status}, the intake's list says otherwise")
    faults += [f"admission {id}, which is not there, lies in a bed" for id in lying]
    faults += [f"admission {id}, which is not there, has staff" for id in having]
    return count, faults


def stranded(book: Book) -> tuple[int, list[str]]:
    """Those who wait, and those for whom everything is free. Whoever is tried again by a timer is left out."""
    intake = _intake(book)
    count, faults = 0, []
    looked: dict[tuple[Any, ...], bool] = {}
    for waiter in intake.waiting.values():
        count += 1
        if waiter.reason == "timeout":
            continue
        kind = (waiter.need, waiter.roles, waiter.bed, waiter.ward_id)
        if kind not in looked:  # in wards where a bed is kept for one of them he could be told apart; then he has it
            looked[kind] = _could_be_served(book, waiter)
        if looked[kind]:
            faults.append(f"admission {waiter.admission_id} of {book.hospital} waits for what is free")
    return count, faults


def wards(book: Book) -> Iterator[Ward]:
    """All of them."""
    return _states(book, "ward", Ward)


def _could_be_served(book: Book, waiter: Waiter) -> bool:
    if not waiter.bed:
        return _staffed(book, waiter, waiter.ward_id)
    return any(
        unfit(ward, bed, waiter.need, waiter.patient_id, book.time) is None and _staffed(book, waiter, ward.id)
        for ward in wards(book)
        for bed in ward.beds.values()
    )


def _staffed(book: Book, waiter: Waiter, ward_id: str) -> bool:
    need = waiter.need
    skills = {"doctor": need.doctor_skills, "nurse": need.nurse_skills}
    return all(_somebody(book, role, skills[role], ward_id) for role in waiter.roles)


def _somebody(book: Book, role: Care, skills: tuple[str, ...], ward_id: str) -> bool:
    """Whoever is on duty; who is on call comes only when nobody is."""
    here = [
        one
        for one in _members(book)
        if one.role == role
        and one.available
        and (not one.until or one.until > book.time)
        and (not one.ward_ids or not ward_id or ward_id in one.ward_ids)
    ]
    on = [one for one in here if one.duty == "on"] or [one for one in here if one.duty == "on_call"]
    return any(len(one.patients) < one.max_load and set(skills) <= set(one.skills) for one in on)


def _members(book: Book) -> Iterator[Listed]:
    cell = book.cell(ROSTER)
    if cell is not None:
        roster: Roster = cell.state
        yield from roster.members.values()


def _intake(book: Book) -> Intake:
    cell = book.cell(INTAKE)
    return Intake() if cell is None else cell.state


def _states(book: Book, kind: str, of: type[Any]) -> Iterator[Any]:
    for key in book.cells:
        if key.startswith(f"{kind}:"):
            cell = book.cell(key)
            assert cell is not None
            assert isinstance(cell.state, of)
            yield cell.state
