"""Alerts: what somebody should look at, opened once and closed once, and the figures by which some of them open.

decide.py   R1  One alert of a kind and subject is open at a time. What would open it again is counted; it becomes
                more severe, never less, and must then be seen anew.
            R2  An alert is closed by what opened it, or by a person; then it is over for ever, and the next is another.
            R3  Who acknowledges first has seen it; a note may be added later.
            R4  Closed alerts stay listed while they are among the last ``KEPT``.
            R7  Who broke the glass is told of with the reason he gave: others see to it, not he himself. Done again, it
                must be seen anew; a day after the last time it is over by itself.
figures.py  R5  Figures are weighed over the last ``WINDOW`` seconds: an alert opens when something measured makes them
                too high, and closes when they are not any more, also because what was high is too long ago.
            R6  An alert by figures that a person closed opens again by what is measured from then on alone.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.alerts.decide import decide
from engine.actors.alerts.events import AlertsEvent
from engine.actors.alerts.evolve import evolve
from engine.actors.alerts.keeping import check, due, filed, files, freeze, thaw
from engine.actors.alerts.state import ALERTS, Alerts
from engine.decider import Decider

__all__ = ["ALERTS", "ALERTS_DECIDER"]

ALERTS_DECIDER: Final[Decider[Any]] = Decider(
    kind="alerts",
    events=get_args(AlertsEvent),
    initial=lambda _: Alerts(),
    decide=decide,
    evolve=evolve,
    state=Alerts,
    check=check,
    due=due,
    freeze=freeze,
    thaw=thaw,
    files=files,
    filed=filed,
)
