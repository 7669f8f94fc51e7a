"""From what is asked to a place, or to a refusal that says what could be had instead.

R1  Doctor and patient are asked before any room: without them no room is of use.
R2  A room that was named is taken or refused. Without a name, and without a room, the caller's ``fallback`` says
    whether that is a refusal or an appointment that waits for one.
R3  A refusal for want of a room comes with alternatives; they are looked for then only.
R4  Rules that failed on the way are written down also where the request is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from engine.actors.clinic_day.commands import Place
from engine.actors.clinic_day.state import Appointment
from engine.actors.doctor import doctor_key, in_service
from engine.actors.room.refusals import RoomClosed, RoomConflict
from engine.decider import Look
from engine.decisions import finding
from engine.decisions.finding import Deciding
from engine.decisions.rooming.plan import Plan
from engine.decisions.rooming.refusals import NoRoomAvailable
from engine.decisions.rooming.wanting import Asked, Want, want_of
from engine.decisions.rule_failures import NoteRuleFailures
from engine.errors import Rejected

Fallback = Literal["reject", "unassigned"]


def wanted(plan: Plan, asked: Asked, appointment_id: str) -> Deciding[Want]:
    """The appointment-to-be of a request: clinic, patient and doctor are known, and the time is one."""
    clinic = yield from plan.clinic(asked.clinic_id)
    want = want_of(asked, clinic, appointment_id, plan.hospital.time_zone, plan.time)
    yield from finding.the_patient(asked.patient_id)
    in_service((yield Look(doctor_key(asked.doctor_id))))
    return want


def arranged(
    plan: Plan, want: Want, named: str = "", fallback: Fallback = "reject", present: Appointment | None = None
) -> Deciding[Place]:
    """R1, R2, R3; ``present``: the appointment as it is, where it is to be moved."""
    yield from plan.free_people(want)
    return (yield from arranged_room(plan, want, named, fallback, present))


def arranged_room(
    plan: Plan,
    want: Want,
    named: str = "",
    fallback: Fallback = "reject",
    present: Appointment | None = None,
    without: Collection[str] = (),
) -> Deciding[Place]:
    """R2, R3, R4: for those whose time does not change."""
    try:
        return (yield from _room(plan, want, named, fallback, present, without))
    except Rejected as refused:
        refused.then = _failures(plan)
        raise


def _room(
    plan: Plan, want: Want, named: str, fallback: Fallback, present: Appointment | None, without: Collection[str]
) -> Deciding[Place]:
    try:
        place = yield from plan.place(want, named, without)
    except (RoomConflict, RoomClosed) as refused:
        offered = yield from plan.alternatives(want, named, present)
        raise type(refused)(refused.detail, **refused.facts, alternatives=offered.facts()) from None
    if place is not None:
        return place
    why = plan.passed_over
    assert why is not None, "where there is no room there is a reason"
    if fallback == "unassigned":
        return (yield from plan.unplaced(want, _lack(why.failed), why))
    offered = yield from plan.alternatives(want, present=present)
    raise NoRoomAvailable(
        "no room of the clinic can be had then",
        considered=why.considered,
        failed=why.failed,
        alternatives=offered.facts(),
    )


def _failures(plan: Plan) -> NoteRuleFailures | None:
    """R4."""
    for clinic_id, (number, errors) in plan.changes.errors.items():
        found = tuple((one.rule_id, one.rooms, one.first_room, one.error) for one in errors.values())
        return NoteRuleFailures(clinic_id=clinic_id, rule_version=number, failures=found)
    return None


def _lack(failed: Collection[str]) -> str:
    """What an escalation is about: a room that somebody has, one that is closed, or none that would ever do."""
    if "busy" in failed or "refused" in failed:
        return "occupied"
    return "closure" if "closed" in failed else "unavailable"
