"""A backup and the segments shipped since, read as one log: the former as far as it goes, then the latter.

Where both have an entry it must be the same one. Knows how they are put together, not what is done with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import LogCorrupt
from engine.eventlog.store import Signed
from engine.eventlog.tree import HASH
from replay.segments.source import SegmentSource
from replay.walking import READ, Source


class NotOneLog(LogCorrupt):
    """What should be parts of one log are not."""


class JoinedSource:
    """See ``replay.walking.Source``; ``segments`` may be missing, or lack a log, or begin anywhere in it."""

    def __init__(self, backup: Source, segments: SegmentSource | None) -> None:
        self._backup = backup
        self._segments = segments
        self._ends: dict[str, tuple[int, int]] = {}

    async def hospitals(self) -> list[str]:
        """All hospitals that have a log in either, in order of name."""
        shipped = [] if self._segments is None else await self._segments.hospitals()
        return sorted({*await self._backup.hospitals(), *shipped})

    async def of_backup(self, log: str) -> int:
        """Up to which position the backup goes."""
        return (await self._parts(log))[0]

    async def head(self, log: str) -> int:
        """The last position, 0 when there is none; ``NotOneLog`` where something is missing between the parts."""
        return max(await self._parts(log))

    async def read(self, log: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to ``limit`` (position, stored bytes) from ``start`` on, in order."""
        start = max(start, 1)
        end, _ = await self._parts(log)
        found = await self._backup.read(log, start, min(limit, end - start + 1)) if start <= end else []
        if len(found) < limit and self._segments is not None and start + len(found) > end:
            found = [*found, *await self._segments.read(log, start + len(found), limit - len(found))]
        return found

    async def read_at(self, log: str, positions: Sequence[int]) -> list[bytes]:
        """The stored bytes at these positions."""
        found = []
        for position in positions:
            records = await self.read(log, position, 1)
            if not records:
                raise LogCorrupt(f"{log}: position {position} is missing")
            found.append(records[0][1])
        return found

    async def hashes(self, log: str, level: int, first: int, count: int) -> list[bytes]:
        """The leaves' hashes; nothing above them is kept."""
        assert not level, "a log that is put together has no tree yet"
        return [record[:HASH] for _, record in await self.read(log, first + 1, count)]

    async def checkpoints(self, log: str, above: int, limit: int) -> list[Signed]:
        """Those of both, in order of size; of one size that which was shipped, for it may have more signatures."""
        kept = {each.size: each for each in await self._backup.checkpoints(log, above, limit)}
        if self._segments is not None and (await self._parts(log))[1]:
            kept |= {each.size: each for each in await self._segments.checkpoints(log, above, limit)}
        return [kept[size] for size in sorted(kept)[:limit]]

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """The sealing keys of these subjects, as far as the backup has them: segments have none."""
        return await self._backup.read_keys(subjects)

    async def _parts(self, log: str) -> tuple[int, int]:
        """Where each part ends."""
        if log not in self._ends:
            end, shipped = await self._backup.head(log), 0
            if self._segments is not None:
                shipped = await self._segments.head(log)
            if shipped:
                await self._compare(log, end, shipped)
            self._ends[log] = end, shipped
        return self._ends[log]

    async def _compare(self, log: str, end: int, shipped: int) -> None:
        assert self._segments is not None
        first = await self._segments.first(log)
        if first > end + 1:
            raise NotOneLog(f"{log}: the backup ends at position {end}, and the segments begin at {first}")
        begin = max(first, min(end, shipped) - READ + 1)
        if end and begin <= end:
            mine = await self._backup.read(log, begin, min(end, shipped) - begin + 1)
            if mine != await self._segments.read(log, begin, len(mine)):
                raise NotOneLog(f"{log}: backup and segments differ between positions {begin} and {min(end, shipped)}")
