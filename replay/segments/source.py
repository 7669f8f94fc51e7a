"""A log read from files of segments, as from any other source: what was shipped or exported stands in for the log.

It goes through a file once, when something in it is first asked for, and reads records when they are. What a record
says, and whether it is what was signed, is not its concern.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import trio

from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.checkpoint import BadNote, Note
from engine.eventlog.directory import is_beside
from engine.eventlog.lmdb_reads import bounded, raw_environment
from engine.eventlog.store import Signed
from engine.eventlog.tree import HASH, Tree
from engine.eventlog.vault import MASTER_FILE, VAULT, Vault, usable, vault_beside
from replay.segments.form import LONGEST, MAGIC, SUFFIX, Header, Segment, read_frames, read_header, read_segment
from replay.segments.writing import LIMIT, SegmentWriter

__all__ = ["LIMIT", "SegmentSource", "SegmentWriter"]

T = TypeVar("T")

_LEVEL: Final = 256


class SegmentSource:
    """Segments read as a log; see ``replay.walking.Source``.

    ``keys`` is a folder of subject keys, where one is given; the master key is looked for beside that. A path is a
    file, a log's folder, or a folder of those. Files are gone through when something in them is asked for, once;
    ``cut`` tells of those whose last frame is not whole.
    """

    def __init__(self, path: str | Path, keys: str | Path | None = None) -> None:
        self._path = Path(path)
        self._keys_path = None if keys is None else Path(keys)
        self._keys: Any = None
        self._vault: Vault | None = None
        self._files: dict[str, list[Path]] = {}
        self._firsts: dict[str, list[int]] = {}
        self._segments: dict[Path, Segment] = {}
        self._nodes: dict[tuple[str, int, int], bytes] = {}
        self._thread = trio.CapacityLimiter(1)

    @property
    def cut(self) -> list[Path]:
        """Files, of those that were read, whose last frame is not whole."""
        return [path for path, segment in self._segments.items() if segment.cut]

    async def open(self) -> None:
        """Find the files; ``Unavailable`` where there are none, ``LogCorrupt`` where something else has their name."""
        await self._reading(list)

    async def close(self) -> None:
        """Release all."""
        if self._keys is not None:
            self._keys.close()
            self._keys = None

    async def __aenter__(self) -> SegmentSource:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def hospitals(self) -> list[str]:
        """All hospitals that have a log here, in order of name."""
        return await self._reading(lambda: [name for name in sorted(self._files) if not is_beside(name)])

    async def first(self, hospital: str) -> int:
        """The first position that is here; 1 unless it is a part of a log."""
        return await self._reading(lambda: self._firsts.get(hospital, [1])[0])

    async def head(self, hospital: str) -> int:
        """The last position, 0 when there is none."""
        return await self._reading(self._head, hospital)

    async def read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to ``limit`` (position, stored bytes) from ``start`` on, in order; ``LogCorrupt`` at a gap."""
        return await self._reading(self._read, hospital, max(start, 1), limit)

    async def read_at(self, hospital: str, positions: Sequence[int]) -> list[bytes]:
        """The stored bytes at these positions; ``LogCorrupt`` when one is missing."""

        def each() -> list[bytes]:
            found = [self._read(hospital, position, 1) for position in positions]
            if [] in found:
                raise LogCorrupt(f"{hospital}: position {positions[found.index([])]} is missing")
            return [record for [(_, record)] in found]

        return await self._reading(each)

    async def hashes(self, hospital: str, level: int, first: int, count: int) -> list[bytes]:
        """Hashes of a level of the tree, as many as there are, made of the records."""
        if not level:
            return [record[:HASH] for _, record in await self.read(hospital, first + 1, count)]
        found = list[bytes]()
        for index in range(first, min(first + count, await self.head(hospital) // _LEVEL**level)):
            name = (hospital, level, index)
            if name not in self._nodes:
                tree = Tree()
                tree.extend(await self.hashes(hospital, level - 1, index * _LEVEL, _LEVEL))
                self._nodes[name] = tree.root()
            found.append(self._nodes[name])
        return found

    async def checkpoints(self, hospital: str, above: int, limit: int) -> list[Signed]:
        """Up to ``limit`` checkpoints of a size above this one, in order of size; of one size all signatures."""
        kept = await self._reading(self._checkpoints, hospital)
        return [Signed(hospital, size, kept[size].bytes()) for size in sorted(kept) if size > above][:limit]

    async def last_checkpoint(self, hospital: str) -> Signed | None:
        """That of the largest size."""
        kept = await self._reading(self._checkpoints, hospital)
        return Signed(hospital, max(kept), kept[max(kept)].bytes()) if kept else None

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """The sealing keys of these subjects, as far as they are here."""
        return await self._reading(self._read_keys, subjects)

    async def _reading(self, work: Callable[..., T], *args: object) -> T:
        def opened() -> T:
            if not self._files:
                self._open()
            return work(*args)

        return await trio.to_thread.run_sync(opened, limiter=self._thread)

    def _open(self) -> None:
        try:
            found = [self._path] if self._path.is_file() else sorted(self._path.rglob(f"*{SUFFIX}"))
            for folder in {path.parent for path in found}:
                self._open_log([path for path in found if path.parent == folder])
        except OSError as error:
            raise Unavailable("log_unreadable", f"the segments in {self._path} cannot be read: {error}") from error
        if not self._files:
            raise Unavailable("no_log", f"there are no segments in {self._path}")
        if self._keys_path is not None:
            if not (self._keys_path / "data.mdb").exists():
                raise Unavailable("no_keys", f"there are no keys in {self._keys_path}")
            self._keys = raw_environment(self._keys_path, readonly=True)
            with self._keys.begin() as txn:
                self._vault = vault_beside(self._keys_path.parent / MASTER_FILE, txn.get(bounded(VAULT)))

    def _open_log(self, paths: list[Path]) -> None:
        headers = list[tuple[Path, Header]]()
        for path in paths:
            with path.open("rb") as file:
                begin = file.read(len(MAGIC) + 5 + LONGEST[b"H"])
            if not begin.startswith(MAGIC) and not MAGIC.startswith(begin):
                raise LogCorrupt(f"{path} is no segment of a log")
            _, start, end = next(read_frames(begin, len(MAGIC), path), (b"", 0, 0))
            if end:  # else it was cut before its header was whole, and holds nothing
                headers.append((path, read_header(path, begin[start:end])))
        for path, header in headers:
            log = header.hospital
            if log != headers[0][1].hospital or (path == headers[0][0] and log in self._files):
                raise LogCorrupt(f"{path}: two logs in one folder, or the log of {log} in two")
            self._files.setdefault(log, []).append(path)
            self._firsts.setdefault(log, []).append(header.first)

    def _segment(self, path: Path) -> Segment:
        found = self._segments.get(path)
        if found is None:
            found = read_segment(path, path.read_bytes())
            if found is None:
                raise LogCorrupt(f"{path} has lost its header")
            self._segments[path] = found
        return found

    def _head(self, hospital: str) -> int:
        if hospital not in self._files:
            return 0
        last = self._segment(self._files[hospital][-1])
        return last.header.first + len(last.begins) - 1

    def _read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        found, firsts = list[tuple[int, bytes]](), self._firsts.get(hospital, [])
        if firsts and start < firsts[0]:
            raise LogCorrupt(f"{hospital}: the segments begin at position {firsts[0]}, not at {start}")
        number = bisect_right(firsts, start) - 1
        while 0 <= number < len(firsts) and len(found) < limit:
            segment = self._segment(self._files[hospital][number])
            index = start - segment.header.first
            some = range(index, min(index + limit - len(found), len(segment.begins)))
            if some:
                begin = segment.begins[index]
                with segment.path.open("rb") as file:
                    file.seek(begin)
                    data = file.read(segment.begins[some[-1]] + segment.lengths[some[-1]] - begin)
                for each in some:
                    at = segment.begins[each] - begin
                    found.append((segment.header.first + each, data[at : at + segment.lengths[each]]))
            number, start = number + 1, segment.header.first + len(segment.begins)
            if number < len(firsts) and len(found) < limit and firsts[number] != start:
                raise LogCorrupt(f"{hospital}: positions are missing between {start} and {firsts[number]}")
        return found

    def _checkpoints(self, hospital: str) -> dict[int, Note]:
        kept = dict[int, Note]()
        for path in self._files.get(hospital, ()):
            segment = self._segment(path)
            for data in segment.notes:
                try:
                    note = Note.parse(data)
                    size = note.head().size
                except BadNote as bad:
                    raise LogCorrupt(f"{path}: {bad}") from None
                before = kept.get(size)
                same = before is not None and before.text == note.text
                kept[size] = before.with_lines(note.lines) if same and before is not None else note
        return kept

    def _read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        if self._keys is None:
            return {}
        with self._keys.begin() as txn:
            found = {subject: txn.get(bounded(subject)) for subject in subjects}
        return usable(self._vault, {subject: value for subject, value in found.items() if value is not None})
