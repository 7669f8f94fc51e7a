"""What a slot keeps: its tokens and waiting entries, the order they are served in, seats, clocks and counts.

Plain mutable data that only ``evolve`` writes. Of a patient it knows the id and nothing else; the hospital's
policy is not kept here either: what depends on it (when to mark, when an offer lapses) is an instant by then.
All lists are kept sorted with ``bisect``: moving 10,000 pointers costs microseconds, and a plain list is the
smallest thing that a hundred thousand slots can keep six of.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import Final, Literal

import msgspec

from engine.actors.hospital import Category

SlotStatus = Literal["ACTIVE", "DELAYED", "CLOSED", "CANCELLED"]
Status = Literal[
    "CONFIRMED", "CANCELLED", "NO_SHOW", "COMPLETED", "WAITING", "OFFERED", "DECLINED", "EXPIRED", "SLOT_CLOSED"
]
Phase = Literal["BOOKED", "ARRIVED", "CALLED", "IN_CONSULT"]
Step = Literal["", "check_in", "late", "call", "start", "complete", "cancel", "no_show"]

BASE: Final[dict[Category, int]] = {"EMERGENCY": 1, "PRIORITY_PAID": 2, "FOLLOWUP": 3, "ONLINE": 4, "WALKIN": 5}
"""Base priority of a tier; lower is served first."""

LIFTED: Final = 15
"""Rank of a token whose patient waited longer than his tier's limit: after emergencies (10), before all tiers."""


def rank_of(category: Category) -> int:
    """The rank of a tier in the order of service; tens, so that a lifted token fits between."""
    return BASE[category] * 10


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many regular tokens a tier may have in a slot, and until when (µs) they are given; ``None``: no limit."""

    max: int | None = None
    last_issue_at: int | None = None


class Token(msgspec.Struct, omit_defaults=True, gc=False):
    """A token, or an entry of the waiting list that may become one under the same id.

    The order of service is ``(rank, rank_at, seq)``. ``number`` is that of the ticket code, 0 while there is
    none: an entry that was never promoted. Instants are 0 where nothing happened yet.
    """

    id: str
    patient_id: str
    category: Category
    status: Status
    phase: Phase
    booked_at: int
    rank: int
    rank_at: int
    """``booked_at``; the arrival of a late patient; the instant at which a patient became an emergency."""
    seq: int
    number: int
    updated_at: int
    version: int = 1
    override: bool = False
    """A seat above the capacity, given to an emergency."""
    overbooked: bool = False
    """A regular seat above the capacity, given by the hospital's ``overbook_pct``."""
    late: bool = False
    mark_at: int = 0
    """When an absent patient is marked, before the slot's delay is added; of an offer: when it lapses."""
    lift_at: int = 0
    """When a patient who has arrived comes next after the emergencies."""
    arrived_at: int = 0
    called_at: int = 0
    started_at: int = 0
    ended_at: int = 0
    called_in: int = 0
    """When that call was entered, where it was entered afterwards."""
    calls: int = 0
    reschedules: int = 0
    last: Step = ""
    """The last step, while it can be undone."""


class Hold(msgspec.Struct, frozen=True, gc=False):
    """A seat kept for somebody who is filling in a form."""

    id: str
    client_hold_id: str
    patient_id: str
    expires_at: int
    created_at: int


class Counters(msgspec.Struct, omit_defaults=True, gc=False):
    """What happened so far, for reports and tests."""

    promotions: int = 0
    no_shows: int = 0
    no_shows_by_clock: int = 0
    overrides: int = 0
    overbooked: int = 0
    late: int = 0
    lifts: int = 0
    passed_over: int = 0
    delays: int = 0
    undone: int = 0


SERVED = attrgetter("rank", "rank_at", "seq")
CALLED = attrgetter("called_at", "seq")
MARKED = attrgetter("mark_at", "seq")
LIFTS = attrgetter("lift_at", "seq")
LAPSES = attrgetter("expires_at", "id")


