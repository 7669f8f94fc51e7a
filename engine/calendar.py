"""Instants, local days and wall-clock times of a hospital's zone; it knows no actor and no clock.

An instant is an int (µs since 1970-01-01 UTC), a day the text ``YYYY-MM-DD`` of a local date. A local day lasts
23, 24 or 25 hours, in some zones and years none at all (Pacific/Apia left out 2011-12-30).
What a person typed and no calendar can hold is ``Invalid``, never an ``OverflowError``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Nothing a hospital books lies outside; inside, no sum of an instant with days of delay, grace or
# zone offset leaves the range of ``datetime``, so that no other file has to guard against it.
FIRST_DAY = date(1970, 1, 2)
LAST_DAY = date(2199, 12, 30)

# Files of the zone database that are no zones, or differ from machine to machine.
_NOT_ZONES = frozenset({"localtime", "posixrules", "Factory"})


class Bounds(NamedTuple):
    """A half-open stretch of time, in µs: ``start <= instant < end``."""

    start: int
    end: int


@lru_cache(maxsize=1_024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of this name; ``Invalid`` (field ``time_zone``) when there is none."""
    if name not in _NOT_ZONES and not name.startswith(("posix/", "right/")):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass  # an unknown name, a path that leads out of the database, a folder of it
    raise Invalid("time_zone is the name of an IANA zone, such as Asia/Kolkata", field="time_zone")


def instant(moment: datetime, field: str) -> int:
    """The instant of an aware datetime; ``Invalid`` when naive or outside ``FIRST_DAY``..``LAST_DAY``."""
    if moment.utcoffset() is None:
        raise Invalid(f"{field} needs an offset from UTC", field=field)
    # Subtraction of aware datetimes goes through timedelta and cannot overflow; astimezone could.
    microseconds = (moment - _EPOCH) // _MICROSECOND
    if not _FIRST <= microseconds <= _LAST:
        raise Invalid(f"{field} lies outside {FIRST_DAY}..{LAST_DAY}", field=field)
    return microseconds


@lru_cache(maxsize=1_024)
def moment(microseconds: int) -> datetime:
    """The aware datetime, in UTC, of an instant; an answer names the same ones several times."""
    return _EPOCH + timedelta(0, 0, microseconds)


def local_day(microseconds: int, time_zone: str) -> str:
    """The local date of an instant."""
    return moment(microseconds).astimezone(zone(time_zone)).date().isoformat()


def local_time(microseconds: int, time_zone: str) -> datetime:
    """The instant as the hospital's clocks show it."""
    return moment(microseconds).astimezone(zone(time_zone))


@lru_cache(maxsize=4_096)
def day_bounds(day: str, time_zone: str) -> Bounds:
    """From the first instant of a local day to the first of the next."""
    first, then = date.fromisoformat(day), date.fromisoformat(shift(day, 1))
    return Bounds(_start_of(first, time_zone), _start_of(then, time_zone))


def at_local(day: date, wall: time, time_zone: str) -> int | None:
    """The instant at which the local clock shows this, the first of two; ``None`` when it skips this time."""
    local = datetime.combine(day, wall.replace(tzinfo=None, fold=0), zone(time_zone))
    microseconds = (local.astimezone(UTC) - _EPOCH) // _MICROSECOND
    shown = local_time(microseconds, time_zone)
    return microseconds if shown.replace(tzinfo=None) == local.replace(tzinfo=None, fold=shown.fold) else None


def shift(day: str, days: int) -> str:
    """The day so many days later (earlier when negative)."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def checked(day: date, field: str) -> date:
    """The same date; ``Invalid`` when it is outside ``FIRST_DAY``..``LAST_DAY``."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid(f"{field} lies outside {FIRST_DAY}..{LAST_DAY}", field=field)
    return day


def _start_of(day: date, time_zone: str) -> int:
    midnight = datetime.combine(day, time(), zone(time_zone))
    before = (midnight.astimezone(UTC) - _EPOCH) // _MICROSECOND
    after = (midnight.replace(fold=1).astimezone(UTC) - _EPOCH) // _MICROSECOND
    if after >= before:  # midnight exists, or is shown twice: the day begins with the first
        return before
    # The clock skips midnight: the day begins at the jump, which lies within [after, before].
    wanted = day.isoformat()
    while after < before:
        middle = (after + before) // 2
        if local_day(middle, time_zone) >= wanted:
            before = middle
        else:
            after = middle + 1
    return before


_FIRST = (datetime.combine(FIRST_DAY, time(), UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.combine(LAST_DAY, time(), UTC) - _EPOCH) // _MICROSECOND
