"""Rules of seats: booking, the waiting list, promotion and offers, holds (R2..R7, R16)."""

from __future__ import annotations

from engine.actors.hospital import Category
from engine.actors.slot.commands import Book, EndEntry, EndHold, KeepSeat, Offer, PassOver, Promote, Waitlist
from engine.actors.slot.events import (
    CategoryChanged,
    EntryEnded,
    EntryOffered,
    EntryPassedOver,
    EntryPromoted,
    HoldEnded,
    PatientLifted,
    PatientWaitlisted,
    SeatHeld,
    TokenBooked,
)
from engine.actors.slot.refusals import HoldExpired, OfferExpired, SlotFull
from engine.actors.slot.state import Hold, Slot, Token, effective_end
from engine.actors.slot.tally import NO_SEAT, Tally, illegal, must_be_open
from engine.decider import MINUTE, FreeText


def book(tally: Tally, command: Book) -> None:
    """R2, R3, R4, R7, R23: a seat for a new token."""
    must_be_open(tally.state, tally.time, command.booked_at if command.entered else 0)
    category, policy = command.category, command.policy
    if tally.state.quotas:
        tally.within_quota(category, policy, booking=True)
    if command.hold_id:
        end_hold(tally, EndHold(command.hold_id, "confirmed"))
    override, overbooked = tally.take_seat(category, policy)
    # An emergency is first come first served from the moment it is one, whenever it was written down.
    rank_at = tally.time if category == "EMERGENCY" else command.booked_at
    tally.events.append(
        TokenBooked(
            token_id=command.token_id,
            patient_id=command.patient_id,
            category=category,
            booked_at=command.booked_at,
            at=tally.time,
            number=tally.take_number(),
            mark_at=tally.mark_at(category, rank_at, policy),
            override=override,
            overbooked=overbooked,
            hold_id=command.hold_id,
        )
    )


def waitlist(tally: Tally, command: Waitlist) -> None:
    """R5: only a full slot has somebody wait."""
    tally.must_be_open()
    tally.within_quota(command.category, command.policy, booking=True)
    tally.events.append(
        PatientWaitlisted(
            entry_id=command.entry_id,
            patient_id=command.patient_id,
            category=command.category,
            booked_at=command.booked_at,
            at=tally.time,
        )
    )


def promote(tally: Tally, command: Promote) -> None:
    """R6, R7: an entry becomes a token under its own id; an offer brings the seat it holds."""
    entry = tally.token(command.entry_id)
    if entry.status != "WAITING" and entry.status != "OFFERED":
        raise illegal(entry, "CONFIRMED")
    tally.must_be_open()
    category: Category = "EMERGENCY" if command.emergency else entry.category
    tally.within_quota(category, command.policy, booking=False)
    if entry.status == "OFFERED":
        if tally.time >= entry.mark_at and not command.emergency:
            raise OfferExpired("the offer has lapsed", entry_id=entry.id, expires_at=entry.mark_at)
        tally.held -= 1
    override, overbooked = tally.take_seat(category, command.policy)
    rank_at = tally.time if command.emergency else entry.rank_at
    lift_at = tally.lift_at(category, entry.arrived_at, command.policy) if entry.arrived_at else 0
    tally.events.append(
        EntryPromoted(
            entry_id=entry.id,
            patient_id=entry.patient_id,
            number=entry.number or tally.take_number(),
            at=tally.time,
            mark_at=0 if entry.arrived_at else tally.mark_at(category, rank_at, command.policy),
            lift_at=lift_at,
            override=override,
            overbooked=overbooked,
        )
    )
    if lift_at and lift_at <= tally.time:  # R22: this patient waited here for the seat, and for too long already
        tally.events.append(PatientLifted(token_id=entry.id, patient_id=entry.patient_id, at=tally.time))
    if command.emergency and entry.category != "EMERGENCY":
        tally.events.append(
            CategoryChanged(
                token_id=entry.id,
                patient_id=entry.patient_id,
                category="EMERGENCY",
                rank_at=tally.time,
                at=tally.time,
                override=override,
                overbooked=overbooked,
                reason=about(command.reason, entry),
            )
        )


def offer(tally: Tally, command: Offer) -> None:
    """R6: the seat is kept until the offer lapses, before the slot starts at the latest if it has not yet."""
    entry = tally.token(command.entry_id)
    if entry.status != "WAITING":
        raise illegal(entry, "OFFERED")
    tally.must_be_open()
    state, policy = tally.state, command.policy
    tally.within_quota(entry.category, policy, booking=False)
    if tally.free_seats(policy) <= 0:
        raise SlotFull(NO_SEAT, slot_id=state.id, max_capacity=tally.capacity)
    tally.held += 1
    last = state.start if tally.time < state.start else effective_end(state)
    tally.events.append(
        EntryOffered(entry_id=entry.id, expires_at=min(tally.time + policy.offer_minutes * MINUTE, last), at=tally.time)
    )


def pass_over(tally: Tally, command: PassOver) -> None:
    """R6: the list goes on to the next, and says why."""
    entry = tally.token(command.entry_id)
    tally.events.append(
        EntryPassedOver(
            entry_id=entry.id, patient_id=entry.patient_id, code=command.code, at=tally.time, again_at=command.again_at
        )
    )


def end_entry(tally: Tally, command: EndEntry) -> None:
    """R5, R6: an entry ends without a token; only an offer can be declined or lapse."""
    entry = tally.token(command.entry_id)
    offered = entry.status == "OFFERED"
    if not offered and (entry.status != "WAITING" or command.status in ("DECLINED", "EXPIRED")):
        raise illegal(entry, command.status)
    if offered:
        tally.held -= 1
    tally.events.append(
        EntryEnded(
            entry_id=entry.id,
            patient_id=entry.patient_id,
            status=command.status,
            at=tally.time,
            cause=command.cause,
            reason=about(command.reason, entry),
        )
    )


def keep_seat(tally: Tally, command: KeepSeat) -> None:
    """R16: a hold counts against the capacity; the same client's hold is one hold."""
    state, policy = tally.state, command.policy
    if command.client_hold_id and same_hold(state, command.client_hold_id, tally.time) is not None:
        return
    tally.must_be_open()
    if tally.free_seats(policy) <= 0:
        raise SlotFull(NO_SEAT, slot_id=state.id, max_capacity=tally.capacity)
    tally.held += 1
    tally.events.append(
        SeatHeld(
            hold_id=command.hold_id,
            expires_at=tally.time + policy.hold_minutes * MINUTE,
            at=tally.time,
            client_hold_id=command.client_hold_id,
            patient_id=command.patient_id,
        )
    )


def end_hold(tally: Tally, command: EndHold) -> None:
    """R16: by confirmation only before it lapses."""
    hold = tally.state.holds.get(command.hold_id)
    if hold is None or (command.cause == "confirmed" and tally.time >= hold.expires_at):
        how = tally.state.ended_holds.get(command.hold_id, "expired")
        raise HoldExpired("the seat is no longer held", hold_id=command.hold_id, ended=how)
    tally.held -= 1
    tally.events.append(HoldEnded(hold_id=hold.id, cause=command.cause, at=tally.time))


def same_hold(state: Slot, client_hold_id: str, time: int) -> Hold | None:
    """R16: the live hold that this client has made under this id."""
    for hold in state.holds.values():
        if hold.client_hold_id == client_hold_id and time < hold.expires_at:
            return hold
    return None


def about(reason: FreeText | None, token: Token) -> FreeText | None:
    """Free text about a token is sealed under its patient's key."""
    return None if reason is None else reason.about(token.patient_id)
