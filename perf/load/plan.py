"""What a scenario asks for: settings, the hospitals that it needs, and requests with the instants when they are due.

A plan is an iterator of chains in rising order of their start; a chain is one user's requests, of which a later one may
need an id that an earlier one was answered with. Knows no server and no socket.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

MADE: Final = frozenset({201})
PLACED: Final = frozenset({201, 202})
"""A seat, or a place in the waiting list."""

DONE: Final = frozenset({200})

HELD: Final = "{held}"
"""In a body: the id that the chain holds."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a scenario is run. ``rate``: requests per second in all; ``closed``: callers of a closed loop, 0: open."""

    rate: float = 0.0
    seconds: float = 0.0
    connections: int = 200
    """Open at a time at the most; a request that finds none free waits for one, and its clock runs."""
    closed: int = 0
    seed: int = 1
    arrivals: str = ""
    """A CSV file of real bookings, in place of the shape that is drawn from."""
    warm: float = 2.0
    """First seconds whose requests are checked like all others and counted in no figure."""
    saturation: float = 0.0
    """Requests per second that a closed loop was answered before; 0: not asked for."""
    followers: int = 0
    """Who follow the stream meanwhile."""
    hospitals: int = 1
    users: int = 0
    """Who ask again and again, each at instants of his own; 0: whoever comes, comes once."""
    referrals: int = 0
    """Of the longer of two lists."""
    attempts: int = 0
    """Users who come in all, then it is over; 0: as many as come in that time."""

    @property
    def requests(self) -> int:
        """About how many will be asked at the most; a closed loop asks as fast as it is answered."""
        if self.attempts:
            return self.attempts
        return round((CLOSED_MOST if self.closed else self.rate) * self.seconds)


CLOSED_MOST: Final = 6_000
"""Requests per second for which a closed loop finds patients and seats; when it is faster, it ends sooner."""


class Laboratory(msgspec.Struct):
    """Who and what is in one hospital's laboratories. The one ``technician`` works at all ``branches``."""

    branches: list[str] = []
    tests: list[str] = []
    practitioners: list[str] = []
    technician: str = ""


class Site(msgspec.Struct):
    """One hospital of the load: ids of what is in it. ``days``: slots by day; ``today``: those that begin in hours.

    ``service`` have ``counters`` counters each, called "1" and so on. ``rooms`` are those of its one ``clinic``,
    ``beds`` those of all its wards.
    """

    hospital: str
    doctors: list[str] = []
    patients: list[str] = []
    days: list[list[str]] = []
    today: list[str] = []
    capacity: int = 0
    services: list[str] = []
    counters: int = 0
    clinic: str = ""
    rooms: list[str] = []
    laboratory: Laboratory = msgspec.field(default_factory=Laboratory)
    beds: list[str] = []


class Step(NamedTuple):
    """One request. ``path`` is below the API's base; ``{}`` in it, and ``HELD`` in ``body``, stand for the held id.

    ``offset``: seconds after the chain's start at which it is due. ``good``: the statuses that are no error.
    ``made``: what an answer's id is then the id of; it is held for the steps behind. ``offered``: the room that a
    refusal offers is held instead. ``reads``: nothing is written, whatever the method.
    """

    op: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    body: str = ""
    good: frozenset[int] = DONE
    offset: float = 0.0
    made: Literal["", "tokens", "tickets", "appointments", "admissions"] = ""
    offered: bool = False
    reads: bool = False

    @property
    def needs(self) -> bool:
        """Whether it can only be asked with an id that a step before it gave."""
        return "{}" in self.path or HELD in self.body


class Chain(NamedTuple):
    """A user's requests in one hospital, each behind the one before. ``start``: seconds since the run's."""

    start: float
    hospital: str
    steps: tuple[Step, ...]
