"""How long a ticket will wait, as a range, from what consultations in this service took.

People ahead and those at the counters are turns that must end first; the counters end them side by side, and what
the present consultations have already taken is not waited for again. A closed counter counts for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from engine.actors.service.state import Service, Ticket
from engine.decider import MINUTE


class Wait(msgspec.Struct, frozen=True, gc=False):
    """Minutes, the least and the most expected."""

    low: int
    high: int


class Pace(NamedTuple):
    """What the estimates of one moment have in common (µs): read once, however many tickets are asked for."""

    counters: int
    busy: int
    average: int
    deviation: int
    taken: int
    """What a consultation of those going on has taken so far, on average; at most what one takes."""


def pace(service: Service, time: int) -> Pace:
    """How fast the queue goes at this moment."""
    opened = {counter.name for counter in service.settings.counters if counter.open}
    at_work = [ticket for ticket in service.serving if not ticket.counter or ticket.counter in opened]
    average = service.average
    taken = [min(max(time - ticket.started_at, 0), average) for ticket in at_work if ticket.started_at]
    return Pace(
        counters=max(len(opened), 1),
        busy=len(at_work),
        average=average,
        deviation=min(service.deviation, average),
        taken=sum(taken) // len(taken) if taken else 0,
    )


def expected_wait(pace: Pace, people_ahead: int) -> Wait:
    """The wait of somebody who has so many in front in line."""
    turns = people_ahead + pace.busy - pace.counters + 1
    if turns <= 0:
        return Wait(0, 0)
    least = max(turns * (pace.average - pace.deviation) - pace.taken, 0)
    most = max(turns * (pace.average + pace.deviation) - pace.taken, 0)
    unit = pace.counters * MINUTE
    return Wait(least // unit, -(-most // unit))


def estimate(service: Service, ticket: Ticket, time: int) -> Wait | None:
    """The wait of one ticket that waits; ``None`` of any other."""
    if ticket.status != "waiting":
        return None
    return expected_wait(pace(service, time), service.line.bisect_key_left(ticket.order))
