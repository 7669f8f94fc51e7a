"""How views see states: through a reader that hands out nothing it would not show again at the same instant."""

from __future__ import annotations

from typing import Any

from engine.partition import Partition


class StateReader:
    """The ``Reader`` of ``engine.views`` over one hospital's live states. ``time``: now, µs."""

    __slots__ = ("_partition", "find", "ids", "members", "time")

    def __init__(self, partition: Partition, time: int) -> None:
        directory = partition.book.directory
        self._partition = partition
        self.time = max(time, partition.book.time)
        self.find = directory.find
        self.ids = directory.ids
        self.members = directory.members

    def look(self, key: str) -> Any | None:
        """An actor's state; ``None`` when there is none; ``NotInMemory`` when it must be loaded first."""
        return self._partition.state(key)
