"""Whether entries follow each other: positions, times, and every actor's own versions, without gap or repeat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Chains:
    """Told of every entry in order."""

    def __init__(self, hospital: str) -> None:
        self.actors: dict[str, tuple[int, int]] = {}
        """Every actor's version and the position of its last entry."""
        self.head = 0
        self._time = 0
        self._hospital = hospital

    def faults(self, position: int, entry: Any) -> Iterator[str]:
        """What does not follow from the entries before; ``position`` is where the entry was found."""
        if position != self.head + 1:
            yield f"position {position} follows position {self.head}"
        if entry.position != position or entry.hospital != self._hospital:
            yield f"the entry says that it is at position {entry.position} of {entry.hospital}"
        if entry.time <= self._time:
            yield "the entry is not later than the one before it"
        self.head, self._time = position, entry.time
        actors = self.actors
        for change in entry.changes:
            version, last = actors.get(change.actor, (0, 0))
            if change.version != version + 1 or change.previous != last:
                yield (
                    f"{change.actor} goes to version {change.version} from position {change.previous}, "
                    f"and is at version {version} of position {last}"
                )
            actors[change.actor] = (change.version, position)
