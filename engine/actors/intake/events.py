"""What can happen at the intake. Names and fields are for ever; new fields carry defaults."""

from __future__ import annotations

from engine.actors.intake.state import Waiter
from engine.decider import Event


class IntakeOpened(Event, frozen=True):
    """A patient is admitted."""

    admission_id: str
    patient_id: str


class IntakeWaits(Event, frozen=True):
    """An admission waits, or waits for something else now."""

    waiter: Waiter


class IntakeServed(Event, frozen=True):
    """An admission does not wait any more."""

    admission_id: str


class IntakeEnded(Event, frozen=True):
    """An admission is over."""

    admission_id: str
    patient_id: str


class IntakeRepointed(Event, frozen=True):
    """An admission is another record's of the same patient now."""

    admission_id: str
    from_patient_id: str
    to_patient_id: str


IntakeEvent = IntakeOpened | IntakeWaits | IntakeServed | IntakeEnded | IntakeRepointed
