"""What a day came to, told from the states at its end: of the log, and of what would have been.

How the figures are made:
- A wait lasts from arrival to the start of the consultation; of a ticket without a token from joining. Who was not
  served is ``left`` where he still waits at the end. Percentiles are by nearest rank. Minutes have one decimal.
- ``seats``: the share of the seats of slots that were held or used; ``at_work``: the share of the time from a counter's
  first start to its last end in which it served. ``overtime``: how long doctors worked past the end of their last slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from engine.actors.slot.state import Slot, effective_end
from engine.decider import MINUTE
from engine.recovery import Book

EVERYBODY: Final = "everybody"


class Visit(msgspec.Struct, frozen=True):
    """One patient's way through one place (µs, 0: did not happen). ``until``: when the waiting ended."""

    id: str
    category: str
    """A tier, or the priority of a ticket without a token."""
    place: str
    arrived: int
    started: int
    ended: int
    until: int
    status: str

    @property
    def wait(self) -> int:
        """How long the patient waited who was served."""
        return max(0, self.started - self.arrived)


class Waits(msgspec.Struct, frozen=True):
    """Minutes of those who were served; ``left``: who still waits at the end."""

    served: int = 0
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    longest: float | None = None
    left: int = 0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One day. ``waits`` by who: everybody, ``category …``, ``doctor …``, ``service …``."""

    waits: dict[str, Waits]
    tokens: int
    completed: int
    no_shows: int
    no_shows_by_clock: int
    cancelled: int
    turned_away: int
    """Entries of waiting lists that ended without a token."""
    promotions: int
    overbooked: int
    overrides: int
    lifted: int
    left: int
    refused: dict[str, int]
    seats: float | None
    at_work: float | None
    overtime: float


class Seen(msgspec.Struct, frozen=True):
    """The figures and the visits they are made of."""

    figures: Figures
    visits: tuple[Visit, ...]


def seen(book: Book, day: str, until: int, refused: dict[str, int]) -> Seen:
    """What a local day came to up to ``until``, from the states as they are then."""
    slots = list(_slots(book, day))
    tickets = list(_tickets(book, day))
    tokens = [one for slot in slots for one in slot.tokens.values() if one.number]
    by_token = [visit for slot in slots for visit in _visits_of(slot, until)]
    queued = [(service, _visit(service, one, until), bool(one.token_id)) for service, one in tickets]
    loose = [visit for _, visit, has_token in queued if not has_token]
    visits = (*by_token, *loose)
    of_doctors = [visit for service, visit, has_token in queued if service.doctor_id and not has_token]
    waits = {EVERYBODY: _waits(visits)}
    waits |= _grouped("category", visits, lambda one: one.category)
    waits |= _grouped("doctor", (*by_token, *of_doctors), lambda one: one.place)
    elsewhere = [visit for service, visit, _ in queued if not service.doctor_id]
    waits |= _grouped("service", elsewhere, lambda one: one.place)
    held = [slot for slot in slots if slot.status != "CANCELLED"]
    used = sum(one.status in ("CONFIRMED", "COMPLETED") for slot in held for one in slot.tokens.values())
    figures = Figures(
        waits=waits,
        tokens=len(tokens),
        completed=sum(one.status in ("COMPLETED", "completed") for one in visits),
        no_shows=sum(slot.counters.no_shows for slot in slots) + sum(one.status == "no_show" for one in loose),
        no_shows_by_clock=sum(slot.counters.no_shows_by_clock for slot in slots),
        cancelled=sum(one.status == "CANCELLED" for one in tokens) + sum(one.status == "cancelled" for one in loose),
        turned_away=sum(
            one.status in ("DECLINED", "EXPIRED", "SLOT_CLOSED", "WAITING", "OFFERED") and not one.number
            for slot in slots
            for one in slot.tokens.values()
        ),
        promotions=sum(slot.counters.promotions for slot in slots),
        overbooked=sum(slot.counters.overbooked for slot in slots),
        overrides=sum(slot.counters.overrides for slot in slots),
        lifted=sum(slot.counters.lifts for slot in slots) + sum(one.lifted for _, one in tickets if not one.token_id),
        left=waits[EVERYBODY].left,
        refused=dict(sorted(refused.items())),
        seats=_share(used, sum(slot.max_capacity for slot in held)),
        at_work=_at_work(tickets),
        overtime=_minutes(_overtime(held)),
    )
    return Seen(figures, tuple(sorted(visits, key=lambda one: (one.arrived, one.id))))


def nearest_rank(ordered: Sequence[int], percent: int) -> int:
    """The value at rank ceil(percent/100 · n) of sorted, non-empty values."""
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def _slots(book: Book, day: str) -> Iterator[Slot]:
    for key in sorted(book.cells):
        if key.startswith("doctor_day:") and key.endswith(f":{day}"):
            cell = book.cell(key)
            for planned in cell.state.slots if cell is not None else ():
                slot = book.cell(f"slot:{planned.id}")
                if slot is not None:
                    yield slot.state


def _tickets(book: Book, day: str) -> Iterator[tuple[Any, Any]]:
    """Every ticket that is alive or ended on this day, and its service."""
    for key in sorted(book.cells):
        if key.startswith("service:") and (cell := book.cell(key)) is not None:
            service = cell.state
            over = book.cell(f"service_day:{service.id}:{day}")
            for ticket in (*service.tickets.values(), *(over.state.tickets.values() if over is not None else ())):
                yield service, ticket


def _visits_of(slot: Slot, until: int) -> Iterator[Visit]:
    for one in slot.tokens.values():
        if one.number and one.arrived_at:
            waiting = one.status == "CONFIRMED" and one.phase in ("ARRIVED", "CALLED")
            status = "waiting" if waiting else one.status
            ended = one.started_at or (until if waiting else one.ended_at or one.updated_at)
            yield Visit(
                one.id, one.category, slot.doctor_id, one.arrived_at, one.started_at, one.ended_at, ended, status
            )


def _visit(service: Any, one: Any, until: int) -> Visit:
    waiting = one.status in ("waiting", "called", "parked")
    status = "waiting" if waiting else one.status
    ended = one.started_at or (until if waiting else one.ended_at)
    place = service.doctor_id or service.name
    return Visit(one.id, f"{one.priority} priority", place, one.joined_at, one.started_at, one.ended_at, ended, status)


def _grouped(kind: str, visits: Iterable[Visit], by: Callable[[Visit], str]) -> dict[str, Waits]:
    groups: dict[str, list[Visit]] = {}
    for visit in visits:
        groups.setdefault(by(visit), []).append(visit)
    return {f"{kind} {name}": _waits(groups[name]) for name in sorted(groups)}


def _waits(visits: Iterable[Visit]) -> Waits:
    visits = list(visits)
    waits = sorted(one.wait for one in visits if one.started)
    left = sum(one.status == "waiting" for one in visits)
    if not waits:
        return Waits(left=left)
    return Waits(
        len(waits),
        _minutes(sum(waits) / len(waits)),
        _minutes(nearest_rank(waits, 50)),
        _minutes(nearest_rank(waits, 90)),
        _minutes(nearest_rank(waits, 95)),
        _minutes(waits[-1]),
        left,
    )


def _at_work(tickets: Iterable[tuple[Any, Any]]) -> float | None:
    """Of tickets that were served and are over; a counter that served one alone was at work all of that time."""
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for service, one in tickets:
        if one.started_at and one.ended_at:
            spans.setdefault((service.id, one.counter), []).append((one.started_at, one.ended_at))
    busy = sum(end - start for some in spans.values() for start, end in some)
    return _share(busy, sum(max(end for _, end in some) - min(start for start, _ in some) for some in spans.values()))


def _overtime(slots: Iterable[Slot]) -> int:
    ends: dict[str, int] = {}
    last: dict[str, int] = {}
    for slot in slots:
        ends[slot.doctor_id] = max(ends.get(slot.doctor_id, 0), effective_end(slot))
        worked = max((one.ended_at for one in slot.tokens.values() if one.started_at and one.ended_at), default=0)
        last[slot.doctor_id] = max(last.get(slot.doctor_id, 0), worked)
    return sum(max(0, last[doctor_id] - end) for doctor_id, end in ends.items())


def _minutes(microseconds: float) -> float:
    return round(microseconds / MINUTE, 1)


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
