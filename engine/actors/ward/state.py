"""One ward: its beds, what state each is in and since when, and who lies there.

A bed knows an admission, a patient's id and the classes by which room mates must agree; no name, no staff.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine.decider import FreeText
from engine.needs import AgeGroup, GenderClass

BedState = Literal["unoccupied", "reserved", "occupied", "housekeeping", "contaminated", "closed", "isolated"]

STAYS: Final = 20
"""Past stays that a bed remembers: nobody may be entered into a bed for a time when somebody else lay there."""


class BedProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is entered of a bed."""

    label: str
    """As it stands on the bed; once in a ward."""
    room: str = ""
    """Beds with the same are in one room. ``""``: alone."""
    type: str = "general"
    equipment: tuple[str, ...] = ()
    isolation: bool = False
    """Fit for patients who must be isolated."""


class Occupant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who lies in a bed, or for whom it is kept."""

    patient_id: str
    admission_id: str = ""
    """``""`` where a bed is kept for somebody who is not admitted yet."""
    gender: GenderClass = ""
    age_group: AgeGroup = ""
    isolation: str = ""
    since: int = 0


class Bed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One bed, replaced whole at each change."""

    id: str
    profile: BedProfile
    state: BedState = "unoccupied"
    since: int = 0
    occupant: Occupant | None = None
    """Of an occupied or reserved bed, and of nobody else's."""
    reserved_until: int = 0
    reason: FreeText | None = None
    """Why it is closed, isolated or contaminated."""
    version: int = 1


class Stay(msgspec.Struct, frozen=True, gc=False):
    """``[start, end)`` in which an admission lay in a bed, µs."""

    start: int
    end: int
    admission_id: str


class WardProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is entered of a ward."""

    name: str
    specialty: str = ""
    gender: Literal["", "female", "male"] = ""
    """Takes only these; ``""``: everybody."""
    mixed_rooms: bool = False
    """Whether women and men may share a room; off unless said."""
    min_age: int | None = None
    max_age: int | None = None
    """Whole years, both included."""
    mixed_ages: bool = False
    """Whether children and adults may share a room; off unless said."""
    cleaning_minutes: int = 0
    """How long housekeeping usually takes; after it the ward is told that a bed should be ready. 0: not told."""


class Ward(msgspec.Struct):
    """State. ``free`` and ``rooms`` are indexes over ``beds`` and are not stored."""

    id: str
    profile: WardProfile = WardProfile(name="")
    beds: dict[str, Bed] = {}
    """By id, in the order in which they came."""
    stays: dict[str, tuple[Stay, ...]] = {}
    """By bed: the last of those that are over, oldest first."""
    created_at: int = 0
    retired_at: int = 0
    turnovers: int = 0
    turnover_total: int = 0
    """How often a bed was made ready again, and the sum of the times from leaving to ready (µs)."""
    version: int = 0

    free: dict[str, dict[str, None]] = {}
    """By type of bed: ids of unoccupied ones, in the order in which they came."""
    rooms: dict[str, set[str]] = {}
    """By room: ids of its beds that are occupied or reserved."""


def ward_key(ward_id: str) -> str:
    """The actor of a ward."""
    return f"ward:{ward_id}"
