"""What a slot answers to a command: its events, or a refusal. Which rule stands where is in the package's docstring."""

from __future__ import annotations

from typing import assert_never

from engine.actors.slot import booking, changing, serving
from engine.actors.slot.commands import (
    AddNumbers,
    Adopt,
    Arrive,
    Book,
    Call,
    Cancel,
    Close,
    Complete,
    EmptySlot,
    EndEntry,
    EndHold,
    KeepSeat,
    Lift,
    MarkAbsent,
    MoveOut,
    Offer,
    Open,
    PassOver,
    Pause,
    Promote,
    Recategorize,
    Repoint,
    Resize,
    Return,
    SetDelay,
    SlotCommand,
    StandBack,
    Start,
    Together,
    Undo,
    Waitlist,
)
from engine.actors.slot.events import NumbersAdded, SlotEvent
from engine.actors.slot.refusals import SlotExists
from engine.actors.slot.state import Slot
from engine.actors.slot.tally import Tally
from engine.decider import At
from engine.errors import NotFound, Stale


def decide(state: Slot, command: SlotCommand, at: At) -> list[SlotEvent]:
    """The events of a command to a slot."""
    if isinstance(command, Open):
        if state.version:
            raise SlotExists("the slot has been opened", slot_id=state.id)
        return [changing.open_slot(state.id, command, at.time)]
    if not state.version:
        raise NotFound("there is no such slot", slot_id=state.id)
    tally = Tally(state, at.time)
    if isinstance(command, (Together, EmptySlot)) and command.if_version not in (None, state.version):
        raise Stale("the slot has changed", slot_id=state.id, version=state.version)
    if isinstance(command, Together):
        for one in command.do:
            step(tally, one)
    else:
        step(tally, command)
    return tally.events


def step(tally: Tally, command: SlotCommand) -> None:  # noqa: C901 - one match over a closed set
    """Decide one step; a joint decision asks its steps so while it looks for candidates, then proposes them all."""
    match command:
        case Book():
            booking.book(tally, command)
        case Waitlist():
            booking.waitlist(tally, command)
        case Cancel():
            serving.cancel(tally, command)
        case Promote():
            booking.promote(tally, command)
        case Arrive():
            serving.arrive(tally, command)
        case Call():
            serving.call(tally, command)
        case StandBack():
            serving.stand_back(tally, command)
        case Start():
            serving.start(tally, command)
        case Complete():
            serving.complete(tally, command)
        case MarkAbsent():
            serving.mark_absent(tally, command)
        case AddNumbers():
            tally.add_numbers(command.first, command.count)
            tally.events.append(NumbersAdded(first=command.first, count=command.count))
        case Offer():
            booking.offer(tally, command)
        case PassOver():
            booking.pass_over(tally, command)
        case EndEntry():
            booking.end_entry(tally, command)
        case Return():
            serving.late_arrival(tally, command)
        case Undo():
            serving.undo(tally, command)
        case Lift():
            serving.lift(tally, command)
        case KeepSeat():
            booking.keep_seat(tally, command)
        case EndHold():
            booking.end_hold(tally, command)
        case Recategorize():
            changing.recategorize(tally, command)
        case MoveOut():
            changing.move_out(tally, command)
        case Adopt():
            changing.adopt(tally, command)
        case Repoint():
            changing.repoint(tally, command)
        case Resize():
            changing.resize(tally, command)
        case Pause():
            changing.pause(tally, command.paused)
        case SetDelay():
            changing.set_delay(tally, command)
        case Close():
            changing.close(tally)
        case EmptySlot():
            changing.empty(tally, command)
        case Open() | Together():
            raise AssertionError("neither is a step of another command")
        case _:
            assert_never(command)
