"""How views see states: through a reader that hands out nothing it would not show again at the same instant."""

from __future__ import annotations

from typing import Any

from engine.eventlog.entry import Principal
from engine.partition import OWN, Partition


class StateReader:
    """The ``Reader`` of ``engine.views`` over one hospital's live states. ``time``: now, µs; ``who`` asks."""

    __slots__ = ("_partition", "count", "find", "ids", "members", "time", "who")

    def __init__(self, partition: Partition, time: int, who: Principal = OWN) -> None:
        directory = partition.book.directory
        self._partition = partition
        self.time = max(time, partition.book.time)
        self.who = who
        self.find = directory.find
        self.ids = directory.ids
        self.count = directory.count
        self.members = directory.members

    def look(self, key: str) -> Any | None:
        """An actor's state; ``None`` when there is none; ``NotInMemory`` when it must be loaded first."""
        return self._partition.state(key)
