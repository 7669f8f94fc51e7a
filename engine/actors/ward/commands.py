"""What decisions ask of a ward. None of these is stored. Times are µs.

unoccupied → reserved → occupied → housekeeping → unoccupied; housekeeping → contaminated → housekeeping; whatever is
not occupied → closed | isolated → unoccupied, or, when it was not clean, back to where it was. Any other step is
``InvalidTransition`` with both states.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.actors.ward.state import BedProfile, Occupant, WardProfile
from engine.decider import FreeText


class Create(msgspec.Struct, frozen=True):
    """A new ward."""

    profile: WardProfile


class Revise(msgspec.Struct, frozen=True):
    """Another profile."""

    profile: WardProfile
    if_version: int | None = None


class Retire(msgspec.Struct, frozen=True):
    """Refused while a bed is occupied or reserved."""

    if_version: int | None = None


class AddBed(msgspec.Struct, frozen=True):
    """A new bed, unoccupied."""

    bed_id: str
    profile: BedProfile


class ChangeBed(msgspec.Struct, frozen=True):
    """Another profile."""

    bed_id: str
    profile: BedProfile
    if_version: int | None = None


class RemoveBed(msgspec.Struct, frozen=True):
    """Refused while it is occupied or reserved."""

    bed_id: str
    if_version: int | None = None


class Reserve(msgspec.Struct, frozen=True):
    """Keep an unoccupied bed for somebody."""

    bed_id: str
    occupant: Occupant
    until: int


class EndReservation(msgspec.Struct, frozen=True):
    """The bed is kept no more."""

    bed_id: str
    how: Literal["expired", "released"]


class Occupy(msgspec.Struct, frozen=True):
    """Somebody is put into an unoccupied bed, or into one that is reserved for the same patient.

    ``occupant.since``: since when, not in the future; a time in which another lay there is ``BedOverlap``.
    """

    bed_id: str
    occupant: Occupant


class Vacate(msgspec.Struct, frozen=True):
    """The occupant leaves, at ``at`` (µs); the bed waits to be cleaned, or ``contaminated``."""

    bed_id: str
    admission_id: str
    at: int
    contaminated: bool = False


class Mark(msgspec.Struct, frozen=True):
    """A change of a bed in which nobody lies. ``ready``: cleaned."""

    bed_id: str
    to: Literal["ready", "contaminated", "decontaminated", "closed", "isolated", "reopened"]
    reason: FreeText | None = None


class Exchange(msgspec.Struct, frozen=True):
    """Two occupied beds of this ward swap their occupants; neither is cleaned in between."""

    bed_id: str
    other_bed_id: str


class Swap(msgspec.Struct, frozen=True):
    """A bed's occupant is replaced by one from a bed of another ward, which is asked for the reverse.

    ``admission_id``: who lies there now and leaves.
    """

    bed_id: str
    admission_id: str
    occupant: Occupant


class Restate(msgspec.Struct, frozen=True):
    """The same one lies there, or is expected: another record of the patient, or isolated now. ``since`` stays."""

    bed_id: str
    occupant: Occupant


class Together(msgspec.Struct, frozen=True):
    """Several of these in order, each seeing what the ones before it left; all or none."""

    do: tuple[WardStep, ...]


BedStep = Reserve | EndReservation | Occupy | Vacate | Mark | Exchange | Swap | Restate
WardStep = Create | Revise | Retire | AddBed | ChangeBed | RemoveBed | BedStep
WardCommand = WardStep | Together
