"""A waiting list from the patient's side: leave it, accept the seat on offer, or decline it.

R1  An offer is accepted before it lapses, and only if the patient's day has room for the token.
R2  Who gets a token leaves all other lists of that day; what leaves an offer behind goes to the next.
"""

from __future__ import annotations

from typing import Any

from engine.actors.hospital import Id
from engine.actors.patient_day import Commitment
from engine.actors.slot import slot_key
from engine.actors.slot.commands import EndEntry, Promote
from engine.actors.slot.events import EndOfEntry
from engine.actors.slot.refusals import OfferExpired
from engine.actors.slot.state import Slot
from engine.actors.slot.tally import illegal
from engine.actors.slot.view import WaitingView, waiting_view
from engine.decider import At, Deciding, Decision, Done, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_token import booked
from engine.decisions.promotion import Plan


class LeaveWaitingList(Value, frozen=True):
    """Leave the list."""

    entry_id: Id
    reason: FreeText | None = None
    if_version: int | None = None


class AcceptOffer(Value, frozen=True):
    """Take the seat on offer."""

    entry_id: Id
    if_version: int | None = None


class DeclineOffer(Value, frozen=True):
    """Let the seat on offer go to the next; the entry ends."""

    entry_id: Id
    reason: FreeText | None = None
    if_version: int | None = None


def leave(command: LeaveWaitingList, at: At) -> Deciding:
    """From WAITING, or from OFFERED without an answer to it."""
    return (yield from _end(command, "CANCELLED", "left", at))


def decline(command: DeclineOffer, at: At) -> Deciding:
    """From OFFERED only."""
    return (yield from _end(command, "DECLINED", "declined", at))


def accept(command: AcceptOffer, at: At) -> Deciding:
    """R1, R2."""
    hospital = yield from finding.the_hospital()
    slot, entry = yield from finding.the_entry(command.entry_id, command.if_version)
    if entry.status == "EXPIRED":
        raise OfferExpired("the offer has lapsed", entry_id=entry.id, expires_at=entry.ended_at)
    if entry.status != "OFFERED":
        raise illegal(entry, "CONFIRMED")
    plan = Plan(hospital, at)
    here = plan.of(slot)
    day = yield from plan.day(entry.patient_id, slot.day)
    wanted = Commitment(entry.id, slot.id, slot.doctor_id, slot.start, slot.end, "active")
    reason = yield from finding.objection(entry.patient_id, slot.day, day.commitments, wanted, hospital.policy)
    if reason is not None:
        raise reason
    yield from plan.need_number(here)
    here.ask(Promote(entry.id, hospital.policy))
    here.done.add(entry.id)
    day.set(entry.id, "active")
    yield from plan.withdraw(day, entry.id)
    yield from plan.fill()
    yield from plan.propose()
    return booked(hospital, slot.id, entry.id, entry.patient_id, at, "ok")


def _end(command: LeaveWaitingList | DeclineOffer, status: EndOfEntry, cause: str, at: At) -> Deciding:
    hospital = yield from finding.the_hospital()
    slot, entry = yield from finding.the_entry(command.entry_id, command.if_version)
    plan = Plan(hospital, at)
    plan.of(slot).ask(EndEntry(entry.id, status, cause, command.reason))
    plan.of(slot).done.add(entry.id)
    yield from plan.settle(slot, entry)
    yield from plan.fill()
    yield from plan.propose()
    key, entry_id = slot_key(slot.id), entry.id

    def answer(look: Any) -> WaitingView:
        after: Slot = look(key)
        return waiting_view(after, after.tokens[entry_id], at.time)

    return Done(answer, subject=entry.patient_id)


LEAVE_WAITING_LIST = Decision(
    command=LeaveWaitingList, run=leave, home=lambda command, find: find("waiting", command.entry_id)
)
ACCEPT_OFFER = Decision(command=AcceptOffer, run=accept, home=lambda command, find: find("waiting", command.entry_id))
DECLINE_OFFER = Decision(
    command=DeclineOffer, run=decline, home=lambda command, find: find("waiting", command.entry_id)
)
