"""What the audit explorer answers: the reading process makes these values, and the interface documents them.

Pure vocabulary. Of patients there are ids and ticket codes, never a name: what is sealed in the log stays sealed here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class AuditDay(msgspec.Struct, frozen=True):
    """A local day that has entries, from its first position to its last."""

    date: str
    first: int
    last: int
    entries: int


class AuditDays(msgspec.Struct, frozen=True):
    """The days of a log, the latest first."""

    time_zone: str
    head: int
    items: list[AuditDay]


class AuditMinute(msgspec.Struct, frozen=True):
    """What was decided within a minute: how many entries, how many of them refusals, and of which command."""

    at: datetime
    entries: int
    refused: int
    commands: dict[str, int]


class AuditDoctor(msgspec.Struct, frozen=True):
    """A doctor who had slots that day; ``prefix`` begins the ticket codes."""

    id: str
    prefix: str
    specialization: str


class AuditSlotOfDay(msgspec.Struct, frozen=True):
    """A slot of the day; ``entries`` of the day changed it."""

    id: str
    doctor_id: str
    start_time: datetime
    end_time: datetime
    entries: int


class AuditServiceOfDay(msgspec.Struct, frozen=True):
    """A queue; ``entries`` of the day changed it."""

    id: str
    name: str
    doctor_id: str | None
    entries: int


class AuditRoomOfDay(msgspec.Struct, frozen=True):
    """A room; ``entries`` of the day changed it."""

    id: str
    name: str
    clinic_id: str
    entries: int


class AuditTimeline(msgspec.Struct, frozen=True):
    """A local day. ``first`` and ``last`` are positions, 0 without entries; ``live``: the log may still grow in it."""

    date: str
    time_zone: str
    day_start: datetime
    day_end: datetime
    first: int
    last: int
    live: bool
    first_time: datetime | None
    last_time: datetime | None
    minutes: list[AuditMinute]
    doctors: list[AuditDoctor]
    slots: list[AuditSlotOfDay]
    services: list[AuditServiceOfDay]
    rooms: list[AuditRoomOfDay]


class AuditToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token or waiting entry of a slot as it was. ``order`` is what it stood in line by, compared from the left:
    rank (ten for each tier; 15: lifted), instant (µs), sequence. ``changed``: the day's last entry about it, 0: none.
    """

    id: str
    code: str | None
    patient_id: str
    category: str
    status: str
    phase: str | None
    place: int | None
    priority: float
    order: list[int]
    booked_at: datetime
    arrived_at: datetime | None
    called_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    estimated_time: datetime | None
    lifted: bool
    late: bool
    override: bool
    changed: int


class AuditSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A slot as it was: who was called, who was in line, who waited for a seat, and those that were over."""

    id: str
    doctor_id: str
    prefix: str
    start_time: datetime
    end_time: datetime
    status: str
    paused: bool
    delay_minutes: int
    max_capacity: int
    current_capacity: int
    free_seats: int
    held_count: int
    called: list[AuditToken]
    line: list[AuditToken]
    waiting: list[AuditToken]
    over: list[AuditToken]


class AuditTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket of a queue as it was. ``order`` is what it stood in line by: rank, instant (µs), sequence, place."""

    id: str
    code: str
    patient_id: str | None
    priority: str
    status: str
    place: int | None
    counter: str | None
    calls: int
    order: list[int]
    arrived_at: datetime
    joined_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    lifted: bool
    changed: int


class AuditQueue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as it was: who was served, who waited, who was parked, and whose visit of that day was over."""

    id: str
    name: str
    status: str
    doctor_id: str | None
    waiting: int
    serving: list[AuditTicket]
    line: list[AuditTicket]
    parked: list[AuditTicket]
    over: list[AuditTicket]


class AuditAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment in a room as it was."""

    id: str
    patient_id: str
    doctor_id: str
    status: str
    start_time: datetime
    end_time: datetime
    busy_from: datetime | None
    busy_to: datetime | None
    checked_in_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    score: int | None
    changed: int


class AuditRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room's day as it was, in order of time; ``state`` is what it was at that moment."""

    id: str
    name: str
    clinic_id: str
    state: str
    retired: bool
    appointments: list[AuditAppointment]


class AuditCount(msgspec.Struct, frozen=True):
    """How full a slot was, or how long a queue: ``busy`` are called or served, ``waiting`` in line or on the list."""

    id: str
    busy: int
    line: int
    waiting: int
    over: int


class AuditState(msgspec.Struct, frozen=True, kw_only=True):
    """One thing as it was once the entry at ``position`` had been decided, which was at ``time``.

    One of ``slot``, ``service`` and ``room`` is there. ``before`` and ``after`` are the positions of the entries about
    it next to this moment within the day, 0 where there is none; ``counts`` are of all slots and queues of the day.
    """

    position: int
    time: datetime | None
    at: datetime
    before: int
    after: int
    slot: AuditSlot | None = None
    service: AuditQueue | None = None
    room: AuditRoom | None = None
    counts: list[AuditCount] = []


class AuditRefusal(msgspec.Struct, frozen=True):
    """Why nothing happened: the refusal's code, and the number of its rule."""

    code: str
    rule: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One decision in short: who asked for what, and which actors it changed. ``events`` are their names, in order."""

    position: int
    time: datetime
    command: str
    who: str
    role: str
    outcome: str
    refusal: AuditRefusal | None
    actors: list[str]
    events: list[str]


class AuditEntries(msgspec.Struct, frozen=True):
    """A page of entries in order of position. A page may be short, even empty, before the last."""

    items: list[AuditEntry]
    next_cursor: str | None


class AuditChange(msgspec.Struct, frozen=True):
    """What one actor went through: its version after it, and the position of its entry before this one (0: none)."""

    actor: str
    version: int
    previous: int
    events: list[dict[str, Any]]


class AuditDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision whole. Text that is sealed in the log stands there as ``{"sealed": true}``.

    ``explanation`` says why: what the decision met, the rules that decided by number, the alternatives; ``lines`` is
    the same as text. ``unexplained`` says why there is none.
    """

    entry: AuditEntry
    source: str
    request_id: str
    rulebook: int
    command_id: str
    arguments: Any
    changes: list[AuditChange]
    patients: list[str]
    explanation: Any
    lines: list[str]
    unexplained: str


class AccessRow(msgspec.Struct, frozen=True):
    """A look at a patient: who, from which address, by which query, and for which purpose (a code of HL7's).

    ``patients``: how many were shown together.
    """

    position: int
    at: datetime
    who: str
    role: str
    source: str
    request_id: str
    query: str
    purpose: str | None
    patients: int


class Accesses(msgspec.Struct, frozen=True):
    """A page of looks, the latest first. A page may be short, even empty, before the last."""

    items: list[AccessRow]
    next_cursor: str | None
