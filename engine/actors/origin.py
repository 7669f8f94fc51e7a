"""Under which name a hospital's checkpoints are signed, where another was begun than its first.

O1  Checkpoints go on under a new origin where signed entries were lost, and the entry names what the old one had.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from engine.decider import At, Decider, Event

ORIGIN: Final = "origin:self"


class OriginBegun(Event, frozen=True):
    """O1. From here on checkpoints have the origin ``origin``; the last known of ``previous`` said size and root.

    ``root`` is in hexadecimal digits. ``reason``: ``restored`` from a backup that lacks signed entries, or ``renamed``.
    """

    origin: str
    previous: str
    size: int
    root: str
    reason: str


class OpenOrigin(msgspec.Struct, frozen=True):
    """Asked by ``BeginOrigin``; nothing happens where that origin is in force."""

    origin: str
    previous: str
    size: int
    root: str
    reason: str


class Origin(msgspec.Struct):
    """State. ``name`` is empty while the first origin is in force."""

    name: str = ""
    version: int = 0


def decide(state: Origin, command: OpenOrigin, at: At) -> Iterable[OriginBegun]:
    """The event, unless it has happened."""
    return [OriginBegun(**msgspec.structs.asdict(command))] if command.origin != state.name else []


def evolve(state: Origin, event: OriginBegun) -> None:
    """The state after an event."""
    state.name = event.origin
    state.version += 1


ORIGIN_DECIDER: Decider[Any] = Decider(
    kind="origin", events=(OriginBegun,), initial=lambda _: Origin(), decide=decide, evolve=evolve, state=Origin
)
