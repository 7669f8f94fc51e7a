"""The roster: who of a hospital's staff could take a patient now, and who has how many.

refusals.py  R1  Nobody who is not approved, not active or gone takes a patient, whatever anybody says.
             R2  Patients are given to who is on duty or on call; a duty counts to its end, told of or not.
             R3  Nobody has more patients than his or her maximum,
             R4  or lacks a skill that is needed,
             R5  or works in other wards than the patient's: unless somebody says so, and that is written down.
             R6  A member has an admission once, and gives back what he or she has.
             R7  Who has patients does not leave, and keeps the role.
choosing.py  R8  The least loaded first: by load in proportion to the maximum, load, who was given one least lately, id.
             R9  Who is on call is chosen only where nobody of the role, for that ward, is on duty at all.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.roster.decide import decide
from engine.actors.roster.events import RosterEvent
from engine.actors.roster.evolve import evolve
from engine.actors.roster.keeping import check, freeze, thaw
from engine.actors.roster.state import Roster
from engine.decider import Decider

__all__ = ["ROSTER_DECIDER"]

ROSTER_DECIDER: Final[Decider[Any]] = Decider(
    kind="roster",
    events=get_args(RosterEvent),
    initial=lambda id: Roster(),
    decide=decide,
    evolve=evolve,
    state=Roster,
    check=check,
    freeze=freeze,
    thaw=thaw,
)
