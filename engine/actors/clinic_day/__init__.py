"""One local day of a clinic: its appointments, held, booked, waiting for a room and over.

It knows when each is, for whom, in which room, and how that room was chosen. Whether room, doctor and patient have
time is their own word; the decision asks them, and the day writes down what came of it.

R1  An appointment belongs to the local day on which it starts, and lasts 24 hours at most.
R2  A hold is confirmed, released, or lapses; then nothing is left of it but how it ended.
R3  held → booked → checked_in → in_progress → completed; booked and checked_in → cancelled; booked → no_show. An
    illegal step names both states.
R4  Nobody is marked absent before the appointment begins, but by force.
R5  What is held, booked or current holds its room with setup and cleaning; a completed one until the room is clean;
    what is cancelled or missed holds nothing.
R6  An appointment without a room has an escalation that is open until it has a room, somebody declines one, or it
    is over; while it is open, and before the appointment begins, it is given a room as soon as one frees up.
R7  The cleaning after an appointment may be shortened while it is not over.
R8  An appointment that moves to another day keeps its id; the day it left says where it is.
R9  A hold lapses, and a patient who has not come counts as absent, by the clock.
R10 The appointments of a series stand each for itself; the day of the first keeps which they are.
R11 A step that is entered afterwards counts from when it was taken, not before the one before it. Who was here before
    being marked as absent is checked in after all, without the room, which was given up.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.clinic_day.decide import appointment_of, decide
from engine.actors.clinic_day.events import ClinicDayEvent
from engine.actors.clinic_day.evolve import evolve
from engine.actors.clinic_day.indexes import holds_room, use_of, waits
from engine.actors.clinic_day.keeping import (
    StoredClinicDay,
    check,
    closed,
    due,
    filed,
    files,
    freeze,
    groups,
    initial,
    thaw,
)
from engine.actors.clinic_day.state import Appointment, clinic_day_key
from engine.actors.clinic_day.steps import moved, placed, stepped
from engine.decider import Decider

__all__ = [
    "CLINIC_DAY",
    "Appointment",
    "appointment_of",
    "clinic_day_key",
    "holds_room",
    "moved",
    "placed",
    "stepped",
    "use_of",
    "waits",
]

CLINIC_DAY: Final[Decider[Any]] = Decider(
    kind="clinic_day",
    events=get_args(ClinicDayEvent),
    initial=initial,
    decide=decide,
    evolve=evolve,
    state=StoredClinicDay,
    check=check,
    due=due,
    closed=closed,
    freeze=freeze,
    thaw=thaw,
    files=files,
    filed=filed,
    groups=groups,
)
