"""Two logs of one hospital held against each other, record by record: where they part, and how."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from replay.differences import Difference, differences
from replay.selecting import Reading
from replay.showing import Showing
from replay.walking import READ, Source


class Compared(msgspec.Struct):
    """Two logs. ``differs_at``: the first position at which they are not the same, 0 where they are."""

    hospital: str
    head: int
    other_head: int
    compared: int = 0
    differs_at: int = 0
    differences: list[Difference] = []

    @property
    def same(self) -> bool:
        """Whether all that was compared is the same; that one goes on further is no difference of what is in both."""
        return not self.differs_at


async def compare_logs(
    source: Source, other: Source, hospital: str, until: int = 0, advance: Callable[[int], None] = lambda _: None
) -> Compared:
    """Compare the stored bytes up to ``until``, or as far as both go; of the first that differ, what they say."""
    found = Compared(hospital, await source.head(hospital), await other.head(hospital))
    end = min(until or found.head, found.head, found.other_head)
    while found.compared < end:
        count = min(READ, end - found.compared)
        ours = await source.read(hospital, found.compared + 1, count)
        theirs = await other.read(hospital, found.compared + 1, count)
        for (position, mine), (_, record) in zip(ours, theirs, strict=False):
            if mine != record:
                found.differs_at = position
                found.differences = list(
                    differences(await _shown(source, hospital, mine), await _shown(other, hospital, record))
                )
                return found
            found.compared = position
        advance(count)
    return found


async def _shown(source: Source, hospital: str, record: bytes) -> dict[str, object]:
    """An entry as it can be read; its bytes where it cannot."""
    reading = Reading(source, hospital)
    showing = Showing(source, hospital, reading.keys)
    try:
        shown: dict[str, object] = await showing.entry(reading.codec.decode(record[32:]))
    except Exception:  # whatever it is: what differs may be anything
        return {"record": record.hex()}
    return {**shown, "leaf": record[:32].hex()}
