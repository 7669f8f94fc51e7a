"""What can happen at the intake. Names and fields are for ever; new fields carry defaults."""

from __future__ import annotations

from engine.actors.intake.state import Waiter
from engine.decider import Event


class IntakeOpened(Event, frozen=True):
    """A patient is admitted. ``assigned``: with all that is needed; else it waits, in the same entry."""

    admission_id: str
    patient_id: str
    assigned: bool = False


class IntakeWaits(Event, frozen=True):
    """An admission waits, or waits for something else now."""

    waiter: Waiter


class IntakeServed(Event, frozen=True):
    """An admission does not wait any more. ``assigned``: it has all for the first time."""

    admission_id: str
    assigned: bool = False


class IntakeEnded(Event, frozen=True):
    """An admission is over."""

    admission_id: str
    patient_id: str


class IntakeRepointed(Event, frozen=True):
    """An admission is another record's of the same patient now."""

    admission_id: str
    from_patient_id: str
    to_patient_id: str


class IntakeContinues(Event, frozen=True):
    """More can be served than one decision serves: the next goes on at ``due`` (µs). 0: nobody can be served now."""

    due: int


IntakeEvent = IntakeOpened | IntakeWaits | IntakeServed | IntakeEnded | IntakeRepointed | IntakeContinues
