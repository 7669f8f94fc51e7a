"""What a query may read, and what it gives: the port between views and whoever holds the states.

It knows no query and no kind of actor. A reader shows states after their last durable event; nobody writes
through it. Where a state is not in memory a reader may raise its own signal: queries are pure, so that they can
be asked again once it is there, and they let the signal pass.
"""

from __future__ import annotations

from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta

from engine.eventlog.entry import Principal

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

Id = Annotated[str, Meta(pattern=UUID_PATTERN)]


class Reader(Protocol):
    """One hospital's states and directory at one instant."""

    @property
    def time(self) -> int:
        """Now, in µs."""

    @property
    def who(self) -> Principal:
        """Who asks: the caller's own name and roles, which no request can say of itself."""

    def look(self, key: str) -> Any | None:
        """The state of an actor, ``None`` while it has no events. Reading only."""

    def find(self, table: str, id: str) -> str | None:
        """The key of the actor under which this id is filed in this table."""

    def ids(self, table: str, after: str | None, limit: int, *, descending: bool = False) -> list[str]:
        """Up to ``limit`` ids of a table beyond ``after``, in their own order, which is that of creation."""

    def count(self, table: str, low: str = "", high: str = "") -> int:
        """How many ids a table has, from ``low`` up to before ``high`` where they are given, at no cost a row."""

    def members(self, group: str) -> list[str]:
        """The keys of a group's actors."""


class Found(msgspec.Struct, frozen=True):
    """What a query found; ``version`` is for ``ETag``, ``None`` where there is none."""

    body: Any
    version: int | None = None
