"""What rules see: the room as it is, its use on the day in question, and what is asked of it.

Times are ints (µs since the epoch, UTC) unless a name says minutes. Nothing here identifies a person but his id.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Gender = Literal["female", "male", "other"]
Word = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]
"""A type of room, a piece of equipment, a department or a tag."""

MAX_EQUIPMENT: Final = 100


class RoomProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A room as rules and lists see it. An empty tuple restricts nothing."""

    id: str
    name: str
    type: str
    equipment: tuple[str, ...] = ()
    """Each once, in order: a set's order differs from process to process, and what is stored must not."""
    capacity: int = 1
    department: str = ""
    floor: int | None = None
    tags: tuple[str, ...] = ()
    """Likewise."""
    is_available: bool = True
    isolation: bool = False
    accessible: bool = False
    genders: tuple[Gender, ...] = ()
    min_age: int | None = None
    max_age: int | None = None
    doctors: tuple[str, ...] = ()
    """Ids of the doctors whose room it is; nobody else may have it."""
    max_daily: int | None = None
    """Appointments of one local day."""
    setup_minutes: int = 0
    """Held before each appointment,"""
    cleaning_minutes: int = 0
    """and after it."""

    def __post_init__(self) -> None:
        for name in ("equipment", "tags"):
            words = getattr(self, name)
            if words:
                msgspec.structs.force_setattr(self, name, tuple(sorted(set(words))))


class Wish(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an appointment asks of its room; kept with it, so that the choice can be made again."""

    room_type: str = ""
    required_equipment: tuple[str, ...] = ()
    capacity: int = 1
    department: str = ""
    isolation: bool = False
    accessible: bool = False
    preferred_floor: int | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One question: for whom, when, with what wishes. Local minutes count from midnight; an end past it adds 1,440."""

    wish: Wish
    doctor_id: str
    patient_id: str
    start: int
    end: int
    weekday: int
    """0 is Monday, of the local day on which it starts."""
    from_minute: int
    to_minute: int
    gender: str = ""
    """Of the patient, lower case; ``""`` where nobody knows."""
    age: int | None = None
    """Whole years on that day; ``None`` where nobody knows."""
    last_room: str = ""
    """The patient's room last time, where a rule asks for it."""


class RoomUse(msgspec.Struct, frozen=True, gc=False):
    """How a room stands on that local day. Gaps are from the wanted time to what is held before and after it (µs)."""

    bookings: int = 0
    gap_before: int | None = None
    gap_after: int | None = None
    """``None``: nothing on that side."""
    busy: bool = False
    """Something is held at the wanted time itself."""
    cleaned: int = 0
    """Cleaning that stands before ``gap_before``, after what was there (µs)."""


UNUSED: Final = RoomUse()


class Term(msgspec.Struct, frozen=True, gc=False):
    """What a soft rule gave, in thousandths of a point."""

    rule_id: str
    points: int


class Ranked(msgspec.Struct, frozen=True):
    """A room that could have been had. ``total``: thousandths of a point, what it is ordered by; ``score``: 0..100."""

    room_id: str
    total: int
    score: int
    terms: tuple[Term, ...] = ()
