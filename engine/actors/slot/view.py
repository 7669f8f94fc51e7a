"""How slots, tokens and waiting entries are answered. Times are read at ``time`` (µs): places and estimates move."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from engine import calendar
from engine.actors.hospital import Category
from engine.actors.slot.state import (
    BASE,
    LIFTED,
    Hold,
    Phase,
    Quota,
    Slot,
    SlotStatus,
    Status,
    Token,
    effective_end,
    place,
    seats_taken,
    waiting_place,
)
from engine.decider import HOUR, MINUTE, Private


class Range(msgspec.Struct, frozen=True):
    """The earliest and the latest instant expected."""

    earliest: datetime
    latest: datetime


class TokenView(msgspec.Struct, frozen=True):
    """A token, or a waiting entry under the id that its token will have.

    ``token_number`` is the live place 1..n of an active token, ``position`` that of a waiting entry;
    ``priority`` the final priority at this moment; ``link`` the part of the ticket's link that cannot be guessed.
    """

    id: str
    slot_id: str
    patient_id: str
    doctor_id: str
    token_number: int | None
    ticket_code: str | None
    link: Private | None
    category: Category
    priority: float
    status: Status
    phase: Phase | None
    position: int | None
    estimated_time: datetime | None
    estimated_range: Range | None
    actual_time: datetime | None
    created_at: datetime
    booked_at: datetime
    updated_at: datetime
    arrived_at: datetime | None
    called_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None
    calls: int
    reschedules: int
    late: bool
    lifted: bool
    override: bool
    overbooked: bool
    version: int


class WaitingView(msgspec.Struct, frozen=True):
    """A waiting entry; ``expires_at`` is when an offer lapses."""

    id: str
    slot_id: str
    patient_id: str
    doctor_id: str
    category: Category
    priority: float
    status: Status
    position: int | None
    created_at: datetime
    booked_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    version: int


class SlotView(msgspec.Struct, frozen=True):
    """A slot; ``current_capacity`` is the count of regular tokens, ``free_seats`` what is left for them."""

    id: str
    doctor_id: str
    day: str
    start_time: datetime
    end_time: datetime
    max_capacity: int
    current_capacity: int
    override_count: int
    waiting_count: int
    held_count: int
    free_seats: int
    status: SlotStatus
    delay_minutes: int
    own_delay_minutes: int
    paused: bool
    average_consult_minutes: float
    quotas: dict[Category, QuotaView]
    created_at: datetime
    version: int


class QuotaView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tier's limit in a slot."""

    max: int | None = None
    last_issue_time: datetime | None = None


class HoldView(msgspec.Struct, frozen=True):
    """A held seat."""

    id: str
    slot_id: str
    patient_id: str | None
    client_hold_id: str | None
    expires_at: datetime
    created_at: datetime


class Estimate(NamedTuple):
    """When a patient's turn is expected: the first instant possible, and the one to tell him (µs)."""

    earliest: int
    told: int


def priority(category: Category, booked_at: int, time: int) -> float:
    """The tier's base less a tenth per hour since booking, at most one in all."""
    # One division of integers, so that 2 hours give 3.8 and not 3.8000000000000003.
    waited = min(max(time - booked_at, 0), 10 * HOUR)
    return (BASE[category] * 10 * HOUR - waited) / (10 * HOUR)


def ticket_code(slot: Slot, token: Token) -> str | None:
    """What is printed; ``None`` for an entry that never got a token."""
    return f"{slot.prefix}-{token.number:03d}" if token.number else None


def link(link_key: str, token_id: str) -> Private:
    """128 bits that nobody can guess from the token's id or code; hex. Sealed where an answer is kept."""
    return Private(blake2b(token_id.encode(), key=bytes.fromhex(link_key), digest_size=16).hexdigest(), "")


