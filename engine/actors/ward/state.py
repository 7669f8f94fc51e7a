"""One ward: its beds, what state each is in and since when, and who lies there.

A bed knows an admission, a patient's id and the classes by which room mates must agree; no name, no staff.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine.decider import FreeText
from engine.needs import AgeGroup, GenderClass

BedState = Literal["unoccupied", "reserved", "occupied", "housekeeping", "contaminated", "closed", "isolated"]

MAX_BEDS: Final = 2_000
"""In one ward."""

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
    """In order, each once."""
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
    unclean: Literal["", "housekeeping", "contaminated"] = ""
    """What a closed or isolated bed goes back to: closing a bed does not clean it. ``""``: to unoccupied."""
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
    """How long housekeeping usually takes: staff see when a bed should be ready. 0: nobody says."""


Place = tuple[str, str]
"""A room: ``(its name, "")``; of a bed that stands alone ``("", its id)``."""

Mate = tuple[GenderClass, AgeGroup, str]
"""What room mates must agree in: gender, age group, and what they are isolated for (``""``: nothing)."""

Mates = frozenset[Mate]
"""What those in a room are; empty where nobody lies or is expected."""

Like = tuple[str, bool, tuple[str, ...]]
"""Beds with the same type, fitness for isolation and equipment (in order) serve the same patients."""


class Room(msgspec.Struct):
    """A room of a ward: its beds in whatever state, and what those are who lie in them or for whom they are kept."""

    beds: set[str]
    people: dict[Mate, int]
    mates: Mates = frozenset()
    """The keys of ``people``."""


class Ward(msgspec.Struct):
    """State. What stands below ``version`` are indexes over ``beds`` and is not stored."""

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

    free: dict[Like, dict[Mates, list[str]]] = {}
    """Ids of unoccupied beds in order, by what they are and by who is in their room."""
    rooms: dict[Place, Room] = {}
    counts: dict[BedState, int] = {}
    """Beds in each state; 0 is not kept."""
    theirs: dict[str, set[str]] = {}
    """By patient: ids of the beds in which he or she lies or that are kept for him or her."""
    labels: dict[str, str] = {}
    """Bed of each label."""
    lapses: list[tuple[int, str]] = []
    """When a reservation ends by itself, and of which bed, in order."""


def ward_key(ward_id: str) -> str:
    """The actor of a ward."""
    return f"ward:{ward_id}"


def place_of(bed: Bed) -> Place:
    """The room of a bed."""
    return (bed.profile.room, "") if bed.profile.room else ("", bed.id)


def like(bed: Bed) -> Like:
    """What a bed is, as far as a patient asks."""
    profile = bed.profile
    return (profile.type, profile.isolation, profile.equipment)


def mate(occupant: Occupant) -> Mate:
    """What room mates must agree in."""
    return (occupant.gender, occupant.age_group, occupant.isolation)
