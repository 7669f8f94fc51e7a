"""What happened at the door: who was refused, who signed in, whose rights were changed; read from an access log.

What a note is, ``engine.access`` says; here are only its bytes. Nothing in it is sealed, and it names no patient.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

import msgspec

from engine.errors import LogCorrupt
from engine.eventlog.directory import BESIDE
from engine.eventlog.entry import Principal, checked
from replay.walking import READ, Source

NOTE: Final = "SecurityNote"
"""The name of such an entry."""

_NEEDLE: Final = NOTE.encode()


class Noted(msgspec.Struct, frozen=True):
    """One note. ``time``: when it happened (µs), which may be before the entry was written (``written``)."""

    position: int
    time: int
    written: int
    who: Principal
    what: str
    facts: Mapping[str, str]

    @property
    def times(self) -> int:
        """How often it happened: once, or as often as was counted."""
        counted = self.facts.get("times", "1")
        return int(counted) if counted.isdecimal() else 1


async def notes(
    source: Source, hospital: str, start: int, end: int, *, what: str = "", principal: str = ""
) -> AsyncIterator[Noted]:
    """The notes between two positions of the access log, both included, in order; each record's hash is held.

    ``what``: of this kind alone; ``principal``: of this account alone.
    """
    needles = [_NEEDLE, *(text.encode() for text in (what, principal) if text)]
    while start <= end:
        records = await source.read(hospital + BESIDE, start, min(READ, end - start + 1))
        if not records:
            return
        for position, record in records:
            if all(needle in record for needle in needles):  # most of a long log are looks
                found = noted_of(position, checked(record))
                if found is not None and what in ("", found.what) and principal in ("", found.who.name):
                    yield found
        start = records[-1][0] + 1


def noted_of(position: int, data: bytes) -> Noted | None:
    """The note of an entry; ``None`` where it is a look."""
    try:
        entry = _ENTRY.decode(data)[0]
        if entry.name != NOTE:
            return None
        said = _SAID.decode(entry.command)
    except msgspec.MsgspecError as error:
        raise LogCorrupt(f"position {position} of the access log cannot be read: {error}") from error
    return Noted(position, said.time or entry.time, entry.time, entry.who, said.what, said.facts)


class _Said(msgspec.Struct):
    what: str
    facts: dict[str, str]
    time: int = 0


class _Entry(msgspec.Struct):
    time: int
    name: str
    who: Principal
    command: msgspec.Raw


_SAID: Final = msgspec.msgpack.Decoder(_Said)
_ENTRY: Final = msgspec.msgpack.Decoder(tuple[_Entry, msgspec.Raw])
