"""A slot: some hours of one doctor, with tokens, a waiting list, held seats, delays and ticket numbers.

It knows its patients by id only, and nothing of their other tokens: that is the patient's day. What the hospital's
policy says comes with each command. The rules, by the file that holds them:

tally.py     R2   Booked and promoted while ACTIVE or DELAYED, until the effective end (start of both: ``R1``).
             R3   Regular tokens, holds and offers never exceed the capacity and what ``overbook_pct`` adds.
             R4   A tier's quota and its last time of issue; the quota is released before the start, by itself too.
             R18  Ticket numbers come from the doctor's series of that day, once each.
booking.py   R5   A full slot has a waiting list; an entry keeps its id and time of booking when it is promoted.
             R6   A free seat goes to the first eligible entry, at once or as an offer that lapses.
             R7   An emergency takes a free seat or one above the capacity, first come first served among its own.
             R16  A hold counts against the capacity until it is confirmed, released or lapses.
serving.py   R8   CONFIRMED becomes CANCELLED, NO_SHOW or COMPLETED; an illegal step names both states.
             R9   No-show only after the time told to the patient, the grace and the delay, or by force.
             R10  A late arrival gets the old place, the end of the tier, or the waiting list.
             R11  Check-in, not before the hospital lets patients in.
             R12  Called, in consultation, completed: each by a person's act; nobody is called while on pause.
             R13  The last step can be taken back for a while, unless something rests on it.
             R22  Whoever waited longer than his tier's limit comes next after the emergencies.
             R23  A step that is entered afterwards counts from when it was taken, not before the one before it.
changing.py  R1   Opened once.
             R14  A token moves under its id; its code stays within a doctor's day, its time of booking within a day.
             R15  Another tier keeps seat, code and time of booking.
             R17  The capacity never goes below the seats taken.
             R19  A delay is absolute.
             R20  At its effective end the slot closes: the waiting list ends, tokens stay open.
             R21  A cancelled slot keeps only who is in consultation.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.slot.decide import decide
from engine.actors.slot.events import SlotEvent
from engine.actors.slot.evolve import evolve
from engine.actors.slot.keeping import StoredSlot, check, closed, due, filed, files, freeze, thaw
from engine.actors.slot.state import Slot
from engine.decider import Decider

__all__ = ["SLOT", "slot_key"]

SLOT: Final[Decider[Any]] = Decider(
    kind="slot",
    events=get_args(SlotEvent),
    initial=Slot,
    decide=decide,
    evolve=evolve,
    state=StoredSlot,
    check=check,
    due=due,
    closed=closed,
    freeze=freeze,
    thaw=thaw,
    files=files,
    filed=filed,
)


def slot_key(slot_id: str) -> str:
    """The actor of a slot."""
    return f"slot:{slot_id}"
