"""What decisions ask of the alerts. None of these is stored."""

from __future__ import annotations

import msgspec

from engine.actors.alerts.state import Severity, Slice
from engine.decider import FreeText


class Raise(msgspec.Struct, frozen=True, kw_only=True):
    """Open an alert of this kind and subject, or count it again where it is open.

    ``reason``: why somebody did what it tells of. ``lasting``: µs after which it is over by itself; 0: it is not.
    """

    kind: str
    severity: Severity
    subject: str = ""
    patient_id: str = ""
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    reason: FreeText | None = None
    lasting: int = 0


class Clear(msgspec.Struct, frozen=True, kw_only=True):
    """Close the alert of this kind and subject; nothing happens where none is open."""

    kind: str
    subject: str = ""


class Acknowledge(msgspec.Struct, frozen=True):
    """Somebody has seen it."""

    alert_id: str
    note: FreeText | None = None


class Close(msgspec.Struct, frozen=True):
    """Somebody says that it is over."""

    alert_id: str
    note: FreeText | None = None


class Observe(msgspec.Struct, frozen=True):
    """Weigh what was measured; opens and closes what follows from it. Empty: time has passed, nothing more."""

    slices: tuple[Slice, ...] = ()


class Together(msgspec.Struct, frozen=True):
    """Several of these in order, each seeing what the ones before it left."""

    do: tuple[AlertsStep, ...]


AlertsStep = Raise | Clear | Acknowledge | Close | Observe
AlertsCommand = AlertsStep | Together
