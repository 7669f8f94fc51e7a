"""A room by itself, as its tests begin it: open, in UTC or elsewhere, with nothing in its calendar."""

from __future__ import annotations

from typing import Any

from engine import calendar
from engine.actors.room import ROOM
from engine.actors.room.commands import OpenRoom
from engine.actors.room.state import Display, Taken
from engine.decider import MINUTE
from engine.rules.subject import RoomProfile
from tests.engine.actors.asked import Actor

MIDNIGHT = calendar.day_bounds("2026-02-10", "UTC").start
"""A Tuesday, some days after ``asked.NOW``."""


def opened(zone: str = "UTC", **profile: Any) -> Actor:
    """An open room."""
    room = Actor(ROOM, "r1")
    room.ask(OpenRoom("c1", zone, RoomProfile(id="r1", name="Room 1", type="exam", **profile), Display()))
    return room


def taken(id: str, start: float, end: float, *, setup: int = 0, cleaning: int = 0) -> Taken:
    """A stretch by hours from ``MIDNIGHT``, with minutes of setup and cleaning."""
    begins, ends = MIDNIGHT + round(start * 60) * MINUTE, MIDNIGHT + round(end * 60) * MINUTE
    return Taken(begins - setup * MINUTE, ends + cleaning * MINUTE, id, begins, ends, "2026-02-10")
