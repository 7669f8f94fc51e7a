"""A ward: its beds, what state each is in, who lies there, and which is the next to be had.

It knows of a patient the id, the admission and what room mates must agree in; of staff and of needs beyond the bed
it knows nothing.

R1  Opened once. Closed for good only when nobody lies there and nobody is expected; then nothing of it changes.
R2  A label is on one bed of the ward. Who lies in a bed that is changed stays there.
R3  A bed in which somebody lies, or that is kept for somebody, is not removed.
R4  unoccupied → reserved → occupied → housekeeping → unoccupied; housekeeping → contaminated → housekeeping; whatever
    is not occupied → closed or isolated → unoccupied. An illegal step names both states. Who leaves a bed leaves it to
    be cleaned, and closing and reopening a bed does not clean it.
R5  A reserved bed is not occupied: it is kept for one patient until it lapses, is given back or is closed, and a
    patient has one bed kept at a time.
R6  A patient lies in one bed. A bed is left by who lies there; two who change beds leave none to be cleaned.
R7  Nobody is entered into a bed for a time when somebody else lay there, or for a time to come.
R8  The ward takes the patient, and the bed has all that he or she needs: type, each piece of equipment, isolation.
R9  Room mates, expected ones included, agree: those who are isolated are so for the same; women and men, and children
    and adults, share a room only where the ward says so, and who is neither known shares none.
R10 Who lies in a bed may turn out to be another record of the same patient, or to need isolation; the stay goes on.

decide.py, steps.py   R1 to R7, R10        choosing.py   R8, R9: which bed fits, which is the best
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.ward.decide import decide
from engine.actors.ward.events import WardEvent
from engine.actors.ward.evolve import evolve
from engine.actors.ward.keeping import RESERVATIONS, StoredWard, check, due, filed, files, freeze, thaw
from engine.actors.ward.state import Bed, Ward, ward_key
from engine.decider import Decider

__all__ = ["RESERVATIONS", "WARD", "Bed", "Ward", "ward_key"]

WARD: Final[Decider[Any]] = Decider(
    kind="ward",
    events=get_args(WardEvent),
    initial=Ward,
    groups=lambda _: ("wards",),
    decide=decide,
    evolve=evolve,
    state=StoredWard,
    check=check,
    due=due,
    freeze=freeze,
    thaw=thaw,
    files=files,
    filed=filed,
)
