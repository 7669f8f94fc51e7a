"""What a service keeps: its counters, the tickets that are alive, the order they are called in, and its clocks.

Plain mutable data that only ``evolve`` writes. Tickets that are over are with the service's day. Of a patient it
knows the id and nothing else. Instants are µs, 0 where nothing happened yet.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta
from sortedcontainers import SortedKeyList

Priority = Literal["high", "medium", "low"]
TicketStatus = Literal["waiting", "called", "consulting", "parked"]
"""Of a ticket that is alive."""
Ended = Literal["completed", "no_show", "cancelled", "expired"]
"""Of a ticket that is over."""
ServiceStatus = Literal["active", "paused", "inactive", "emergency", "closed"]
"""paused: no calls · inactive: no joins, the rest is served · emergency: only high priority joins · closed: neither."""
TicketStep = Literal[
    "", "join", "call", "start", "no_answer", "park", "resume", "priority", "complete", "no_show", "cancel"
]

RANK: Final[dict[Priority, int]] = {"high": 10, "medium": 20, "low": 30}
LIFTED: Final = 15
"""Rank of a ticket that waited longer than its priority's limit: behind all of high priority, before the rest."""

Order = tuple[int, int, int, int]
"""Where a ticket stands: (rank, instant, sequence, place behind the one with the same first three); least first."""

Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
"""A local time of day, ``HH:MM``."""


class Counter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Where patients are served. ``skills``: what tickets may need that only some counters have."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    location: Annotated[str, Meta(max_length=80)] = ""
    skills: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...], Meta(max_length=20)] = ()
    open: bool = True


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one service works; every field may be left out."""

    location: Annotated[str, Meta(max_length=120)] = ""
    counters: Annotated[tuple[Counter, ...], Meta(min_length=1, max_length=200)] = (Counter(name="1"),)
    """Names are unique."""
    confirm_arrival: bool = True
    """Whether a call waits for the patient to come; else a call begins the consultation."""
    expected_minutes: Annotated[int, Meta(ge=1, le=480)] = 15
    """What one patient takes while nothing has been observed."""
    capacity: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """Tickets that may wait at a time."""
    max_calls: Annotated[int, Meta(ge=1, le=100)] = 3
    """Calls without an answer after which a patient is marked as no-show."""
    requeue_offset: Annotated[int, Meta(ge=0, le=1_000)] = 3
    """How many places a patient who did not answer goes back."""
    requeue_minutes: Annotated[int, Meta(ge=0, le=480)] = 5
    """Minutes during which such a patient is not called again by itself."""
    recall_seconds: Annotated[int, Meta(ge=0, le=3_600)] = 30
    """Seconds between two announcements of one ticket."""
    max_wait_minutes: dict[Priority, Annotated[int, Meta(ge=1, le=1_440)]] = {}
    """Per priority, minutes since arrival after which a ticket comes next after those of high priority."""
    shares: dict[Priority, Annotated[int, Meta(ge=1, le=100)]] = {}
    """Calls that each priority gets in turn; empty: strictly by priority."""
    stale_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 30
    """A consultation that lasts longer than this and than three times the average raises an alert."""
    parked_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 60
    """A ticket that is parked longer raises an alert."""
    near_places: Annotated[int, Meta(ge=0, le=50)] = 3
    """From which place on a patient is told that the turn is near; 0: never."""
    exclusive_group: Annotated[str, Meta(max_length=40)] = ""
    """A patient has one ticket at a time in all services that name the same group."""
    transfer_keeps_arrival: bool = True
    """Whether a ticket that comes from another service waits since its first arrival, or since it came here."""
    last_ticket_at: Clock | None = None
    """Local time after which nobody joins."""
    closes_at: Clock | None = None
    """Local time at which the day ends by itself."""
    carry_over: bool = False
    """Whether those who wait at the end of the day stay in line, in their order; else their tickets expire."""


class Leg(msgspec.Struct, frozen=True, gc=False):
    """A service that the ticket was in before."""

    service_id: str
    joined_at: int
    left_at: int


class Standing(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Where a ticket stood before its last step: all that taking the step back restores."""

    status: TicketStatus
    order: Order
    priority: Priority
    counter: str = ""
    calls: int = 0
    called_at: int = 0
    announced_at: int = 0
    started_at: int = 0
    parked_at: int = 0
    not_before: int = 0
    lifted: bool = False


