"""Several tables of ids read as one list, from an instant to another: in order of time, and counted without a walk.

Ids are in order of the instant at which they were given, so an instant is a place in a table. Knows no kind of thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import takewhile
from typing import Final, NamedTuple

from engine.views.paging import filed
from engine.views.reader import Reader


class Stretch(NamedTuple):
    """From the id ``low`` up to before ``high``; ``""``: without an end. No thing has either of them as its id."""

    low: str = ""
    high: str = ""


ALWAYS: Final = Stretch()


def first_id(time: int) -> str:
    """What comes before every id of this instant (µs), and behind every one of the microsecond before it."""
    milliseconds, rest = divmod(time, 1_000)
    # As ids are made (``At.new_id``), with nothing behind the instant.
    return f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{rest * 4096 // 1_000:03x}-0000-000000000000"


def merged(
    reader: Reader, tables: Sequence[str], stretch: Stretch, after: str | None, *, newest_first: bool
) -> Iterator[str]:
    """The ids of tables that have none in common, beyond ``after``; as many are read as are taken."""
    full = [table for table in tables if reader.count(table)]
    rows = [_of(reader, table, stretch, after, newest_first=newest_first) for table in full]
    return iter(merge(*rows, reverse=newest_first)) if len(rows) != 1 else rows[0]


def counted(reader: Reader, tables: Sequence[str], stretch: Stretch) -> int:
    """How many ids these tables have in this stretch."""
    return sum([reader.count(table, stretch.low, stretch.high) for table in tables])


def _of(reader: Reader, table: str, stretch: Stretch, after: str | None, *, newest_first: bool) -> Iterator[str]:
    low, high = stretch
    if newest_first:
        begin = min(after or high, high or after or "") or None
        return takewhile(low.__lt__, filed(reader, table, begin, newest_first=True))
    ids = filed(reader, table, max(after or "", low) or None)
    return takewhile(high.__gt__, ids) if high else ids
