"""What can happen to alerts. Names and fields are for ever; new fields carry defaults."""

from __future__ import annotations

from engine.actors.alerts.state import Alert, Slice
from engine.decider import Event


class AlertOpened(Event, frozen=True):
    """Somebody should look at this."""

    alert: Alert


class AlertRepeated(Event, frozen=True):
    """It would have opened again, or is worse than it was; ``times`` counts."""

    alert: Alert


class AlertAcknowledged(Event, frozen=True):
    """Somebody has seen it."""

    alert: Alert


class AlertClosed(Event, frozen=True):
    """It is over. ``by``: the principal who said so, ``""``: by itself. ``forgotten``: the id of one that closed long
    ago and is not listed any more."""

    alert: Alert
    by: str = ""
    forgotten: str = ""


class FiguresObserved(Event, frozen=True):
    """What the engine measured since the last time."""

    slice: Slice


AlertsEvent = AlertOpened | AlertRepeated | AlertAcknowledged | AlertClosed | FiguresObserved
