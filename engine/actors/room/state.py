"""What a room keeps: what it is, how it is shown, when it is closed, and its calendar.

The calendar holds whatever takes time of the room and is not over: held, booked and current appointments, each with
its setup and cleaning; a completed one until its cleaning is done. Of an appointment it knows when it is; who comes
stands in the clinic's day.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.decider import FreeText
from engine.rules.subject import RoomProfile

ClosureKind = Literal["maintenance", "closed", "cleaning", "blocked"]
ColorSource = Literal["custom", "auto"]


class Display(msgspec.Struct, frozen=True, omit_defaults=True):
    """How boards show the room. ``color``: ``#RRGGBB`` in upper case, or ``""`` for the one made of its id."""

    color: str = ""
    label: str = ""
    order: int = 0


class Closure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time in which nobody can have the room; with ``rrule`` (RFC 5545, local wall time) again and again."""

    id: str
    kind: ClosureKind
    start: int
    end: int
    """Of the first time, µs; half-open."""
    rrule: str = ""
    until: int = 0
    """Cut off here: no time that begins at or after this instant counts, and one under way ends; 0: not cut off."""
    reason: FreeText | None = None
    created_at: int = 0
    since: int = 0
    """Counts from here on only: it took the place of another, which keeps what was before."""
    removed: bool = False
    """Taken back before it had begun: it never counts."""


class Taken(msgspec.Struct, frozen=True, order=True, gc=False):
    """A stretch of the calendar: ``[busy_from, busy_to)`` is the appointment with setup and cleaning."""

    busy_from: int
    busy_to: int
    appointment_id: str
    start: int
    end: int
    day: str
    """The local day on which it starts: the clinic's day that knows the rest."""


class Room(msgspec.Struct):
    """State. ``calendar`` is in order of time and has no overlap; ``held`` and ``closing`` are indexes, not stored."""

    id: str
    clinic_id: str = ""
    time_zone: str = "UTC"
    profile: RoomProfile = msgspec.field(default_factory=lambda: RoomProfile(id="", name="", type=""))
    display: Display = Display()
    closures: dict[str, Closure] = {}
    """By id, in the order in which they came; those that are over stay."""
    calendar: list[Taken] = []
    created_at: int = 0
    retired: bool = False
    version: int = 0
    """Of what the room is; bookings and closures do not count."""

    held: dict[str, Taken] = {}
    """The calendar by appointment."""
    closing: list[tuple[int, str]] = []
    """(instant by which it is over, id) of the closures that may still count, in order; taken back ones left out."""


def room_key(room_id: str) -> str:
    """The actor of a room."""
    return f"room:{room_id}"
