"""The bytes of a segment: frames, and what a file of them holds. ``docs/segments.md`` describes them for people.

Knows frames, positions and the tree's edge; not what an entry says, nor whether it is what was signed: that is for
``replay.verifier``, which shares no code with this file.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.errors import LogCorrupt
from engine.eventlog.directory import check_log
from engine.eventlog.entry import MAX_ENTRY
from engine.eventlog.tree import HASH

MAGIC: Final = b"matron-segment 1\n"
SUFFIX: Final = ".segment"

SHORTEST: Final = {b"H": 1, b"E": 8 + HASH, b"C": HASH}
LONGEST: Final = {b"H": 1 << 14, b"E": MAX_ENTRY + 40, b"C": (64 << 10) + HASH}
"""Bytes of a frame's payload, by its kind."""


class Header(msgspec.Struct, frozen=True):
    """What a file begins with; see ``docs/segments.md``. The order of the fields is that of the bytes."""

    hospital: str
    first: int
    peaks: list[bytes]
    mark: bytes


class Segment(NamedTuple):
    """One file, gone through once: where its records are, its checkpoints, and where its whole frames end."""

    path: Path
    header: Header
    begins: array[int]
    lengths: array[int]
    notes: list[bytes]
    mark: bytes
    end: int
    cut: bool


def write_frame(kind: bytes, payload: bytes) -> bytes:
    """A frame's bytes."""
    return kind + len(payload).to_bytes(4, "big") + payload


def next_mark(mark: bytes, position: int, note: bytes) -> bytes:
    """What a checkpoint stands behind: it binds it to the one before and to its place."""
    return sha256(mark + position.to_bytes(8, "big") + note).digest()


def read_frames(data: bytes, begin: int, where: object) -> Iterator[tuple[bytes, int, int]]:
    """(kind, begin, end) of the payload of each whole frame from ``begin`` on; ``LogCorrupt`` where none can stand."""
    while begin + 5 <= len(data):
        kind, length = data[begin : begin + 1], int.from_bytes(data[begin + 1 : begin + 5], "big")
        if not SHORTEST.get(kind, 0) <= length <= LONGEST.get(kind, -1):
            raise LogCorrupt(f"{where}: no frame stands at byte {begin}; matron-replay verify tells more")
        if begin + 5 + length > len(data):
            return
        yield kind, begin + 5, begin + 5 + length
        begin += 5 + length


def read_segment(path: Path, data: bytes) -> Segment | None:
    """What is in a file's bytes; ``None`` where it was cut before its header was whole."""
    if not data.startswith(MAGIC):
        if MAGIC.startswith(data):
            return None
        raise LogCorrupt(f"{path} is no segment of a log")
    parts, end = read_frames(data, len(MAGIC), path), len(MAGIC)
    header: Header | None = None
    begins, lengths, notes, mark = array("Q"), array("I"), list[bytes](), b""
    for kind, begin, end in parts:
        if (kind == b"H") != (header is None):
            raise LogCorrupt(f"{path}: a segment has one header, at its beginning")
        if header is None:
            header = read_header(path, data[begin:end])
            mark = header.mark
        elif kind == b"E":
            if int.from_bytes(data[begin : begin + 8], "big") != header.first + len(begins):
                raise LogCorrupt(f"{path}: position {header.first + len(begins)} is missing")
            begins.append(begin + 8)
            lengths.append(end - begin - 8)
        else:
            notes.append(data[begin + HASH : end])
            mark = data[begin : begin + HASH]
    return None if header is None else Segment(path, header, begins, lengths, notes, mark, end, end < len(data))


def read_header(path: Path, data: bytes) -> Header:
    """The header in a frame's payload; ``LogCorrupt`` when it is none."""
    try:
        header = msgspec.msgpack.decode(data, type=Header)
        check_log(header.hospital)
    except ValueError as error:
        raise LogCorrupt(f"{path}: the header cannot be read: {error}") from None
    if header.first < 1 or [len(each) for each in header.peaks] != [HASH] * (header.first - 1).bit_count():
        raise LogCorrupt(f"{path}: the header has not the tree of {header.first - 1} entries")
    return header
