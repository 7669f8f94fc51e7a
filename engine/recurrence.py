"""Times that come again and again: RFC 5545 rules on the wall clock of a zone; it knows no actor and no clock.

Of the RFC's rules only daily and weekly ones (``FREQ``, ``INTERVAL``, ``BYDAY``, ``WKST``, ``COUNT`` or ``UNTIL``):
that is what a room's maintenance and a patient's series are made of, and no text of it can make anybody count for
long. The library counts the days; here the window is moved to where somebody looks, so that the hundredth year of an
endless rule costs what its first day does, and wall times become instants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final, Literal, NamedTuple

import msgspec
from dateutil.rrule import DAILY, WEEKLY, rrule

from engine import calendar
from engine.calendar import Bounds
from engine.decider import DAY
from engine.errors import Invalid

MAX_TEXT: Final = 200
"""Characters of a rule; all weekdays and an end take 80."""
MAX_INTERVAL: Final = 400
MAX_COUNT: Final = 1_000
"""Each is counted once; a rule that should go on for longer says until when, or for ever."""
MAX_SERIES_DAYS: Final = 400

_PARTS: Final = ("FREQ", "INTERVAL", "BYDAY", "WKST", "COUNT", "UNTIL")
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNTIL: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?", re.ASCII)
# Where the clocks change, a local time and its instant drift apart; Pacific/Apia once left out a whole day.
_SLACK: Final = timedelta(hours=26)
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was understood. ``text``: the same in one form, to be kept. Weekdays: 0 is Monday."""

    text: str
    freq: Literal["DAILY", "WEEKLY"]
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    week_start: int = 0
    count: int = 0
    """0: no such end."""
    until: datetime | None = None
    """Aware: an instant; naive: a local wall time, which is the day's last where only a day was said."""

    @property
    def endless(self) -> bool:
        """Whether it says no end."""
        return not self.count and self.until is None


class LocalStart(NamedTuple):
    """One time of a series: ``local`` as ``2026-03-29T02:30``, ``start`` in µs; ``None``: the clocks skip it."""

    local: str
    start: int | None


def parse_rrule(text: str, field: str) -> Rule:
    """The rule that a text says, with or without ``RRULE:``; ``Invalid`` with this field for any other text."""
    if len(text) > MAX_TEXT:
        raise Invalid(f"a rule has {MAX_TEXT} characters at most", field=field)
    try:
        return _parsed(text.strip().upper().removeprefix("RRULE:"))
    except _Misread as misread:
        raise Invalid(str(misread), field=field) from None


def occurrences(
    rule: Rule, start: int, end: int, time_zone: str, window_from: int, window_to: int, limit: int
) -> Iterator[Bounds]:
    """The first ``limit`` times of a rule that share a moment with the window, in order; all in µs.

    ``start`` and ``end`` are those of the first time. Each lasts as long on the wall clock: a start that the clocks
    skip lies behind the gap, one that comes twice is the first, an end that comes twice the second; a time of which
    the gap leaves nothing is left out.
    """
    return islice(_occurrences(rule, start, end, time_zone, window_from, window_to), limit)


def series_starts(rule: Rule, start: int, time_zone: str, limit: int) -> list[LocalStart]:
    """All times of a series that begins at ``start`` (µs), in order.

    ``Invalid`` (field ``rrule``) when it has no end, when ``start`` is none of them, when they are more than
    ``limit`` or reach further than ``MAX_SERIES_DAYS``.
    """
    if rule.endless:
        raise Invalid("a series ends: the rule needs a COUNT or an UNTIL", field="rrule")
    first = _local(start, time_zone)
    if not begins(rule, start, time_zone):
        raise Invalid("the first time is none of the rule's", field="rrule")
    last = _last(rule, first, time_zone)
    assert last is not None
    found = list(islice(_local_starts(rule, first, time_zone, first, last), limit + 1))
    if len(found) > limit or found[-1] > first + timedelta(days=MAX_SERIES_DAYS):
        raise Invalid(f"a series has {limit} times at most, within {MAX_SERIES_DAYS} days", field="rrule")
    return [LocalStart(_shown(local), _exact(local, time_zone) if local != first else start) for local in found]


def begins(rule: Rule, start: int, time_zone: str) -> bool:
    """Whether this instant (µs) is a time of the rule when it is the first."""
    first = _local(start, time_zone)
    return any(local == first for local in _local_starts(rule, first, time_zone, first, first))


def ends_by(rule: Rule, start: int, end: int, time_zone: str) -> int | None:
    """An instant (µs) by which the last time of the rule is over, two days too late at most; ``None``: never."""
    if rule.endless:
        return None
    first = _local(start, time_zone)
    last = _last(rule, first, time_zone)
    assert last is not None
    return _first_of(max(last, first), time_zone) + max(end - start, 0) + 2 * DAY


class _Misread(Exception):
    """What is wrong with a rule's text."""


