"""What can happen to a room. Names and fields are for ever; new fields carry defaults. Times are µs."""

from __future__ import annotations

from engine.actors.room.state import Closure, Display, Taken
from engine.decider import Event
from engine.rules.subject import RoomProfile


class RoomOpened(Event, frozen=True):
    """A room of a clinic."""

    clinic_id: str
    time_zone: str
    profile: RoomProfile
    display: Display
    time: int


class RoomProfileChanged(Event, frozen=True):
    """What it is, replaced whole."""

    profile: RoomProfile


class RoomDisplayChanged(Event, frozen=True):
    """How it is shown."""

    display: Display
    clinic_id: str = ""


class RoomRetired(Event, frozen=True):
    """It is no longer used; its history stays."""


class RoomClosureAdded(Event, frozen=True):
    """Nobody can have it then."""

    closure: Closure
    clinic_id: str = ""


class RoomClosureCut(Event, frozen=True):
    """A closure ends for what begins at ``until`` or later; what was before it stays as it was."""

    closure_id: str
    until: int
    clinic_id: str = ""


class RoomClosureRemoved(Event, frozen=True):
    """A closure that had not begun is gone."""

    closure_id: str
    clinic_id: str = ""


class RoomTaken(Event, frozen=True):
    """These stretches are in the calendar now; one of a known appointment takes the place of the one before."""

    taken: tuple[Taken, ...]


class RoomFreed(Event, frozen=True):
    """These appointments take no time of it any more."""

    appointment_ids: tuple[str, ...]


class RoomCalendarTrimmed(Event, frozen=True):
    """Stretches that ended before this instant are forgotten."""

    before: int


RoomEvent = (
    RoomOpened
    | RoomProfileChanged
    | RoomDisplayChanged
    | RoomRetired
    | RoomClosureAdded
    | RoomClosureCut
    | RoomClosureRemoved
    | RoomTaken
    | RoomFreed
    | RoomCalendarTrimmed
)
