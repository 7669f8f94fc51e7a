"""How much is measured: enough for figures, or just enough to see that everything works."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

Tell = Callable[[str], None]
"""Called with what is being done next, for whoever waits."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one run; ``rounds`` is how often each thing is measured, one beside the other."""

    rounds: int = 5
    bookings: int = 4_000
    """Of one round in the engine."""
    requests: int = 2_500
    """Of one round over HTTP."""
    connections: int = 50
    deep: int = 10_000
    """Tokens or entries in the deep slot; as many as a slot may hold."""
    probes: int = 500
    """Bookings by which the cost at one depth is told."""
    entries: int = 100_000
    """Of the log that is recovered."""
    slots: int = 5_000
    """With ``SEATS`` tokens each, of the memory measurement."""
    rush: int = 200
    """Who join one queue at once."""
    rushes: int = 10
    """Queues of one round that are rushed at, one after the other."""
    queue: int = 100_000
    """Tickets of the deep queue."""
    followers: int = 500
    """Who follow a queue while its calls are timed; a tenth of them does not read."""
    audience: int = 1_000
    """Who follow the queue whose news are counted."""
    streaming: float = 15.0
    """Seconds for which commands are sent to a queue that is followed."""
    rooms: int = 1_000
    """Of the clinic in which the best room is looked for."""
    choices: int = 200
    """Questions of one round."""
    taken: int = 300
    """Bookings of one round that ask for a room which is taken, in process."""
    surge: int = 1_000
    """Patients who are admitted at once."""
    any_disk: bool = False
    """Also on a file system that a log must not be on."""
    settle: bool = True
    """Wait until idle actors have given up their tasks before memory is read."""


SEATS = 15
"""Tokens of a slot where memory is measured."""

QUICK = Size(
    rounds=2, bookings=300, requests=200, connections=10, deep=600, probes=60, entries=2_000, slots=100, rushes=1,
    queue=2_000, followers=50, audience=50, streaming=2.0, settle=False,
    rooms=60, choices=20, taken=10, surge=40,
)  # fmt: skip
