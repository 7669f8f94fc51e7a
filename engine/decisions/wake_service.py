"""What happens in a service by itself: long waits are lifted, what lasts too long is said, and its day ends.

R1  Nothing is completed, called or cancelled by the clock; only the end of the day ends what still waits.
R2  Overtaken (nothing is due any more), it does nothing.
"""

from __future__ import annotations

from engine.actors.hospital import Id
from engine.actors.service import service_key
from engine.actors.service.commands import Wake
from engine.actors.service.state import Service
from engine.decider import At, Deciding, Decision, Done, Look, Value
from engine.decisions import finding
from engine.decisions.services import close_day
from engine.decisions.visits import ask_service


class WakeService(Value, frozen=True):
    """The timer of a service; ``due`` is the instant (µs) for which it was set."""

    service_id: Id
    due: int


def wake_service(command: WakeService, at: At) -> Deciding:
    """R1, R2."""
    hospital = yield from finding.the_hospital()
    service: Service | None = yield Look(service_key(command.service_id))
    if service is None:
        return Done()
    if 0 < service.next_close_at <= at.time:
        yield from close_day(hospital, service, at)
    else:
        yield from ask_service(service.id, Wake(), hospital, at)
    return Done()


WAKE_SERVICE = Decision(
    command=WakeService, run=wake_service, home=lambda command, find: service_key(command.service_id)
)
