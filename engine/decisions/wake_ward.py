"""What happens in a ward by itself: a bed that was kept for somebody who has not come is kept no longer.

R1  All that is due at this instant is one decision, and so is giving the beds to who waits.
R2  Overtaken (nothing is due any more), it does nothing.
"""

from __future__ import annotations

from engine.actors.hospital import Id
from engine.actors.ward.commands import EndReservation
from engine.actors.ward.state import Ward, ward_key
from engine.decider import At, Deciding, Decision, Done, Look, Value
from engine.decisions import finding
from engine.decisions.assigning.plan import Plan


class WakeWard(Value, frozen=True):
    """The timer of a ward; ``due`` is the instant (µs) for which it was set."""

    ward_id: Id
    due: int


def wake_ward(command: WakeWard, at: At) -> Deciding:
    """R1, R2: a ward has a bounded number of beds, so this needs no bound of its own."""
    hospital = yield from finding.the_hospital()
    ward: Ward | None = yield Look(ward_key(command.ward_id))
    over = [] if ward is None else [bed_id for until, bed_id in ward.lapses if until <= at.time]
    if not over:
        return Done()
    plan = Plan(hospital, at)
    for bed_id in over:
        yield from plan.ward(command.ward_id, EndReservation(bed_id, "expired"))
    yield from plan.drain()
    yield from plan.propose()
    return Done()


WAKE_WARD = Decision(command=WakeWard, run=wake_ward, home=lambda command, find: ward_key(command.ward_id))
