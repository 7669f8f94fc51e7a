"""Who looked at whom: a hospital's access log, read and chosen from. What happened at the door is for another reader.

What a look is, ``engine.access`` says; here are only its bytes. Nothing in it is sealed: patients stand in it by id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from engine.errors import LogCorrupt
from engine.eventlog.directory import BESIDE
from engine.eventlog.entry import Principal, checked
from replay.walking import READ, Source

LOOK: Final = "Look"
"""The name of such an entry."""


class Access(msgspec.Struct, frozen=True):
    """One look. ``time``: when somebody looked (µs), which may be before the entry was written (``written``)."""

    position: int
    time: int
    written: int
    who: Principal
    query: str
    purpose: str
    patients: tuple[str, ...]


class Sought(msgspec.Struct, frozen=True):
    """Which looks: at this patient, of this account; both, where both are said."""

    patient: str = ""
    principal: str = ""


async def accesses(source: Source, hospital: str, sought: Sought, start: int, end: int) -> AsyncIterator[Access]:
    """The looks sought between two positions of the access log, both included, in order; each record's hash is held."""
    needles = [text.encode() for text in (sought.patient, sought.principal) if text]
    while start <= end:
        records = await source.read(hospital + BESIDE, start, min(READ, end - start + 1))
        if not records:
            return
        for position, record in records:
            if all(needle in record for needle in needles):  # few of a long log: the others are not decoded
                found = access_of(position, checked(record))
                if found is None:
                    continue
                if sought.patient in ("", *found.patients) and sought.principal in ("", found.who.name):
                    yield found
        start = records[-1][0] + 1


def access_of(position: int, data: bytes) -> Access | None:
    """The look that an entry of an access log tells of; ``None`` where it tells of something else."""
    try:
        entry = _ENTRY.decode(data)[0]
        if entry.name != LOOK:
            return None
        seen = _SEEN.decode(entry.command)
    except msgspec.MsgspecError as error:
        raise LogCorrupt(f"position {position} of the access log tells of no look: {error}") from error
    return Access(position, seen.time or entry.time, entry.time, entry.who, seen.query, seen.purpose, seen.patients)


class _Seen(msgspec.Struct):
    query: str
    patients: tuple[str, ...]
    purpose: str = ""
    time: int = 0


class _Entry(msgspec.Struct):
    time: int
    name: str
    who: Principal
    command: msgspec.Raw


_SEEN: Final = msgspec.msgpack.Decoder(_Seen)
_ENTRY: Final = msgspec.msgpack.Decoder(tuple[_Entry, msgspec.Raw])
