"""A day of a log, the same day by the model, and the same day under other policies, beside each other.

The model's own error is how far the day by the model, nothing changed, is from the log; a difference between policies
that is no larger than that says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from engine import calendar
from engine.actors.hospital import HOSPITAL
from engine.errors import Invalid, NotFound
from engine.recovery import Book
from replay.moments import position_at, time_at, zone_of
from replay.walking import READ, Source
from replay.whatif.figures import EVERYBODY, Figures, Seen, Visit, seen
from replay.whatif.recorded import Recorded
from replay.whatif.recording import Recorder
from replay.whatif.rooming import Rooms, RoomsTried, RuleFile, read_rules
from replay.whatif.running import Assumed, Run
from replay.whatif.variation import Variation
from replay.whatif.world import Opening, Veiled, World


class Error(msgspec.Struct, frozen=True, kw_only=True):
    """How far the model, nothing changed, is from the log. Minutes; of visits that both have."""

    visits: int
    mean: float
    largest: float
    only_in_log: int
    only_in_model: int
    ended_otherwise: int
    """Visits that were served, or ended, in another way."""
    decided_otherwise: int

    @property
    def exact(self) -> bool:
        """Whether the model gives the log's own day, to a second."""
        return self.largest < 1 / 60 and not (
            self.only_in_log or self.only_in_model or self.ended_otherwise or self.decided_otherwise
        )


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be taken from the log as it was."""

    arrivals: int
    """Commands from outside that were asked again, or applied."""
    unusable: int
    """Refused arrivals of which the log has only ids: who they were nobody knows, under no policy."""
    unusual_calls: int
    counters: int
    """Counters at which somebody was called."""
    calls: int
    absences: int


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One policy: its figures, and what had to be assumed for them."""

    name: str
    variation: Variation
    figures: Figures
    assumed: Assumed
    without_effect: int
    drifted: int
    rooms: tuple[RoomsTried, ...] = ()
    """Where it has rules of rooms: every clinic's day under these."""
    visits: tuple[Visit, ...] = ()


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``until``: where the log ends before the day does, it is looked at up to there (µs)."""

    hospital: str
    day: str
    zone: str
    since: int
    until: int
    whole: bool
    positions: tuple[int, int]
    log: Figures
    baseline: Tried
    error: Error
    model: Model
    variants: tuple[Tried, ...]
    rooms: tuple[RoomsTried, ...] = ()
    """Where rules of rooms are tried: the same days chosen again under the rules in force."""
    log_visits: tuple[Visit, ...] = ()


class Read(NamedTuple):
    """Days of a log as they were read: what they began with, what came from outside, and the states at their end.

    ``positions`` and instants (``since``, ``until``) are those that were looked at; ``whole``: the last day is over.
    """

    opening: Opening
    recorded: Recorded
    book: Book
    positions: tuple[int, int]
    since: int
    until: int
    whole: bool
    zone: str


async def read_day(
    source: Source, hospital: str, day: str, *, ahead: int = 0, advance: Callable[[int], None] = lambda _: None
) -> Read:
    """The local ``day`` and ``ahead`` days before it.

    ``NotFound`` for a hospital without a log, ``Invalid`` for a day of which the log has nothing.
    """
    head = await source.head(hospital)
    if not head:
        raise NotFound(f"there is no log of hospital {hospital!r}")
    zone = await zone_of(source, hospital)
    bounds = _bounds(day, zone)
    since = calendar.day_bounds(calendar.shift(day, -ahead), zone).start
    first, last = await position_at(source, hospital, since - 1), await position_at(source, hospital, bounds.end - 1)
    if last <= first:
        raise Invalid(f"the log of {hospital} has no entry on {day}; it has entries up to position {head}", field="day")
    book = Book(hospital, Veiled(hospital))
    await _fold(source, book, first, advance)
    first = await _after_founding(source, book, last, advance)
    opening = Opening.of(book)
    recorder = Recorder(book, zone)
    while book.head < last:
        for position, record in await source.read(hospital, book.head + 1, min(READ, last - book.head)):
            recorder.take(position, record)
            advance(1)
    whole = last < head
    until = bounds.end if whole else await time_at(source, hospital, last) + 1
    return Read(opening, recorder.end(until), book, (first + 1, last), since, until, whole, zone)


async def compare(
    source: Source,
    hospital: str,
    day: str,
    variations: Sequence[Variation],
    *,
    ahead: int = 0,
    advance: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """The local ``day`` under each variation; they act from ``ahead`` days before it on."""
    read = await read_day(source, hospital, day, ahead=ahead, advance=advance)
    opening, recorded, until = read.opening, read.recorded, read.until
    of_log = seen(read.book, day, until, recorded.refused)
    files = [read_rules(one.rules) if one.rules else None for one in variations]
    rooms = Rooms(source, Opening.of(read.book), day) if any(files) else None
    unchanged = Variation(name="the model, nothing changed")

    async def _variant(variation: Variation, file: RuleFile | None) -> Tried:
        tried = _try(opening, recorded, variation, day, until)[0]
        under = await rooms.under(file) if rooms is not None and file is not None else ()
        return msgspec.structs.replace(tried, rooms=under)

    baseline, as_it_was, otherwise = _try(opening, recorded, unchanged, day, until)
    return Comparison(
        hospital=hospital,
        day=day,
        zone=read.zone,
        since=read.since,
        until=until,
        whole=read.whole,
        positions=read.positions,
        log=of_log.figures,
        baseline=baseline,
        error=_error(of_log, as_it_was, otherwise),
        model=_model(recorded),
        variants=tuple([await _variant(one, file) for one, file in zip(variations, files, strict=True)]),
        rooms=await rooms.under(None) if rooms is not None else (),
        log_visits=of_log.visits,
    )


def _bounds(day: str, zone: str) -> calendar.Bounds:
    try:
        return calendar.day_bounds(day, zone)
    except ValueError:
        raise Invalid(f"{day!r} is no day: say YYYY-MM-DD", field="day") from None


async def _fold(source: Source, book: Book, until: int, advance: Callable[[int], None]) -> None:
    while book.head < until:
        records = await source.read(book.hospital, book.head + 1, min(READ, until - book.head))
        for _ in book.folded(records):
            pass
        advance(len(records))


async def _after_founding(source: Source, book: Book, last: int, advance: Callable[[int], None]) -> int:
    """A log that begins on this day begins with the hospital itself, before which there is nothing to vary."""
    cell = book.cell(HOSPITAL)
    if cell is None or not cell.version:
        await _fold(source, book, min(book.head + 1, last), advance)
    return book.head


def _try(opening: Opening, recorded: Recorded, variation: Variation, day: str, until: int) -> tuple[Tried, Seen, int]:
    world = World(opening)
    outcome = Run(world, recorded, variation, until).go()
    found = seen(world.book, day, until, outcome.refused)
    tried = Tried(
        name=variation.name,
        variation=variation,
        figures=found.figures,
        assumed=outcome.assumed,
        without_effect=outcome.without_effect,
        drifted=outcome.drifted,
        visits=found.visits,
    )
    return tried, found, outcome.otherwise + outcome.without_effect


def _error(log: Seen, model: Seen, otherwise: int) -> Error:
    here, there = ({one.id: one for one in some.visits} for some in (log, model))
    both = [id for id in here if id in there]
    apart = [_apart(here[id], there[id]) for id in both]
    return Error(
        visits=len(both),
        mean=round(sum(apart) / len(apart) / 60_000_000, 3) if apart else 0.0,
        largest=round(max(apart, default=0) / 60_000_000, 3),
        only_in_log=len(here) - len(both),
        only_in_model=len(there) - len(both),
        ended_otherwise=sum(_came_to(here[id]) != _came_to(there[id]) for id in both),
        decided_otherwise=otherwise,
    )


def _came_to(visit: Visit) -> tuple[str, bool]:
    return visit.status, bool(visit.started)


def _apart(here: Visit, there: Visit) -> int:
    """How far two visits are apart: in when the waiting ended and, where both were served, until when that took."""
    apart = abs(here.until - there.until)
    return max(apart, abs(here.ended - there.ended)) if here.ended and there.ended else apart


def _model(recorded: Recorded) -> Model:
    worked = [shift for shift in recorded.shifts.values() if shift.calls]
    return Model(
        arrivals=len(recorded.roots),
        unusable=recorded.unusable,
        unusual_calls=recorded.unusual_calls,
        counters=len({key[:2] for key, shift in recorded.shifts.items() if shift.calls}),
        calls=sum(len(shift.calls) for shift in worked),
        absences=sum(len(shift.absences) for shift in worked),
    )


def difference(before: Any, after: Any) -> Any:
    """How much more or less, of numbers; ``None`` where there is no number on both sides."""
    if isinstance(before, int | float) and isinstance(after, int | float):
        return round(after - before, 4)
    return None


def groups(comparison: Comparison) -> list[str]:
    """Every group of which waits are told, everybody first."""
    named: dict[str, None] = {EVERYBODY: None}
    for figures in (comparison.log, comparison.baseline.figures, *(one.figures for one in comparison.variants)):
        named |= dict.fromkeys(figures.waits)
    return list(named)