def created_at(token_id: str) -> int:
    """When the token or its entry was first written down (µs); its UUIDv7 says so."""
    fraction = int(token_id[15:18], 16)
    return int(token_id[:8] + token_id[9:13], 16) * 1_000 + -(-fraction * 1_000 // 4_096)


def estimate(slot: Slot, token: Token, time: int) -> Estimate | None:
    """When an active token's turn is; ``None`` for all others.

    From the place, the observed length of consultations, and how far the slot really is.
    """
    number = place(slot, token)
    return _estimate(slot, token, time, number) if number else None


def _estimate(slot: Slot, token: Token, time: int, number: int) -> Estimate:
    if token.started_at:
        return Estimate(token.started_at, token.started_at)
    average = slot.average
    consulting = [one for one in slot.pinned if one.phase == "IN_CONSULT"] if slot.pinned else ()
    if consulting:
        # Who is inside leaves after an average visit; if that has passed, any moment now.
        base = max(consulting[0].started_at + average, time)
        ahead = (number - 1 - len(consulting)) * average
    else:
        base = max(slot.start + slot.delay, slot.progress_at, time)
        ahead = (number - 1) * average
    ahead = max(ahead, 0)
    return Estimate(base + ahead * 4 // 5, base + ahead)


def token_view(slot: Slot, token: Token, time: int, link_key: str | None = None) -> TokenView:
    """A token as answered; ``link_key`` (hex) only for who may print the ticket."""
    number, status = place(slot, token), token.status
    waits = status == "WAITING" or status == "OFFERED"
    earliest = told = None
    if number:
        expected = _estimate(slot, token, time, number)
        earliest, told = calendar.moment(expected.earliest), calendar.moment(expected.told)
    return TokenView(
        id=token.id,
        slot_id=slot.id,
        patient_id=token.patient_id,
        doctor_id=slot.doctor_id,
        token_number=number or None,
        ticket_code=ticket_code(slot, token),
        link=link(link_key, token.id) if link_key and token.number else None,
        category=token.category,
        priority=priority(token.category, token.booked_at, time),
        status=status,
        phase=None if waits or not token.number else token.phase,
        position=(waiting_place(slot, token) or None) if waits else None,
        estimated_time=told,
        estimated_range=Range(earliest, told) if earliest and told else None,
        actual_time=_moment(token.started_at),
        created_at=calendar.moment(created_at(token.id)),
        booked_at=calendar.moment(token.booked_at),
        updated_at=calendar.moment(token.updated_at),
        arrived_at=_moment(token.arrived_at),
        called_at=_moment(token.called_at),
        completed_at=_moment(token.ended_at) if status == "COMPLETED" else None,
        expires_at=_moment(token.mark_at) if status == "OFFERED" else None,
        calls=token.calls,
        reschedules=token.reschedules,
        late=token.late,
        lifted=token.rank == LIFTED,
        override=token.override,
        overbooked=token.overbooked,
        version=token.version,
    )


def waiting_view(slot: Slot, entry: Token, time: int) -> WaitingView:
    """A waiting entry as answered."""
    return WaitingView(
        id=entry.id,
        slot_id=slot.id,
        patient_id=entry.patient_id,
        doctor_id=slot.doctor_id,
        category=entry.category,
        priority=priority(entry.category, entry.booked_at, time),
        status=entry.status,
        position=waiting_place(slot, entry) or None,
        created_at=calendar.moment(created_at(entry.id)),
        booked_at=calendar.moment(entry.booked_at),
        updated_at=calendar.moment(entry.updated_at),
        expires_at=_moment(entry.mark_at) if entry.status == "OFFERED" else None,
        version=entry.version,
    )


def slot_view(slot: Slot, time: int) -> SlotView:
    """A slot as answered; past its end it is CLOSED, even where its timer has not told the log yet."""
    running = slot.status == "ACTIVE" or slot.status == "DELAYED"
    return SlotView(
        id=slot.id,
        doctor_id=slot.doctor_id,
        day=slot.day,
        start_time=calendar.moment(slot.start),
        end_time=calendar.moment(slot.end),
        max_capacity=slot.max_capacity,
        current_capacity=slot.regular,
        override_count=slot.overrides,
        waiting_count=len(slot.waiting),
        held_count=len(slot.holds) + len(slot.offers),
        free_seats=max(slot.max_capacity - seats_taken(slot), 0),
        status="CLOSED" if running and time >= effective_end(slot) else slot.status,
        delay_minutes=slot.delay // MINUTE,
        own_delay_minutes=slot.own_delay // MINUTE,
        paused=slot.paused,
        average_consult_minutes=round(slot.average / MINUTE, 2),
        quotas={category: _quota_view(quota) for category, quota in slot.quotas.items()},
        created_at=calendar.moment(slot.created_at),
        version=slot.version,
    )


def hold_view(slot: Slot, hold: Hold) -> HoldView:
    """A held seat as answered."""
    return HoldView(
        id=hold.id,
        slot_id=slot.id,
        patient_id=hold.patient_id or None,
        client_hold_id=hold.client_hold_id or None,
        expires_at=calendar.moment(hold.expires_at),
        created_at=calendar.moment(hold.created_at),
    )


def _quota_view(quota: Quota) -> QuotaView:
    return QuotaView(quota.max, None if quota.last_issue_at is None else calendar.moment(quota.last_issue_at))


def _moment(time: int) -> datetime | None:
    return calendar.moment(time) if time else None
