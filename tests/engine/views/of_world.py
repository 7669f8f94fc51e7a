"""A reader over the hospital of ``tests.engine.deciding``, so that queries are asked of what commands have made."""

from __future__ import annotations

from typing import Any

from engine.eventlog.entry import Principal
from engine.views import QUERIES
from tests.engine.deciding import World


class WorldReader:
    """The ``Reader`` of a world's states as they are now."""

    def __init__(self, world: World, who: Principal = Principal("test", "admin")) -> None:  # noqa: B008
        self._world = world
        self.time = world.time
        self.who = who

    def look(self, key: str) -> Any | None:
        """The state of an actor."""
        return self._world.states.get(key)

    def find(self, table: str, id: str) -> str | None:
        """Where this id is filed."""
        return self._world.tables.get(table, {}).get(id)

    def ids(self, table: str, after: str | None, limit: int, *, descending: bool = False) -> list[str]:
        """Ids of a table beyond one of them."""
        ids = sorted(self._world.tables.get(table, {}), reverse=descending)
        return [id for id in ids if after is None or (id < after if descending else id > after)][:limit]

    def count(self, table: str, low: str = "", high: str = "") -> int:
        """How many ids a table has between these."""
        return sum(low <= id and (not high or id < high) for id in self._world.tables.get(table, {}))

    def members(self, group: str) -> list[str]:
        """The keys of a group's actors."""
        return list(self._world.groups.get(group, ()))


def shown(world: World, query: Any) -> Any:
    """The body of a query's answer."""
    return QUERIES[type(query)](WorldReader(world), query).body
