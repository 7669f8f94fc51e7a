"""Pages of a list, and the cursors that lead from one to the next.

A list is an iterator of rows in the order of their positions; a position is a tuple of what the list is sorted
by and ends in the row's id. A cursor names the last position seen, never an offset, so that what is written
between two pages neither repeats nor hides a row that stays where it is. It knows nothing of what a row is.
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from engine.decider import Value
from engine.errors import Invalid
from engine.views.reader import Reader

DEFAULT_LIMIT = 100  # rows
MAX_LIMIT = 1_000  # rows; a larger limit is clamped to it
MAX_SCANNED = 5_000  # rows looked at for one page, however few of them match
MAX_CURSOR = 1_024  # characters
_CHUNK = 256  # ids asked of the directory at once

T = TypeVar("T")
V = TypeVar("V")
P = TypeVar("P", bound=tuple[Any, ...])


class ById(NamedTuple):
    """A position in a list in order of ids."""

    id: str


class ListQuery(Value, frozen=True):
    """Base of queries that give a page: ``limit`` rows (1..; at most 1,000 come) after ``cursor``."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


class Page(msgspec.Struct, Generic[V], frozen=True):
    """Rows, and the cursor of the next page; ``None`` after the last. A page may be short, even empty, before it."""

    items: list[V]
    next_cursor: str | None = None


def position(query: ListQuery, shape: type[P]) -> P | None:
    """Where the query's cursor stands; ``None`` at the start, ``Invalid`` unless this very list gave the cursor."""
    if query.cursor is None:
        return None
    try:
        if len(query.cursor) > MAX_CURSOR:
            raise ValueError
        packed = b64decode(query.cursor + "=" * (-len(query.cursor) % 4), altchars=b"-_", validate=True)
        name, place = msgspec.msgpack.decode(packed, type=tuple[bytes, shape])  # type: ignore[valid-type]
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise Invalid("this cursor is not one that a list has given", field="cursor") from None
    if name != _name(query):
        raise Invalid("this cursor belongs to another list or to other filters", field="cursor")
    found: P = place
    return found


def page(
    query: ListQuery, rows: Iterable[tuple[tuple[Any, ...], T | None]], show: Callable[[T], V], *,
    most: int = MAX_SCANNED,
) -> Page[V]:  # fmt: skip
    """Fill a page from rows beyond the query's position: (position, the row, or ``None`` where a filter drops it).

    One row past the page is looked for, so that the last page says so; only rows of the page are shown. ``most`` rows
    are looked at.
    """
    if query.limit < 1:
        raise Invalid("limit is at least 1", field="limit")
    limit = min(query.limit, MAX_LIMIT)
    items: list[V] = []
    last: tuple[Any, ...] | None = None
    for scanned, (place, row) in enumerate(rows):
        if last is not None and (scanned == most or (row is not None and len(items) == limit)):
            return Page(items, _cursor(query, last))
        if row is not None:
            items.append(show(row))
        last = place
    return Page(items)


def filed(reader: Reader, table: str, after: str | None, *, newest_first: bool = False) -> Iterator[str]:
    """The ids of a table beyond ``after``, in the order of creation, read from the directory in small portions."""
    while True:
        portion = reader.ids(table, after, _CHUNK, descending=newest_first)
        yield from portion
        if len(portion) < _CHUNK:
            return
        after = portion[-1]


def _cursor(query: ListQuery, last: tuple[Any, ...]) -> str:
    return urlsafe_b64encode(msgspec.msgpack.encode((_name(query), last))).rstrip(b"=").decode("ascii")


def _name(query: ListQuery) -> bytes:
    """Names the list and its filters in a few bytes: a cursor carries no text that somebody searched for."""
    filters = msgspec.structs.replace(query, limit=DEFAULT_LIMIT, cursor=None)
    return sha256(type(query).__name__.encode() + msgspec.msgpack.encode(filters)).digest()[:6]
