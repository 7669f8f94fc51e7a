"""Hold a seat while a form is filled in, then confirm it or give it back.

R1  A hold is idempotent by the client's own id while it lives; it counts against the capacity.
R2  A confirmation is a booking whose seat is sure, nothing else: the patient's day and quotas are asked like always.
R3  After the hold has lapsed its seat may be somebody else's: gone.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from engine.actors.hospital import Category, Id
from engine.actors.patient_day import Commit, patient_day_key
from engine.actors.slot import slot_key
from engine.actors.slot.booking import same_hold
from engine.actors.slot.commands import AddNumbers, Book, EndHold, KeepSeat, Together
from engine.actors.slot.refusals import HoldExpired
from engine.actors.slot.state import Slot, numbers_left
from engine.actors.slot.view import HoldView, hold_view
from engine.decider import At, Deciding, Decision, Done, Find, Propose, Value
from engine.decisions import finding
from engine.decisions.book_token import booked, more_numbers, within_window
from engine.decisions.insert_emergency import insert
from engine.decisions.promotion import Plan
from engine.errors import Invalid, NotFound


class HoldSeat(Value, frozen=True):
    """Hold a seat."""

    slot_id: Id
    patient_id: Id | None = None
    client_hold_id: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class ConfirmHold(Value, frozen=True):
    """Make a token of a held seat."""

    hold_id: Id
    patient_id: Id
    category: Category


class ReleaseHold(Value, frozen=True):
    """Give the seat back."""

    hold_id: Id


def hold_seat(command: HoldSeat, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    slot = yield from finding.the_slot(command.slot_id)
    if command.patient_id is not None:
        yield from finding.the_patient(command.patient_id)
    within_window(hospital, slot, at.time)
    client_id = command.client_hold_id or ""
    before = same_hold(slot, client_id, at.time) if client_id else None
    hold_id = before.id if before else at.new_id(0)
    yield Propose(slot_key(slot.id), KeepSeat(hold_id, hospital.policy, client_id, command.patient_id or ""))
    key = slot_key(slot.id)

    def answer(look: Any) -> HoldView:
        after: Slot = look(key)
        return hold_view(after, after.holds[hold_id])

    return Done(answer, "created", command.patient_id or "")


def confirm_hold(command: ConfirmHold, at: At) -> Deciding:
    """R2, R3."""
    hospital = yield from finding.the_hospital()
    slot = yield from _slot_of(command.hold_id)
    hold = slot.holds.get(command.hold_id)
    if hold is None or at.time >= hold.expires_at:
        raise HoldExpired("the seat is no longer held", hold_id=command.hold_id)
    if hold.patient_id and hold.patient_id != command.patient_id:
        raise Invalid("the seat is held for another patient", field="patient_id")
    yield from finding.the_patient(command.patient_id)
    if command.category == "EMERGENCY":
        return (yield from insert(hospital, slot, command.patient_id, at, hold.id))
    token_id = at.new_id(0)
    commit = Commit(token_id, slot.id, slot.doctor_id, slot.start, slot.end, "active", hospital.policy)
    day = yield from finding.the_day(command.patient_id, slot.day)
    reason = yield from finding.objection(
        command.patient_id, slot.day, day.commitments if day else (), commit, hospital.policy
    )
    if reason is not None:
        raise reason
    yield Propose(patient_day_key(command.patient_id, slot.day), commit)
    more: tuple[AddNumbers, ...] = () if numbers_left(slot) else (yield from more_numbers(slot))
    book = Book(token_id, command.patient_id, command.category, at.time, hospital.policy, hold.id)
    yield Propose(slot_key(slot.id), Together((*more, book)))
    return booked(hospital, slot.id, token_id, command.patient_id, at)


def release_hold(command: ReleaseHold, at: At) -> Deciding:
    """The seat goes to who waits."""
    hospital = yield from finding.the_hospital()
    slot = yield from _slot_of(command.hold_id)
    plan = Plan(hospital, at)
    plan.of(slot).ask(EndHold(command.hold_id, "released"))
    plan.work.append(slot.id)
    yield from plan.fill()
    yield from plan.propose()
    return Done(outcome="removed")


def _slot_of(hold_id: str) -> finding.Deciding[Slot]:
    key: str | None = yield Find("holds", hold_id)
    if key is None:
        raise NotFound("there is no such hold", id=hold_id)
    return (yield from finding.the_slot(key.partition(":")[2]))


HOLD_SEAT = Decision(command=HoldSeat, run=hold_seat, home=lambda command, find: find("slots", command.slot_id))
CONFIRM_HOLD = Decision(
    command=ConfirmHold, run=confirm_hold, home=lambda command, find: find("holds", command.hold_id)
)
RELEASE_HOLD = Decision(
    command=ReleaseHold, run=release_hold, home=lambda command, find: find("holds", command.hold_id)
)
