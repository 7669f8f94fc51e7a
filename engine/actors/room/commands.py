"""What decisions ask of a room. None of these is stored. Times are µs."""

from __future__ import annotations

import msgspec

from engine.actors.room.state import Closure, Display, Taken
from engine.rules.subject import RoomProfile


class OpenRoom(msgspec.Struct, frozen=True):
    """Begin a room."""

    clinic_id: str
    time_zone: str
    profile: RoomProfile
    display: Display
    take: tuple[Taken, ...] = ()
    """What it takes at once: appointments that were waiting for a room."""


class ChangeProfile(msgspec.Struct, frozen=True):
    """Replace what it is."""

    profile: RoomProfile
    if_version: int | None = None


class ChangeDisplay(msgspec.Struct, frozen=True):
    """Replace how it is shown."""

    display: Display
    if_version: int | None = None


class RetireRoom(msgspec.Struct, frozen=True):
    """Use it no longer; refused while the calendar holds anything that is not over (``in_use``)."""

    if_version: int | None = None


class AddClosure(msgspec.Struct, frozen=True):
    """Close it, once or again and again; what is booked meanwhile is for the decision to look at."""

    closure: Closure


class EndClosure(msgspec.Struct, frozen=True):
    """Take a closure back from now on: removed when it has not begun, cut off when it has."""

    closure_id: str


class ReplaceClosure(msgspec.Struct, frozen=True):
    """End one closure as ``EndClosure`` does, and add another."""

    closure_id: str
    closure: Closure


class ChangeCalendar(msgspec.Struct, frozen=True):
    """The one compound change of the calendar: first ``free``, then ``take``, all or none.

    Refused with ``RoomConflict`` (facts ``room_id``, ``appointment_id``, ``start_time``, ``end_time``) where a stretch
    overlaps another, with ``RoomClosed`` (facts ``room_id``, ``closure_id``, ``kind``) where it meets a closure, with
    ``RoomUnavailable`` where the room is retired or not available. ``checked=False``: written down whatever closures
    and availability say (an overlap is refused all the same); nor is an appointment asked that keeps its time here.
    A stretch of no length frees; what is unknown is free.
    """

    free: tuple[str, ...] = ()
    take: tuple[Taken, ...] = ()
    checked: bool = True
    closure: Closure | None = None
    """Added in the same change, before anything is taken."""
    end_closure: str = ""
    """A closure that ends in the same change, before ``closure``."""
    profile: RoomProfile | None = None
    """The room's new profile, likewise."""
    if_version: int | None = None


RoomCommand = (
    OpenRoom | ChangeProfile | ChangeDisplay | RetireRoom | AddClosure | EndClosure | ReplaceClosure | ChangeCalendar
)
