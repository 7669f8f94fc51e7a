"""A clinic: its settings, its rooms as rules see them, and its rules in all their versions.

It knows no time of any room; what is booked stands in the clinic's days.

R1  Opened once. A retired clinic stays readable and can no longer be changed; only failures are still noted.
R2  A change of another version than the present one is stale.
R3  A clinic that lists a room is not retired.
R4  A clinic lists ``MAX_ROOMS`` at most, each as it is now.
R5  A rule means something: it is checked when it is drafted. There are ``MAX_RULES`` at most, which together name
    ``MAX_NAMED`` ids and words at most.
R6  Rules are changed in a draft, which the first change begins from the version in force. An id is a rule's for ever.
R7  A draft that is activated is in force at once, whole, under the next number; the version before it is archived.
R8  An earlier version, of the last ``KEPT_VERSIONS``, comes in force again under a new number; the draft stays.
R9  A rule that failed is noted, once for a decision.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.clinic.decide import decide
from engine.actors.clinic.events import ClinicEvent
from engine.actors.clinic.evolve import evolve
from engine.actors.clinic.keeping import check, filed, files, freeze, thaw
from engine.actors.clinic.state import Clinic, ClinicRecord, clinic_key
from engine.decider import Decider

__all__ = ["CLINIC", "clinic_key"]

CLINIC: Final[Decider[Any]] = Decider(
    kind="clinic",
    events=get_args(ClinicEvent),
    initial=Clinic,
    decide=decide,
    evolve=evolve,
    state=ClinicRecord,
    check=check,
    freeze=freeze,
    thaw=thaw,
    files=files,
    filed=filed,
)
