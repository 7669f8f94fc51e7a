"""A member of the staff: who it is, whether he or she works here, and when.

decide.py    R1  Added once; who has left changes no more; a change of who it is names the version that it changes.
             R8  What is long over is forgotten, many at a time.
planning.py  R2  No two shifts of a member overlap; they are half-open.
             R3  Between two shifts there is the rest that the hospital asks for.
             R4  A shift has a length, a day at most, and is not over; its breaks lie in it one after another; shifts to
                 come are not too many.
             R5  What was is not rewritten: a shift that has begun keeps its beginning, and ends now when it is taken
                 out of the plan; one that is over stays, and so does a leave.
             R6  A leave has a length and is not over; leaves to come are not too many. They may overlap.
duty.py      R7  Off duty who is not approved, not active or gone, and then nothing wakes the member; on leave; in a
                 break; outside shifts. Who never had a shift is on duty otherwise.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.staff.decide import decide
from engine.actors.staff.duty import duty_at
from engine.actors.staff.events import StaffEvent
from engine.actors.staff.evolve import evolve
from engine.actors.staff.keeping import check, due, filed, files
from engine.actors.staff.state import Duty, Role, Staff, staff_key
from engine.decider import Decider

__all__ = ["STAFF", "Duty", "Role", "duty_at", "staff_key"]

STAFF: Final[Decider[Any]] = Decider(
    kind="staff",
    events=get_args(StaffEvent),
    initial=Staff,
    decide=decide,
    evolve=evolve,
    state=Staff,
    check=check,
    due=due,
    files=files,
    filed=filed,
)
