"""The intake of a hospital: who is admitted, and who waits for what, in the order in which they are served.

R1  A patient has one open admission at a time.
R2  Only an open admission waits, and once: for the roles, and the bed, that are missing.
R3  Served first: the most urgent, then who has waited longest, then the older admission.
R4  Where more can be served than one decision serves, the intake wakes itself at once and goes on; nobody is forgotten.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.intake.decide import decide
from engine.actors.intake.events import IntakeEvent
from engine.actors.intake.evolve import evolve
from engine.actors.intake.keeping import check, due, freeze, thaw
from engine.actors.intake.state import INTAKE, Intake
from engine.decider import Decider

__all__ = ["INTAKE", "INTAKE_DECIDER"]

INTAKE_DECIDER: Final[Decider[Any]] = Decider(
    kind="intake",
    events=get_args(IntakeEvent),
    initial=lambda _: Intake(),
    decide=decide,
    evolve=evolve,
    check=check,
    due=due,
    state=Intake,
    freeze=freeze,
    thaw=thaw,
)
