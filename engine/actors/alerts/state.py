"""What somebody should look at: alerts that are open, those of late, and the figures by which some of them open.

An alert is opened once and closed once. It names what it is about by kind and id, and no person.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine.decider import FreeText

ALERTS: Final = "alerts:self"
"""The actor: one a hospital."""

Severity = Literal["info", "warning", "critical"]

WINDOW: Final = 300
"""Seconds over which figures are weighed: the last five minutes."""

BREAK_GLASS: Final = "break_glass"
"""The kind of those that tell who broke the glass; their subject is his name."""

KEPT: Final = 1_000
"""Closed alerts that stay listed; the log has all."""


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One alert, replaced whole at each change. Instants are µs."""

    id: str
    kind: str
    """``assignment_slow`` | ``assignment_timeout`` | ``timeout_rate`` | ``assignment_average`` | ``room_p95`` |
    ``error_rate`` | ``assignment_escalated`` | ``shift_over`` | ``result_critical`` | ``result_unacknowledged`` | …"""
    severity: Severity
    subject: str = ""
    """What it is about: an id; ``""``: the hospital as a whole. One alert of a kind and subject is open at a time."""
    patient_id: str = ""
    value: float | None = None
    """What was measured when it opened, in ``unit``,"""
    threshold: float | None = None
    """and what is too much."""
    unit: str = ""
    opened_at: int = 0
    closed_at: int = 0
    times: int = 1
    """How often it would have opened while it was open."""
    acknowledged_at: int = 0
    acknowledged_by: str = ""
    note: FreeText | None = None
    closed_by: str = ""
    """Principal; ``""``: by itself."""
    reason: FreeText | None = None
    """Why somebody did what it tells of."""
    until: int = 0
    """When it is over by itself; 0: not by time alone."""


class Slice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What was observed in one stretch of some seconds, which ended at ``at`` (µs)."""

    at: int
    assignments: int = 0
    assigning_total: int = 0
    """µs, from the command's arrival to its being durable, of all of them,"""
    assigning_slowest: int = 0
    timeouts: int = 0
    retries: int = 0
    """attempts after one that timed out,"""
    retried: int = 0
    """and how many of them were assigned."""
    assigning: tuple[tuple[int, int], ...] = ()
    """(bucket, how many): ``engine.gauges.BOUNDS``."""
    rooms: tuple[tuple[int, int], ...] = ()
    """Likewise the bookings of rooms,"""
    rooms_slow: int = 0
    """and how many of them took more than ``figures.ROOM``."""
    requests: int = 0
    """Commands and queries of this hospital,"""
    errors: int = 0
    """and how many of them met a fault of ours (5xx)."""


class Alerts(msgspec.Struct):
    """State."""

    open: dict[str, Alert] = {}
    """By id, in the order in which they opened."""
    closed: dict[str, Alert] = {}
    """The last ``KEPT``, in the order in which they closed."""
    slices: list[Slice] = []
    """Of the window, oldest first."""
    totals: dict[str, int] = {}
    """Since the beginning: ``assignments``, ``timeouts``, ``retries``, ``retried``."""
    dismissed: dict[str, int] = {}
    """When somebody closed an alert by figures, by its kind: what was measured before does not open it again."""
    version: int = 0

    by_subject: dict[tuple[str, str], str] = {}
    """(kind, subject) of what is open to its id; an index that is not stored."""
    passing: dict[str, int] = {}
    """Ids of what is open and over by itself one day, to when; likewise."""
