"""A service: one live queue with its counters and the tickets that are alive in it.

It knows its patients by id only, and nothing of their tickets elsewhere, of slots, or of tickets that are over: those
are with the service's day. A place in line is an index, so places are 1..n at every instant. The rules, by the file
that holds them:

joining.py   R1   Opened once; the names of its counters are unique.
             R2   Who may join: nobody while inactive or closed, only high priority in an emergency; up to the
                  capacity and until the last ticket's time, which bind no check-in and no transfer.
             R3   A patient has one ticket here at a time; somebody unknown may have many.
             R17  Codes come from a series that begins anew with the day, once none of its tickets is alive.
             R18  A counter that serves a patient does not vanish from the settings.
             R19  Any status may follow any other.
line.py      R4   The order is that of priority, then arrival, then joining; another priority keeps the arrival.
calling.py   R5   A counter that is open and free gets the first in line whom it can serve and who may be called;
                  where calls are shared, by turns, after who was lifted. Of an empty queue nothing comes.
             R7   Out of turn with a reason; the order of the others stays.
             R8   Announced again, not at once.
             R9   Who does not answer goes some places back for a while, and after some calls is a no-show.
ending.py    R6   waiting, called, consulting, completed: each step a person's act, an illegal one names both states;
                  nothing completes by itself.
             R10  Parked and resumed: in front of its own rank, or where it stood if that is better.
             R11  Transferred while waiting or parked.
undoing.py   R12  The last step can be taken back for a while by who took it; the end of a ticket too.
clock.py     R13  Who waited longer than the limit of his priority comes next after high priority.
             R14  A consultation or a parking that lasts too long raises an alert, again and again, and nothing else.
             R16  At the end of the day who is not in consultation expires, or stays in his order.
tally.py     R20  A step that is entered afterwards counts from when it was taken, not before the one before it.
decide.py    R15  Whose turn is near is told so once.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from engine.actors.service.decide import decide
from engine.actors.service.events import ServiceEvent
from engine.actors.service.evolve import evolve
from engine.actors.service.keeping import StoredService, check, due, filed, files, freeze, thaw
from engine.actors.service.state import Service
from engine.decider import Decider

__all__ = ["SERVICE", "SERVICES", "service_key"]

SERVICES: Final = "services"
"""The group of all of them."""

SERVICE: Final[Decider[Any]] = Decider(
    kind="service",
    events=get_args(ServiceEvent),
    initial=Service,
    decide=decide,
    evolve=evolve,
    state=StoredService,
    check=check,
    due=due,
    freeze=freeze,
    thaw=thaw,
    files=files,
    filed=filed,
    groups=lambda _: (SERVICES,),
)


def service_key(service_id: str) -> str:
    """The actor of a service."""
    return f"service:{service_id}"
