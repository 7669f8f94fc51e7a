"""What happens in a slot by itself: at some instant somebody is absent, has waited too long, or may have a seat.

Absent patients are marked, offers and holds lapse, long waits lift, a quota's release gives a free seat to who was
passed over, and the slot ends.

R1  All that is due at this instant is one decision, and so are the promotions that follow from it.
R2  Overtaken (nothing is due any more), it does nothing.
R3  At its effective end the slot closes first: its waiting list ends, nobody is promoted into it.
"""

from __future__ import annotations

from engine.actors.doctor_day import SlotsEnded, doctor_day_key
from engine.actors.hospital import Id
from engine.actors.slot import slot_key
from engine.actors.slot.commands import Close, EndEntry, EndHold, Lift, MarkAbsent
from engine.actors.slot.state import Slot, effective_end
from engine.decider import At, Deciding, Decision, Done, Look, Propose, Value
from engine.decisions import finding
from engine.decisions.promotion import Plan


class WakeSlot(Value, frozen=True):
    """The timer of a slot; ``due`` is the instant (µs) for which it was set."""

    slot_id: Id
    due: int


def wake_slot(command: WakeSlot, at: At) -> Deciding:
    """R1, R2, R3."""
    hospital = yield from finding.the_hospital()
    slot: Slot | None = yield Look(slot_key(command.slot_id))
    if slot is None:
        return Done()
    plan = Plan(hospital, at)
    here = plan.of(slot)
    for mark in slot.marks:
        if mark.mark_at + slot.delay > at.time:
            break
        here.ask(MarkAbsent(mark.id, hospital.policy, by_clock=True))
        yield from plan.settle(slot, mark)
    for waiting in slot.lifts:
        if waiting.lift_at > at.time:
            break
        here.ask(Lift(waiting.id))
    if slot.status in ("ACTIVE", "DELAYED") and at.time >= effective_end(slot):
        yield from _close(plan, slot)
    else:
        yield from _lapse(plan, slot)
    yield from plan.fill()
    yield from plan.propose()
    return Done()


def _close(plan: Plan, slot: Slot) -> finding.Deciding[None]:
    plan.of(slot).ask(Close())
    for entry in [*slot.offers, *slot.waiting]:
        (yield from plan.day(entry.patient_id, slot.day)).set(entry.id, "over")
    key = doctor_day_key(slot.doctor_id, slot.day)
    plan.numbers[key] = None
    yield Propose(key, SlotsEnded((slot.id,), "CLOSED"))


def _lapse(plan: Plan, slot: Slot) -> finding.Deciding[None]:
    here = plan.of(slot)
    for hold in slot.expiring:
        if hold.expires_at > plan.time:
            break
        here.ask(EndHold(hold.id, "expired"))
        plan.work.append(slot.id)
    for offer in slot.offers:
        if offer.mark_at > plan.time:
            break
        here.ask(EndEntry(offer.id, "EXPIRED", "expired"))
        here.done.add(offer.id)
        yield from plan.settle(slot, offer)
    if 0 < slot.release_at <= plan.time:
        plan.work.append(slot.id)


WAKE_SLOT = Decision(command=WakeSlot, run=wake_slot, home=lambda command, find: slot_key(command.slot_id))
