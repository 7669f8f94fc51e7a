"""Moments as people name them: a position, an instant, or a time on the hospital's clocks.

A moment stands for the state of the log just after it: all entries up to that position, or up to that instant.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final, NamedTuple

import msgspec

from engine import calendar
from engine.actors.hospital import HospitalAdded
from engine.errors import Invalid, LogCorrupt
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import Keyring
from replay.segments.source import SegmentSource
from replay.walking import Source

_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?")


class Position(NamedTuple):
    """The entry with this number, and all before it."""

    number: int


class Instant(NamedTuple):
    """All that happened until then, in µs since 1970 UTC, that instant included."""

    time: int


def parse(text: str, zone: str, day: str = "") -> Position | Instant:
    """What ``417``, ``2026-11-22T10:00:00Z``, ``2026-11-22T10:00``, ``2026-11-22`` or ``10:00`` says.

    A time without an offset is on the clocks of ``zone``; one without a date is of ``day``. A date is its first
    instant. ``Invalid`` (field ``moment``) for anything else, and for a time that the clocks skip.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return Position(int(text))
    try:
        if _CLOCK.fullmatch(text) and day:
            return _local(date.fromisoformat(day), time.fromisoformat(text.zfill(5)), zone, text)
        if len(text) == len("2026-11-22"):
            date.fromisoformat(text)
            return Instant(calendar.day_bounds(text, zone).start)
        named = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            "this names no moment: give a position (417), a time (2026-11-22T10:00:00Z), a time on the "
            "hospital's clocks (2026-11-22T10:00, or 10:00 on the log's last day), or a date",
            field="moment",
        ) from None
    if named.tzinfo is None:
        return _local(named.date(), named.time(), zone, text)
    return Instant(calendar.instant(named, "moment"))


def _local(day: date, wall: time, zone: str, text: str) -> Instant:
    found = calendar.at_local(calendar.checked(day, "moment"), wall, zone)
    if found is None:
        raise Invalid(f"{text}: the clocks of {zone} never showed this time", field="moment")
    return Instant(found)


async def position_of(source: Source, hospital: str, text: str) -> int:
    """The position at a moment given as text, on this hospital's clocks; never beyond the log's end."""
    head = await source.head(hospital)
    zone, day = await zone_of(source, hospital), ""
    if head:
        day = calendar.local_day(await time_at(source, hospital, head), zone)
    named = parse(text, zone, day)
    if isinstance(named, Position):
        if named.number > head:
            raise Invalid(f"the log of {hospital} ends at position {head}", field="moment")
        return named.number
    return await position_at(source, hospital, named.time)


async def moments_between(source: Source, log: str, since: str, until: str, zone: str) -> tuple[int, int]:
    """The first and the last position of a stretch; what is left out is the log's own beginning or end.

    A position includes itself at both ends. From an instant on means whatever is not before it.
    """
    head = await source.head(log)
    day = calendar.local_day(await time_at(source, log, head), zone) if head else ""
    first, last = await first_of(source, log), head
    if since:
        named = parse(since, zone, day)
        first = await position_at(source, log, named.time - 1) + 1 if isinstance(named, Instant) else named.number
        if first > head + 1:
            raise Invalid(f"the log ends at position {head}", field="moment")
    if until:
        named = parse(until, zone, day)
        last = await position_at(source, log, named.time) if isinstance(named, Instant) else min(named.number, head)
    return max(first, 1), last


async def position_at(source: Source, hospital: str, microseconds: int) -> int:
    """The position of the last entry not later than this instant, 0 when there is none: times rise with positions."""
    low, high = await first_of(source, hospital) - 1, await source.head(hospital)
    while low < high:
        middle = (low + high + 1) // 2
        if await time_at(source, hospital, middle) <= microseconds:
            low = middle
        else:
            high = middle - 1
    return low


async def time_at(source: Source, hospital: str, position: int) -> int:
    """When the entry at this position was decided."""
    [record] = await source.read_at(hospital, [position])
    return time_of(record)


def time_of(record: bytes) -> int:
    """When a stored record was decided; nothing else of it is looked at, its hash neither."""
    try:
        return _TIMED.decode(record[32:])[0].time
    except msgspec.MsgspecError as error:
        raise LogCorrupt(f"an entry cannot be read: {error}") from error


async def zone_of(source: Source, hospital: str) -> str:
    """The time zone of a hospital: its first entry says it, once and for all. UTC where that is not here."""
    records = await source.read(hospital, 1, 1) if await first_of(source, hospital) == 1 else []
    for _, record in records:
        codec = Codec((HospitalAdded,), Keyring(hospital, _no_entropy))
        for change in codec.decode(checked(record)).changes:
            for event in change.events:
                zone: str = event.time_zone
                return zone
    return "UTC"


async def first_of(source: Source, log: str) -> int:
    """The first position that is here: 1, unless these are segments of a part of the log."""
    return await source.first(log) if isinstance(source, SegmentSource) else 1


class _Timed(msgspec.Struct):
    time: int


_TIMED: Final = msgspec.msgpack.Decoder(tuple[_Timed, msgspec.Raw])


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")