class Ticket(msgspec.Struct, omit_defaults=True, gc=False):
    """A ticket that is alive, or, as filed in the service's day, as it was at its end."""

    id: str
    code: str
    patient_id: str
    """``""``: nobody we know, somebody at a kiosk."""
    priority: Priority
    status: TicketStatus | Ended
    order: Order
    arrived_at: int
    """Since when the patient waits, in whichever service."""
    joined_at: int
    """Since when the ticket is in this service."""
    updated_at: int
    version: int = 1
    token_id: str = ""
    """The OPD token whose visit this is, which then has the same id; its phase follows the ticket."""
    needs: tuple[str, ...] = ()
    """Skills that its counter must have."""
    legs: tuple[Leg, ...] = ()
    lifted: bool = False
    near: bool = False
    """The patient was told that the turn is near."""
    counter: str = ""
    calls: int = 0
    called_at: int = 0
    started_at: int = 0
    ended_at: int = 0
    parked_at: int = 0
    not_before: int = 0
    """Not called by itself before this instant."""
    lift_at: int = 0
    alerts: int = 0
    """Alerts about this consultation, or this parking, so far."""
    alert_at: int = 0
    """When the next one is due."""
    last: TicketStep = ""
    """The last step, while it can be undone."""
    last_by: str = ""
    """Who took it."""
    last_at: int = 0
    before: Standing | None = None
    """How it stood before the last step, for undoing it."""
    seq: int = 0
    """The order of joining this service; unique in it."""
    number: int = 0
    """Of this service's series; 0 where the code came from elsewhere."""
    group: str = ""
    """The exclusive group under which it joined."""
    announced_at: int = 0
    """When it was last called or called again."""
    share: Priority | None = None
    """Whose share its call counted against."""


Line: TypeAlias = "SortedKeyList[Ticket, Any]"
"""Tickets in the order of a key; no two have the same."""
Pool = tuple[tuple[str, ...], Priority, bool]
"""Waiting tickets that are alike to whoever calls: (needs, priority, lifted)."""


class Counts(msgspec.Struct, omit_defaults=True, gc=False):
    """What happened so far, since the service was opened."""

    joined: int = 0
    calls: int = 0
    recalls: int = 0
    unanswered: int = 0
    lifts: int = 0
    alerts: int = 0
    completed: int = 0
    no_show: int = 0
    cancelled: int = 0
    expired: int = 0
    transferred: int = 0
    undone: int = 0


class ServiceRecord(msgspec.Struct, omit_defaults=True, gc=False):
    """What of a service is stored as it is; tickets are stored beside it, indexes not at all."""

    id: str = ""
    name: str = ""
    prefix: str = ""
    doctor_id: str = ""
    settings: ServiceSettings = ServiceSettings()
    status: ServiceStatus = "active"
    created_at: int = 0
    updated_at: int = 0
    version: int = 0
    next_close_at: int = 0
    """When the day ends by itself, 0: by hand."""
    next_seq: int = 1
    series_day: str = ""
    """The local day on which the series of numbers began."""
    series_at: int = 0
    next_number: int = 1
    average: int = 0
    """Moving average of consultations, µs; at first what the settings expect."""
    deviation: int = 0
    """Moving average of how far they were from it, µs."""
    observed: int = 0
    """Consultations that these rest on."""
    shares_used: dict[Priority, int] = {}
    """Calls of this turn, where calls are shared."""
    counts: Counts = msgspec.field(default_factory=Counts)


ORDER: Final[Callable[[Ticket], Any]] = attrgetter("order")
CALLED: Final[Callable[[Ticket], Any]] = attrgetter("called_at", "seq")
PARKED: Final[Callable[[Ticket], Any]] = attrgetter("parked_at", "seq")
LIFTS: Final[Callable[[Ticket], Any]] = attrgetter("lift_at", "seq")
ALERTS: Final[Callable[[Ticket], Any]] = attrgetter("alert_at", "seq")


class Service(ServiceRecord, gc=False):
    """One live queue. Joining, calling and finding a place cost O(log n), in a line of 100,000 too."""

    tickets: dict[str, Ticket] = {}
    line: Line = msgspec.field(default_factory=lambda: SortedKeyList(key=ORDER))
    """Who waits, in the order of being called; a position is an index, so there is no gap and no double."""
    pools: dict[Pool, Line] = {}
    """The same tickets by what matters to a counter: the next one for it is the first of a few pools."""
    serving: list[Ticket] = []
    """Called or in consultation, by their call; no more than there are counters, but for tokens called without one."""
    parked: Line = msgspec.field(default_factory=lambda: SortedKeyList(key=PARKED))
    lifts: Line = msgspec.field(default_factory=lambda: SortedKeyList(key=LIFTS))
    """Who waits and is not lifted yet, by when that comes."""
    alerts: Line = msgspec.field(default_factory=lambda: SortedKeyList(key=ALERTS))
    """Consultations and parkings, by when they have been too long."""
    by_patient: dict[str, str] = {}
    by_counter: dict[str, str] = {}
    """Counter to the ticket it serves."""
    series_alive: int = 0
    """Live tickets with a number of this service's series."""


def position(service: Service, ticket: Ticket) -> int:
    """The place 1..n of a waiting ticket, 0 of any other."""
    return service.line.bisect_key_left(ticket.order) + 1 if ticket.status == "waiting" else 0


def counter_named(settings: ServiceSettings, name: str) -> Counter | None:
    """The counter of this name."""
    return next((counter for counter in settings.counters if counter.name == name), None)
