"""What can happen in a ward. Names and fields are for ever; new fields carry defaults. Times are µs.

A bed is replaced whole: what kind of change it was is the event's name.
"""

from __future__ import annotations

from engine.actors.ward.state import Bed, WardProfile
from engine.decider import Event


class WardOpened(Event, frozen=True):
    """A new ward, without beds."""

    id: str
    profile: WardProfile
    time: int


class WardChanged(Event, frozen=True):
    """The profile from now on."""

    profile: WardProfile


class WardRetired(Event, frozen=True):
    """Closed for good, empty."""

    time: int


class BedAdded(Event, frozen=True):
    """A new bed."""

    bed: Bed


class BedChanged(Event, frozen=True):
    """Another label, room, type or equipment."""

    bed: Bed


class BedRemoved(Event, frozen=True):
    """The bed is gone."""

    bed_id: str


class BedReserved(Event, frozen=True):
    """Kept for somebody, until when."""

    bed: Bed


class BedReservationEnded(Event, frozen=True):
    """Not kept any more: ``expired``, ``released``, ``closed``, ``isolated``. ``patient_id``: for whom it was."""

    bed: Bed
    how: str
    patient_id: str = ""


class BedOccupied(Event, frozen=True):
    """Somebody lies there now. ``kept``: the bed was reserved for him or her."""

    bed: Bed
    kept: bool = False


class BedPassedOn(Event, frozen=True):
    """Somebody else lies there now, and the bed was not cleaned in between.

    ``start`` and ``end`` of the stay before, ``admission_id`` whose."""

    bed: Bed
    admission_id: str
    start: int
    end: int


class BedOccupantRestated(Event, frozen=True):
    """Who lies there, or for whom it is kept, is another record of the same patient, or must be isolated now."""

    bed: Bed
    was: str = ""
    """The patient's id before, where it is another now."""


class BedVacated(Event, frozen=True):
    """Nobody lies there any more; it waits to be cleaned. ``start`` and ``end`` of the stay, ``admission_id`` whose."""

    bed: Bed
    admission_id: str
    start: int
    end: int


class BedContaminated(Event, frozen=True):
    """Ordinary cleaning is not enough."""

    bed: Bed


class BedDecontaminated(Event, frozen=True):
    """Back to ordinary cleaning."""

    bed: Bed


class BedReady(Event, frozen=True):
    """Cleaned and free. ``turnover``: µs since somebody last left it, 0 where nobody did."""

    bed: Bed
    turnover: int = 0


class BedClosed(Event, frozen=True):
    """Out of use."""

    bed: Bed


class BedIsolated(Event, frozen=True):
    """Kept empty, because of who lies or lay near."""

    bed: Bed


class BedReopened(Event, frozen=True):
    """In use again."""

    bed: Bed


WardEvent = (
    WardOpened
    | WardChanged
    | WardRetired
    | BedAdded
    | BedChanged
    | BedRemoved
    | BedReserved
    | BedReservationEnded
    | BedOccupied
    | BedPassedOn
    | BedOccupantRestated
    | BedVacated
    | BedContaminated
    | BedDecontaminated
    | BedReady
    | BedClosed
    | BedIsolated
    | BedReopened
)
