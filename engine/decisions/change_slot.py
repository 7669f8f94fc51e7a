"""Change a slot's capacity, or pause it while the doctor steps out. More seats go to who waits, at once."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from engine.actors.hospital import Id
from engine.actors.slot import slot_key
from engine.actors.slot.commands import Pause, Resize
from engine.actors.slot.view import slot_view
from engine.decider import At, Deciding, Decision, Done, Value
from engine.decisions import finding
from engine.decisions.promotion import Plan
from engine.errors import Stale


class ChangeSlot(Value, frozen=True):
    """What is left out stays as it is."""

    slot_id: Id
    max_capacity: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    paused: bool | None = None
    if_version: int | None = None


def change_slot(command: ChangeSlot, at: At) -> Deciding:
    """Both changes are one."""
    hospital = yield from finding.the_hospital()
    slot = yield from finding.the_slot(command.slot_id)
    if command.if_version is not None and command.if_version != slot.version:
        raise Stale("the slot has changed", slot_id=slot.id, version=slot.version)
    plan = Plan(hospital, at)
    here = plan.of(slot)
    if command.max_capacity is not None:
        here.ask(Resize(command.max_capacity))
        plan.work.append(slot.id)
    if command.paused is not None:
        here.ask(Pause(command.paused))
    yield from plan.fill()
    yield from plan.propose()
    return Done(lambda look: slot_view(look(slot_key(slot.id)), at.time))


CHANGE_SLOT = Decision(command=ChangeSlot, run=change_slot, home=lambda command, find: find("slots", command.slot_id))