@lru_cache(maxsize=4_096)
def _parsed(text: str) -> Rule:
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise _Misread("a rule is made of NAME=VALUE, such as FREQ=WEEKLY;BYDAY=MO")
        if name in parts:
            raise _Misread(f"{name} stands twice in the rule")
        if name not in _PARTS:
            raise _Misread("a rule may say FREQ, INTERVAL, BYDAY, WKST, COUNT and UNTIL")
        parts[name] = value
    freq: Literal["DAILY", "WEEKLY"]
    match parts.get("FREQ"):
        case "DAILY":
            freq = "DAILY"
        case "WEEKLY":
            freq = "WEEKLY"
        case _:
            raise _Misread("FREQ is DAILY or WEEKLY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _Misread("a rule ends by COUNT or by UNTIL, not by both")
    weekdays = tuple(
        sorted({_weekday(name, "BYDAY") for name in parts["BYDAY"].split(",")} if "BYDAY" in parts else ())
    )
    known = ("FREQ", "INTERVAL", "BYDAY", "WKST", "COUNT", "UNTIL")
    canonical = {**parts, "BYDAY": ",".join(_WEEKDAYS[day] for day in weekdays)}
    return Rule(
        text=";".join(f"{name}={canonical[name]}" for name in known if canonical.get(name)),
        freq=freq,
        interval=_number(parts.get("INTERVAL", "1"), "INTERVAL", MAX_INTERVAL),
        weekdays=weekdays,
        week_start=_weekday(parts.get("WKST", "MO"), "WKST"),
        count=_number(parts["COUNT"], "COUNT", MAX_COUNT) if "COUNT" in parts else 0,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
    )


def _weekday(name: str, part: str) -> int:
    if name not in _WEEKDAYS:
        raise _Misread(f"{part} names weekdays: {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(name)


def _number(text: str, part: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise _Misread(f"{part} is a number from 1 to {most}")
    return int(text)


def _until(text: str) -> datetime:
    matched = _UNTIL.fullmatch(text)
    try:
        assert matched is not None
        year, month, day = (int(part) for part in matched.group(1, 2, 3))
        wanted = date(year, month, day)
        if matched.group(4) is None:
            wall = time.max
        else:
            hour, minute, second = (int(part) for part in matched.group(4, 5, 6))
            wall = time(hour, minute, second, tzinfo=UTC if matched.group(7) else None)
    except (AssertionError, ValueError):
        raise _Misread("UNTIL is a day or a time, such as 20261231 or 20261231T225959Z") from None
    # Some calendars write 9999 for never.
    return datetime.combine(min(wanted, calendar.LAST_DAY), wall)


def _occurrences(
    rule: Rule, start: int, end: int, time_zone: str, window_from: int, window_to: int
) -> Iterator[Bounds]:
    first, last = _local(start, time_zone), _local(end, time_zone)
    # Where the clocks go back, an end may be shown before its start.
    lasting = last - first if last > first else timedelta(microseconds=end - start)
    from_ = _local(window_from, time_zone) - lasting - _SLACK
    to = _local(window_to, time_zone) + _SLACK
    for local in _local_starts(rule, first, time_zone, max(from_, first), to):
        if local == first:
            bounds = Bounds(start, end)
        else:
            bounds = Bounds(_first_of(local, time_zone), _last_of(local + lasting, time_zone))
        if bounds.start < bounds.end and bounds.start < window_to and bounds.end > window_from:
            yield bounds


def _local_starts(rule: Rule, first: datetime, time_zone: str, from_: datetime, to: datetime) -> Iterator[datetime]:
    """The rule's wall times from ``from_`` to ``to``, both included."""
    if _never(rule, first):
        return  # the library would look for one until the year 9999
    last = _last(rule, first, time_zone)
    period = timedelta(days=rule.interval * (7 if rule.freq == "WEEKLY" else 1))
    # The library counts from the first time on; one period before the window it knows as much.
    anchor = first + period * max(0, (from_ - first) // period - 1)
    until = to if last is None else min(last, to)
    if until >= anchor:
        for local in _counted(rule, anchor, until=until):
            if local >= from_:
                yield local


def _never(rule: Rule, first: datetime) -> bool:
    """Whether none of its days is one of its weekdays; every seventh step falls on the same one."""
    if rule.freq == "WEEKLY" or not rule.weekdays:
        return False
    return all((first.weekday() + step * rule.interval) % 7 not in rule.weekdays for step in range(7))


@lru_cache(maxsize=16_384)
def _last(rule: Rule, first: datetime, time_zone: str) -> datetime | None:
    """The wall time after which the rule has no time; ``None``: it has no end."""
    if rule.count:
        return first if _never(rule, first) else max(_counted(rule, first, count=rule.count), default=first)
    if rule.until is None or rule.until.tzinfo is None:
        return rule.until
    return rule.until.astimezone(calendar.zone(time_zone)).replace(tzinfo=None, fold=0)


def _counted(rule: Rule, first: datetime, *, until: datetime | None = None, count: int | None = None) -> rrule:
    return rrule(
        WEEKLY if rule.freq == "WEEKLY" else DAILY,
        dtstart=first,
        interval=rule.interval,
        byweekday=rule.weekdays or None,
        wkst=rule.week_start,
        until=until,
        count=count,
    )


def _local(microseconds: int, time_zone: str) -> datetime:
    return calendar.local_time(microseconds, time_zone).replace(tzinfo=None, fold=0, microsecond=0)


def _shown(local: datetime) -> str:
    return local.isoformat(timespec="minutes")


def _exact(local: datetime, time_zone: str) -> int | None:
    return calendar.at_local(local.date(), local.time(), time_zone)


def _first_of(local: datetime, time_zone: str) -> int:
    """The first instant at which the clocks show this or, where they skip it, more."""
    before = _utc(local, time_zone, 0)
    after = _utc(local, time_zone, 1)
    if after >= before:
        return before
    # The clocks skip it: the jump lies within [after, before].
    while after < before:
        middle = (after + before) // 2
        if _local(middle, time_zone) >= local:
            before = middle
        else:
            after = middle + 1
    return before


def _last_of(local: datetime, time_zone: str) -> int:
    """The second instant where the clocks show this twice; otherwise the first."""
    first, second = _first_of(local, time_zone), _utc(local, time_zone, 1)
    return max(first, second)


def _utc(local: datetime, time_zone: str, fold: int) -> int:
    aware = local.replace(tzinfo=calendar.zone(time_zone), fold=fold)
    return (aware.astimezone(UTC) - _EPOCH) // _MICROSECOND
