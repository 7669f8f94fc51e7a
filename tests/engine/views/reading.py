"""A reader over plain dicts that counts what a query asks of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from typing import Any


class Shelf:
    """States, directory tables and groups of one hospital, as a runtime would show them to a query."""

    def __init__(self, time: int = 0) -> None:
        self.time = time
        self.states: dict[str, Any] = {}
        self.tables: dict[str, dict[str, str]] = {}
        self.groups: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()

    def put(self, key: str, state: Any, tables: dict[str, list[str]] | None = None, groups: tuple[str, ...] = ()) -> None:
        """Keep a state, file it under ids and make it a member of groups."""
        self.states[key] = state
        for table, ids in (tables or {}).items():
            for id in ids:
                self.tables.setdefault(table, {})[id] = key
        for group in groups:
            self.groups.setdefault(group, []).append(key)

    def look(self, key: str) -> Any | None:
        self.asked["look"] += 1
        return self.states.get(key)

    def find(self, table: str, id: str) -> str | None:
        self.asked["find"] += 1
        return self.tables.get(table, {}).get(id)

    def ids(self, table: str, after: str | None, limit: int, *, descending: bool = False) -> list[str]:
        self.asked["ids"] += 1
        order = sorted(self.tables.get(table, {}))
        if descending:
            end = len(order) if after is None else bisect_left(order, after)
            return order[max(0, end - limit) : end][::-1]
        start = 0 if after is None else bisect_right(order, after)
        return order[start : start + limit]

    def members(self, group: str) -> list[str]:
        self.asked["members"] += 1
        return list(self.groups.get(group, []))
