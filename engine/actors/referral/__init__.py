"""A referral: which tests somebody asks for a patient, where, and what becomes of each.

It knows people, branches and tests by their ids; who may ask for what, and what the catalog offers, it is told.

decide.py   R1   Created once, for one test at least, and for each once.
            R2   A change names the version that it changes, where it names one; what is over is not changed.
testing.py  R3   A test goes Pending → Received → Completed; Pending and Received → Rejected → Pending (the next
                 attempt); all three → Cancelled; what has a result is amended only. The same status is no change.
            R4   A rejection and an amendment have a reason.
decide.py   R5   The referral's status follows from its tests: see ``derived``.
            R6   Declined by the branch, with a reason, while it is pending; nothing becomes of its tests any more.
            R7   Redirected while it is open or declined, and while no branch has anything of it in hand; what has a
                 result keeps it.
            R8   Cancelled is all of it that is open: what has a result keeps it, and the referral is complete.
            R9   A result is acknowledged by the referrer; one that is amended, again. Not in time: somebody is told.
            R10  Expires by the clock while nothing has begun.
            R11  In line only for what is pending.
evolve.py   R12  Every change is kept with who, when and why, the last ``KEPT`` of them here.
tables.py   R13  It files itself in every list that it stands in; an event says so without the state.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.referral.decide import decide
from engine.actors.referral.events import ReferralEvent
from engine.actors.referral.evolve import evolve
from engine.actors.referral.keeping import check, closed, due
from engine.actors.referral.state import Referral, referral_key
from engine.actors.referral.tables import filed, files
from engine.decider import Decider

__all__ = ["REFERRAL", "referral_key"]

REFERRAL: Final[Decider[Any]] = Decider(
    kind="referral",
    events=get_args(ReferralEvent),
    initial=Referral,
    decide=decide,
    evolve=evolve,
    state=Referral,
    check=check,
    due=due,
    closed=closed,
    files=files,
    filed=filed,
)
