"""Several entries in one value of the store: what is committed together costs one write, not one each.

A record begins with its leaf hash; a frame begins with bytes that no hash is, and a table of lengths. Each record in it
is stored as it would be alone. It knows nothing of what a record says, nor of the store.

LMDB is called without the interpreter's lock, and beside a busy engine to get that back after each call is what a
commit spends its time on.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

from engine.errors import LogCorrupt

MARK: Final = bytes(16)
"""What a frame begins with. No leaf hash does, and a record that did all the same would stand in a frame of its own."""

MOST_RECORDS: Final = 256
MOST_BYTES: Final = 64 * 1024
"""Of one frame: who wants one record reads all of its frame. A record above that stands alone."""

_COUNT: Final = struct.Struct(">I")
_HEAD: Final = len(MARK) + _COUNT.size


def frames(records: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """The records in order as values to store, and how many each holds; one record alone stands as it is."""
    some: list[bytes] = []
    size = 0
    for record in records:
        if some and (size + len(record) > MOST_BYTES or len(some) == MOST_RECORDS):
            yield len(some), _frame(some)
            some, size = [], 0
        some.append(record)
        size += len(record)
    if some:
        yield len(some), _frame(some)


def records_of(value: bytes) -> list[bytes]:
    """The records of a stored value, in order; ``LogCorrupt`` where its lengths do not add up."""
    if not value.startswith(MARK):
        return [value]
    try:
        (count,) = _COUNT.unpack_from(value, len(MARK))
        lengths = struct.unpack_from(f">{count}I", value, _HEAD)
    except struct.error:
        raise LogCorrupt("a frame of entries is cut off") from None
    begin = _HEAD + 4 * count
    if not count or begin + sum(lengths) != len(value):
        raise LogCorrupt("a frame of entries is not as long as it says")
    found = []
    for length in lengths:
        found.append(value[begin : begin + length])
        begin += length
    return found


def _frame(records: Sequence[bytes]) -> bytes:
    if len(records) == 1 and not records[0].startswith(MARK):
        return records[0]
    lengths = struct.pack(f">{len(records)}I", *map(len, records))
    return b"".join((MARK, _COUNT.pack(len(records)), lengths, *records))
