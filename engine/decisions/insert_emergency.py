"""An emergency: ahead of all who were not called yet, over the capacity if need be, never refused as a duplicate.

R1  A patient with an active token of that day keeps it, its code and its time of booking: it is upgraded, and
    moved here if it is in another slot. Who is called or in consultation elsewhere is upgraded where he is.
R2  Who waits for this very slot gets the token of his entry. All other entries of that day end.
R3  What the token leaves behind is filled like any other free seat, in the same decision.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.actors.hospital import Hospital, Id
from engine.actors.patient_day import Commit
from engine.actors.slot import slot_key
from engine.actors.slot.commands import Adopt, Book, EndHold, MoveOut, Promote, Recategorize
from engine.actors.slot.state import Slot, Token, place
from engine.actors.slot.tally import must_be_open
from engine.actors.slot.view import TokenView, token_view
from engine.decider import At, Deciding, Decision, Done, FreeText, Value
from engine.decisions import finding
from engine.decisions.promotion import DayPlan, Plan

SHOWN = 100
"""Affected tokens that the answer names; a slot may hold 10,000."""


class InsertEmergency(Value, frozen=True):
    """Insert an emergency into a slot."""

    slot_id: Id
    patient_id: Id


class Affected(msgspec.Struct, frozen=True):
    """A token that now stands behind the emergency, and its place."""

    id: str
    token_number: int


class EmergencyView(TokenView, frozen=True):
    """The emergency's token; ``affected`` names the first 100 behind it, ``affected_count`` counts all."""

    affected: list[Affected]
    affected_count: int


def insert_emergency(command: InsertEmergency, at: At) -> Deciding:
    """The same as ``BookToken`` with category EMERGENCY."""
    hospital = yield from finding.the_hospital()
    slot = yield from finding.the_slot(command.slot_id)
    yield from finding.the_patient(command.patient_id)
    return (yield from insert(hospital, slot, command.patient_id, at))


def insert(
    hospital: Hospital, slot: Slot, patient_id: str, at: At, hold_id: str = "", reason: FreeText | None = None
) -> Deciding:
    """Upgrade, move, promote or book: whatever gives this patient one emergency token in this slot."""
    must_be_open(slot, at.time)
    plan = Plan(hospital, at)
    here = plan.of(slot)
    if hold_id:
        here.ask(EndHold(hold_id, "confirmed"))
        plan.work.append(slot.id)
    day = yield from plan.day(patient_id, slot.day)
    held = [one for one in day.commitments if one.state == "active"]
    mine = next((one for one in held if one.slot_id == slot.id), held[0] if held else None)
    where = slot
    if mine is not None:
        token_id = mine.token_id
        where = yield from finding.the_slot(mine.slot_id)
        token = where.tokens[token_id]
        if where.id == slot.id or token.phase in ("CALLED", "IN_CONSULT"):
            plan.of(where).ask(Recategorize(token_id, "EMERGENCY", hospital.policy, reason))
        else:
            yield from _move(plan, day, where, slot, token, reason)
            where = slot
    else:
        entry = next((one for one in day.commitments if one.slot_id == slot.id and one.state != "over"), None)
        token_id = entry.token_id if entry else at.new_id(0)
        yield from plan.need_number(here)
        if entry:
            plan.work.append(slot.id)  # an offer's seat is free where the emergency takes one above the capacity
            here.ask(Promote(token_id, hospital.policy, emergency=True, reason=reason))
            here.done.add(token_id)
            day.set(token_id, "active")
        else:
            here.ask(Book(token_id, patient_id, "EMERGENCY", at.time, hospital.policy))
            day.commit(Commit(token_id, slot.id, slot.doctor_id, slot.start, slot.end, "active", None))
    yield from plan.withdraw(day, token_id)
    yield from plan.fill()
    yield from plan.propose()
    return _done(hospital, where.id, token_id, patient_id, at)


def _move(
    plan: Plan, day: DayPlan, old: Slot, new: Slot, token: Token, reason: FreeText | None
) -> finding.Deciding[None]:
    same_day = old.doctor_id == new.doctor_id
    if not same_day:
        yield from plan.need_number(plan.of(new))
    plan.of(old).ask(MoveOut(token.id, new.id, reason))
    plan.of(new).ask(Adopt(token, old.id, plan.policy, keeps_code=same_day, keeps_booking=True, emergency=True))
    day.commit(Commit(token.id, new.id, new.doctor_id, new.start, new.end, "active", None))
    plan.left(old, day)


def _done(hospital: Hospital, slot_id: str, token_id: str, patient_id: str, at: At) -> Done:
    key, link_key = slot_key(slot_id), hospital.link_key.text

    def answer(look: Any) -> EmergencyView:
        slot: Slot = look(key)
        token = slot.tokens[token_id]
        view = token_view(slot, token, at.time, link_key)
        called = len(slot.pinned)
        first = max(place(slot, token), called) + 1
        behind = slot.line[first - 1 - called : first - 1 - called + SHOWN]
        return EmergencyView(
            **msgspec.structs.asdict(view),
            affected=[Affected(one.id, first + index) for index, one in enumerate(behind)],
            affected_count=called + len(slot.line) + 1 - first,
        )

    return Done(answer, "created", patient_id)


INSERT_EMERGENCY = Decision(
    command=InsertEmergency, run=insert_emergency, home=lambda command, find: find("slots", command.slot_id)
)
