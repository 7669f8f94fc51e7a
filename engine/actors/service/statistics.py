"""A service's figures of one local day: what ended on it and, of today, what is going on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.actors.service.state import RANK, Priority, Service
from engine.actors.service_day import ServiceDay, percentile
from engine.decider import MINUTE

STATES: Final = ("waiting", "consulting", "completed", "cancelled", "no_show", "expired", "transferred")


class StateCounts(msgspec.Struct, frozen=True):
    """How many tickets are, or ended, in which state."""

    waiting: int
    consulting: int
    completed: int
    cancelled: int
    no_show: int
    expired: int
    transferred: int


class Spread(msgspec.Struct, frozen=True):
    """Durations in minutes; ``None`` where there are none."""

    average: float | None
    p50: float | None
    p95: float | None


class StatisticsView(msgspec.Struct, frozen=True):
    """One day of a service. Waits are of all who left this service by then, served or not."""

    service_id: str
    date: str
    waiting: int
    consulting: int
    completed: int
    cancelled: int
    no_show: int
    expired: int
    transferred: int
    by_priority: dict[Priority, StateCounts]
    wait_minutes: Spread
    service_minutes: Spread
    lifts: int


def statistics_view(service: Service, date: str, day: ServiceDay | None, *, today: bool) -> StatisticsView:
    """The figures of a local day; ``day``: what ended on it; ``today``: whether what is going on belongs to it."""
    rows = {priority: dict.fromkeys(STATES, 0) for priority in RANK}
    lifts = 0
    if today:
        for (_, priority, lifted), pool in service.pools.items():
            rows[priority]["waiting"] += len(pool)
            lifts += len(pool) * lifted
        for ticket in (*service.serving, *service.parked):
            rows[ticket.priority]["consulting"] += ticket.status == "consulting"
            lifts += ticket.lifted
    if day is not None:
        lifts += day.lifts
        for status, counts in day.counts.items():
            for priority, count in counts.items():
                rows[priority][status] += count
    total = {status: sum(row[status] for row in rows.values()) for status in STATES}
    return StatisticsView(
        service_id=service.id,
        date=date,
        **total,
        by_priority={priority: StateCounts(**row) for priority, row in rows.items()},
        wait_minutes=_spread(day.waits, day.waits_sum) if day is not None else _spread((), 0),
        service_minutes=_spread(day.services, day.services_sum) if day is not None else _spread((), 0),
        lifts=lifts,
    )


def _spread(durations: Sequence[int], total: int) -> Spread:
    if not durations:
        return Spread(None, None, None)
    average = total / len(durations)
    return Spread(_minutes(average), _minutes(percentile(durations, 50)), _minutes(percentile(durations, 95)))


def _minutes(duration: float) -> float:
    return round(duration / MINUTE, 2)