class Slot(msgspec.Struct, omit_defaults=True, gc=False):
    """State. ``regular`` counts confirmed and completed tokens that are no override, ``overrides`` active ones.

    ``line``, ``pinned``, ``waiting``, ``offers``, ``marks``, ``lifts`` and ``expiring`` are indexes over
    ``tokens`` and ``holds`` and are not stored.
    """

    id: str
    doctor_id: str = ""
    day: str = ""
    start: int = 0
    end: int = 0
    max_capacity: int = 0
    prefix: str = ""
    status: SlotStatus = "ACTIVE"
    paused: bool = False
    own_delay: int = 0
    delay: int = 0
    created_at: int = 0
    version: int = 0
    quotas: dict[Category, Quota] = {}
    regular: int = 0
    overrides: int = 0
    overbooked: int = 0
    """Regular tokens above the capacity."""
    by_category: dict[Category, int] = {}
    """Regular tokens of each tier, for quotas."""
    release_at: int = 0
    """When the quota that keeps a free seat from who waits is released; 0 where none does."""
    progress_at: int = 0
    """When the last consultation began or ended."""
    next_seq: int = 1
    next_number: int = 0
    last_number: int = -1
    """Ticket numbers ``next_number..last_number`` are this slot's to give; then the blocks in ``blocks``."""
    blocks: list[tuple[int, int]] = []
    average: int = 0
    """Moving average of consultations, µs; at first the slot's length by its capacity."""
    counters: Counters = msgspec.field(default_factory=Counters)
    tokens: dict[str, Token] = {}
    holds: dict[str, Hold] = {}
    ended_holds: dict[str, str] = {}
    """Hold id to how it ended; a hold that is over answers otherwise than one that never was."""

    line: list[Token] = []
    """Confirmed and not yet called, in order of service."""
    pinned: list[Token] = []
    """Called or in consultation, in order of their call; in front of all others."""
    waiting: list[Token] = []
    """WAITING entries, in the same order of service."""
    offers: list[Token] = []
    """OFFERED entries by when they lapse; each holds a seat."""
    marks: list[Token] = []
    """Confirmed tokens of patients who have not come, by when they are marked."""
    lifts: list[Token] = []
    """Confirmed tokens of patients who have come and wait, by when they are lifted."""
    expiring: list[Hold] = []
    """Holds by when they lapse."""


def effective_end(slot: Slot) -> int:
    """When the slot ends, its delay included (µs)."""
    return slot.end + slot.delay


def seats_taken(slot: Slot) -> int:
    """Seats that are not free: regular tokens, holds and offers."""
    return slot.regular + len(slot.holds) + len(slot.offers)


def seats(slot: Slot, overbook_pct: int) -> int:
    """Seats that may be taken by regular tokens under the hospital's policy."""
    return slot.max_capacity + slot.max_capacity * overbook_pct // 100


def free_seats(slot: Slot, overbook_pct: int) -> int:
    """Seats that are free; negative when a policy has since become stricter."""
    return seats(slot, overbook_pct) - seats_taken(slot)


def numbers_left(slot: Slot) -> int:
    """Ticket numbers the slot can still give without asking its doctor's day for more."""
    left = slot.last_number - slot.next_number + 1
    return left + sum(count for _, count in slot.blocks) if slot.blocks else left


def place(slot: Slot, token: Token) -> int:
    """The live place 1..n of an active token, 0 of any other."""
    if token.status != "CONFIRMED":
        return 0
    if token.phase == "CALLED" or token.phase == "IN_CONSULT":
        return bisect_left(slot.pinned, CALLED(token), key=CALLED) + 1
    return len(slot.pinned) + before(slot.line, SERVED(token)) + 1


def before(line: list[Token], key: tuple[int, int, int]) -> int:
    """How many in a line are served before this key; who asks is mostly the last, and then nobody else is looked at."""
    if not line:
        return 0
    last = SERVED(line[-1])
    if last <= key:
        return len(line) - (last == key)
    return bisect_left(line, key, key=SERVED)


def waiting_place(slot: Slot, entry: Token) -> int:
    """The place 1..n of a waiting entry, 0 of any other."""
    if entry.status != "WAITING":
        return 0
    return before(slot.waiting, SERVED(entry)) + 1
