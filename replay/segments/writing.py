"""Segments written as a log grows, and gone on with where they end, whatever a crash did to that end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from engine.errors import LogCorrupt
from engine.eventlog.checkpoint import Note
from engine.eventlog.directory import check_log, sync_folder
from engine.eventlog.entry import checked
from engine.eventlog.tree import HASH, Tree
from replay.segments.form import (
    LONGEST,
    MAGIC,
    SUFFIX,
    Header,
    Segment,
    next_mark,
    read_frames,
    read_header,
    read_segment,
    write_frame,
)

LIMIT: Final = 64 << 20
"""Bytes of a file; only checkpoints exceed it, and an entry that is larger by itself."""

KEPT: Final = 16
"""Checkpoints that are remembered: signatures of witnesses may come after the first has been written."""


class SegmentWriter:
    """Appends one log to the files in ``folder/<log>/``, going on where they end; what a crash cut off is mended.

    ``tree`` is over what has been written, ``notes`` are the checkpoints of the largest sizes among it (``KEPT`` of
    them, the signatures of each together). Nothing is in the files before ``flush``. A log that is to begin behind its
    first entry is given the ``tree`` of what is before it.
    """

    def __init__(self, folder: Path, log: str, *, limit: int = LIMIT, tree: Tree | None = None) -> None:
        self.log = check_log(log)
        self.tree = tree.copy() if tree is not None else Tree()
        self.notes: dict[int, Note] = {}
        self._folder = folder / log
        self._limit = limit
        self._mark = bytes(HASH)
        self._pending = bytearray()
        self._file = -1
        self._size = 0
        self._resume()

    @property
    def position(self) -> int:
        """Of the last entry."""
        return self.tree.size

    def entry(self, position: int, record: bytes) -> None:
        """Append a stored record; it must be the next."""
        if position != self.position + 1:
            raise ValueError(f"position {position} does not follow {self.position}")
        frame = write_frame(b"E", position.to_bytes(8, "big") + record)
        if self._file < 0 or self._size + len(frame) > self._limit:
            self._begin_file()
        self._put(frame)
        self.tree.extend((record,))

    def checkpoint(self, note: bytes) -> None:
        """Append a signed note of a size that has been written."""
        if self._file < 0:
            self._begin_file()
        self._mark = next_mark(self._mark, self.position, note)
        self._put(write_frame(b"C", self._mark + note))
        self._note(note)

    def flush(self) -> None:
        """Write what is in line, durably."""
        if self._pending:
            view = memoryview(bytes(self._pending))
            self._pending.clear()
            while view:
                view = view[os.write(self._file, view) :]
            os.fsync(self._file)

    def close(self) -> None:
        """Release the file; what was not flushed is not in it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _put(self, frame: bytes) -> None:
        self._pending += frame
        self._size += len(frame)
        if len(self._pending) > 4 << 20:
            self.flush()

    def _begin_file(self) -> None:
        self.flush()
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self.position + 1:012d}{SUFFIX}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        for folder in (self._folder, self._folder.parent):
            sync_folder(folder)
        header = Header(self.log, self.position + 1, self.tree.peaks, self._mark)
        self._size = 0
        self._put(MAGIC + write_frame(b"H", msgspec.msgpack.encode(header)))

    def _note(self, data: bytes) -> None:
        note = Note.parse(data)
        size = note.head().size
        before = self.notes.get(size)
        self.notes[size] = note if before is None else before.with_lines(note.lines)
        if len(self.notes) > KEPT:
            del self.notes[min(self.notes)]

    def _resume(self) -> None:
        """Go on at the end of the last file; one that a crash left without a header is written anew."""
        before = list[bytes]()
        for path in sorted(self._folder.glob(f"*{SUFFIX}"), reverse=True):
            data = path.read_bytes()
            found = read_segment(path, data if self._file >= 0 else _without_torn_end(path, data))
            if found is None:
                path.unlink()
                continue
            if found.header.hospital != self.log:
                raise LogCorrupt(f"{path} is a segment of {found.header.hospital}, not of {self.log}")
            before = found.notes + before
            if self._file < 0:
                self._go_on(found, data)
            if len(before) >= 2 * KEPT:  # twice, for some may be there a second time, with more signatures
                break
        for note in before:
            self._note(note)

    def _go_on(self, found: Segment, data: bytes) -> None:
        self.tree = Tree(found.header.first - 1, found.header.peaks)
        self.tree.extend(data[begin : begin + HASH] for begin in found.begins)
        self._mark, self._size = found.mark, found.end
        self._file = os.open(found.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if found.end < len(data):
            os.ftruncate(self._file, found.end)
            os.fsync(self._file)


def _without_torn_end(path: Path, data: bytes) -> bytes:
    """The bytes up to the last that is sound; ``LogCorrupt`` when what is not sound is no torn end.

    What was never fsynced may be cut after a power cut, or (longer than what was written) filled up with zeros.
    """
    written = len(data.rstrip(b"\0"))
    mark, position, sound = b"", 0, len(MAGIC)
    try:
        for kind, begin, end in read_frames(data, len(MAGIC), path):
            if kind == b"H":
                header = read_header(path, data[begin:end])
                mark, position = header.mark, header.first - 1
            elif kind == b"E":
                checked(data[begin + 8 : end])
                position += 1
            else:
                mark = next_mark(mark, position, data[begin + HASH : end])
                if data[begin : begin + HASH] != mark:
                    raise LogCorrupt("a checkpoint is not the one that was put there")
            sound = end
    except LogCorrupt as fault:
        torn = int.from_bytes(data[sound + 1 : sound + 5], "big") if data[sound : sound + 1] in LONGEST else 0
        if written >= sound + 5 + max(torn, 1):
            raise LogCorrupt(f"{path}, behind byte {sound}: {fault}; move the folder away to ship anew") from None
    return data[:sound] if sound > len(MAGIC) else data[: min(written, len(MAGIC))]
