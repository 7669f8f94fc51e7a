"""A slot runs late: one decision for it and for all later slots of its doctor's day that it pushes.

R1  The delay is absolute: the same request twice is the same delay, and 0 ends it.
R2  A slot that was cancelled or has ended cannot be late.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors import doctor_day
from engine.actors.doctor_day import DayDelayed, DoctorDay, doctor_day_key
from engine.actors.hospital import Id
from engine.actors.slot.commands import SetDelay
from engine.actors.slot.refusals import SlotNotOpen, SlotOver
from engine.actors.slot.state import Slot
from engine.actors.slot.view import SlotView, slot_view
from engine.decider import MINUTE, At, Deciding, Decision, Done, Look, Propose, Value
from engine.errors import NotFound, Stale


class DelaySlot(Value, frozen=True):
    """Set how many minutes a slot runs late by itself; 0 ends it."""

    slot_id: Id
    delay_minutes: Annotated[int, Meta(ge=0, le=480)]
    if_version: int | None = None


class AffectedSlot(msgspec.Struct, frozen=True):
    """A later slot that changed, or that is still pushed; ``capped``: midnight cuts off what reaches it."""

    slot_id: str
    delay_minutes: int
    own_delay_minutes: int
    expected_start: datetime
    capped: bool


class DelayedSlotView(SlotView, frozen=True):
    """The slot, and the later ones of its doctor's day that it affects, in order of start."""

    affected: list[AffectedSlot]


def delay_slot(command: DelaySlot, at: At) -> Deciding:
    """Ask the doctor's day what changes, then tell each slot that does."""
    key = f"slot:{command.slot_id}"
    slot: Slot | None = yield Look(key)
    if slot is None:
        raise NotFound("there is no such slot", slot_id=command.slot_id)
    if command.if_version is not None and command.if_version != slot.version:
        raise Stale("the slot has changed", version=slot.version)
    if slot.status == "CANCELLED":
        raise SlotNotOpen("the slot was cancelled", slot_id=slot.id)
    if slot.status == "CLOSED":
        raise SlotOver("the slot has ended", slot_id=slot.id)
    day_key = doctor_day_key(slot.doctor_id, slot.day)
    events: tuple[DayDelayed, ...] = yield Propose(day_key, doctor_day.SetDelay(slot.id, command.delay_minutes))
    changed = [late for event in events for late in event.delays]
    for late in changed:
        yield Propose(f"slot:{late.slot_id}", SetDelay(late.own_delay * MINUTE, late.delay * MINUTE))
    named = frozenset(late.slot_id for late in changed)

    def answer(look: Callable[[str], Any]) -> DelayedSlotView:
        shown = slot_view(look(key), at.time)
        fields = {name: getattr(shown, name) for name in SlotView.__struct_fields__}
        return DelayedSlotView(**fields, affected=_affected(look(day_key), command.slot_id, named))

    return Done(answer)


def _affected(day: DoctorDay, slot_id: str, changed: frozenset[str]) -> list[AffectedSlot]:
    # The same whether this request made the change or a former one did: a repeat gets the same answer.
    affected: list[AffectedSlot] = []
    behind = pushed = False
    for slot in day.slots:
        if slot.id == slot_id:
            behind = pushed = True
        elif behind and slot.status == "OPEN":
            pushed = pushed and (slot.capped or slot.delay > 0)
            if pushed or slot.id in changed:
                start = calendar.moment(slot.start + slot.delay * MINUTE)
                affected.append(AffectedSlot(slot.id, slot.delay, slot.own_delay, start, slot.capped))
    return affected


DELAY_SLOT = Decision(command=DelaySlot, run=delay_slot, home=lambda command, find: find("slots", command.slot_id))
