"""What one local day of a clinic keeps: the appointments that start on it, and the index by which rooms are chosen.

An appointment lives here like a token lives in its slot: held, booked and over. The index says what of each room is
held on this day; the room's own calendar has the last word, for it knows closures and the nights beside.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine.decider import FreeText
from engine.rules.subject import Ranked, Wish

Status = Literal["held", "booked", "checked_in", "in_progress", "completed", "cancelled", "no_show"]
Method = Literal["", "rules", "chosen", "fallback", "freed"]
"""How it came to its room: by the rules, by the caller's word, or, after waiting for one, when one freed up."""
EscalationStatus = Literal["open", "assigned", "resolved", "declined"]

HOLDING: Final[frozenset[str]] = frozenset(("held", "booked", "checked_in", "in_progress"))
"""They take the time of room, doctor and patient. A completed one keeps the room until its cleaning is done."""


class Assignment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How a room was chosen: kept in the event, so that it can be explained for ever."""

    method: Method
    rule_version: int = 0
    chosen: Ranked | None = None
    """Without rules and when the caller named the room: its score all the same."""
    next: tuple[Ranked, ...] = ()
    """The next three."""
    considered: int = 0
    """Rooms that were looked at,"""
    failed: dict[str, int] = {}
    """and how many of them each reason excluded: a rule's id, or ``busy``, ``closed``, ``unavailable``, ``equipment``,
    ``room_type``, ``capacity``, ``department``, ``isolation``, ``accessibility``, ``doctors``, ``gender``, ``age``,
    ``maximum_daily`` (what the room or the wish says itself), ``rule_error``, ``refused`` (the room's own word)."""


class Escalation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An appointment that waits for a room, or did."""

    status: EscalationStatus
    opened_at: int
    deadline: int
    """By when somebody should have seen to it."""
    closed_at: int = 0
    reason: str = ""
    """Why there was no room: ``occupied``, ``closure``, ``retired``, ``unavailable``."""


class Appointment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One appointment, replaced whole at each change. Instants are µs, 0 where nothing happened."""

    id: str
    patient_id: str
    doctor_id: str
    start: int
    end: int
    status: Status
    wish: Wish
    room_id: str = ""
    """``""``: none (yet)."""
    busy_from: int = 0
    busy_to: int = 0
    """With the room's setup and cleaning; 0 without a room."""
    assignment: Assignment | None = None
    escalation: Escalation | None = None
    created_at: int = 0
    updated_at: int = 0
    expires_at: int = 0
    """When a hold lapses."""
    release_at: int = 0
    """When the patient counts as absent; 0: never."""
    checked_in_at: int = 0
    started_at: int = 0
    ended_at: int = 0
    series_id: str = ""
    """Of the series to which it belongs: the id of the series' first appointment."""
    before: tuple[tuple[str, int, int], ...] = ()
    """(room, start, end) that it had before, oldest first, the last eight: whoever subscribed to them must hear."""
    doctors_before: tuple[str, ...] = ()
    """Doctors whose it was before, oldest first, the last eight: likewise."""
    reason: FreeText | None = None
    """Of the last change that needed one."""
    note: FreeText | None = None
    overlap_reason: FreeText | None = None
    """Why the patient may be in two places."""
    hold_key: str = ""
    """Made of the client's own id of a hold and of the client, so that the same request finds it again."""
    version: int = 1
    shortened: bool = False
    """Somebody cut the cleaning after it short, and said why: no rule asks for more."""


class Skipped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A time of a series that was not booked, and the refusal that said why."""

    local: str
    """As the hospital's clocks show it, ``2026-03-29T02:30``."""
    start: int = 0
    """0: they skip it."""
    code: str
    detail: str = ""


class Series(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Appointments that were booked together by one recurrence rule. Where each is now, its id says."""

    id: str
    rrule: str
    patient_id: str
    appointment_ids: tuple[str, ...]
    """In order of time, as booked."""
    skipped: tuple[Skipped, ...] = ()
    """Left out, in order of time: whoever still wants one books it by itself."""


class Busy(msgspec.Struct, frozen=True, order=True, gc=False):
    """What is held of a room: ``[busy_from, busy_to)``."""

    busy_from: int
    busy_to: int
    appointment_id: str


class ClinicDay(msgspec.Struct):
    """State. ``rooms``, ``alarms``, ``waiting`` and ``counts`` are indexes over ``appointments`` and are not stored."""

    clinic_id: str
    day: str
    day_end: int = 0
    """The next local midnight, µs."""
    appointments: dict[str, Appointment] = {}
    """By id, in the order in which they came."""
    moved: dict[str, str] = {}
    """Appointments that are elsewhere now: id to the key of that clinic's day."""
    ended_holds: dict[str, str] = {}
    """Holds that are gone: id to ``expired`` or ``released``."""
    series: dict[str, Series] = {}
    """Series whose first appointment was booked for this day, by id."""
    version: int = 0

    rooms: dict[str, list[Busy]] = {}
    """By room, in order of time: what is held."""
    counts: dict[str, int] = {}
    """By room: appointments of the day that are neither cancelled nor no-shows, holds included."""
    alarms: list[tuple[int, str]] = []
    """(instant, id) at which a hold lapses or a patient counts as absent, in order."""
    waiting: list[tuple[int, int, str]] = []
    """(start, opened, id) of booked appointments with an open escalation and no room, in order."""


def clinic_day_key(clinic_id: str, day: str) -> str:
    """The actor of a clinic's local day."""
    return f"clinic_day:{clinic_id}:{day}"
