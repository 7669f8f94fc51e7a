"""One admission of a patient: what is needed, who and what the patient has, and how it came to that.

R1  Doctor, nurse and (where one is needed) bed come together or not at all. Who has lost a carer keeps the bed and the
    other carer, and waits for that role alone. Who waits is told why and keeps the instant since when.
R2  waiting → assigned → handed_over → assigned → discharged; what is open may be cancelled; then
    nothing follows.
R3  An attempt in vain is written down only where something is otherwise after it.
R4  After an attempt that was not decided in time, it is tried again by a timer, later each time; tried often enough in
    vain, it is not tried again before something frees up, and somebody is told.
R5  Nobody is discharged before having been admitted; who has left has nothing any more.
R6  The last assignments are remembered, the present one the last of them; nothing in them is ever rewritten.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.admission.decide import decide
from engine.actors.admission.events import AdmissionEvent
from engine.actors.admission.evolve import evolve
from engine.actors.admission.keeping import check, closed, due, filed, files
from engine.actors.admission.state import Admission, admission_key
from engine.decider import Decider

__all__ = ["ADMISSION", "admission_key"]

ADMISSION: Final[Decider[Any]] = Decider(
    kind="admission",
    events=get_args(AdmissionEvent),
    initial=Admission,
    decide=decide,
    evolve=evolve,
    check=check,
    due=due,
    closed=closed,
    state=Admission,
    files=files,
    filed=filed,
)
