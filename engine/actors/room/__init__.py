"""A room: what it is, how it is shown, when it is closed, and a calendar in which no two stretches overlap.

It knows of an appointment when it is and with how much setup and cleaning; of people and of rules it knows nothing.

calendar.py  R1  Stretches are half-open and never overlap; setup and cleaning count as held.
             R3  Nobody gets a room that is retired, or that its profile says cannot be had; who has it keeps it.
closing.py   R2  Nobody gets a room whose closed times meet the appointment itself; the cleaning may lie in one.
decide.py    R4  Opened once.
             R5  A retired room changes no more; a change of what it is names the version that it changes.
             R6  Retired only when nothing is booked that is not over.
             R7  A closure ends for what is to come: taken back where it has not begun, cut off now where it has.
             R8  A closure has a length and, if it comes again, a rule that its first time obeys; it is not over, and
                 they are not too many.
             R9  What is long over is forgotten, many at a time.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.room.calendar import conflicts, free_gaps, neighbours, objection
from engine.actors.room.decide import decide
from engine.actors.room.events import RoomEvent
from engine.actors.room.evolve import evolve
from engine.actors.room.keeping import check, filed, files, freeze, thaw
from engine.actors.room.state import Room, Taken, room_key
from engine.decider import Decider

__all__ = ["ROOM", "Taken", "conflicts", "free_gaps", "neighbours", "objection", "room_key"]

ROOM: Final[Decider[Any]] = Decider(
    kind="room",
    events=get_args(RoomEvent),
    initial=Room,
    decide=decide,
    evolve=evolve,
    state=Room,
    check=check,
    freeze=freeze,
    thaw=thaw,
    files=files,
    filed=filed,
)
