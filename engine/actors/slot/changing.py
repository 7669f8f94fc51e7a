"""Rules of change: tiers, moves between slots, capacity, pause, delay, the slot's end (R14, R15, R17, R19..R21)."""

from __future__ import annotations

from engine.actors.slot.booking import about, end_hold
from engine.actors.slot.commands import (
    Adopt,
    EmptySlot,
    EndHold,
    MoveOut,
    Open,
    Recategorize,
    Repoint,
    Resize,
    SetDelay,
)
from engine.actors.slot.events import (
    CategoryChanged,
    EntryEnded,
    SlotCancelled,
    SlotClosed,
    SlotDelayed,
    SlotOpened,
    SlotPaused,
    SlotResized,
    SlotResumed,
    TokenCancelled,
    TokenMovedIn,
    TokenMovedOut,
    TokenRepointed,
)
from engine.actors.slot.refusals import CapacityBelowBooked, RescheduleLimit, SlotNotOpen
from engine.actors.slot.state import Slot, Token
from engine.actors.slot.tally import Tally, illegal
from engine.errors import InvalidTransition


def open_slot(slot_id: str, command: Open, time: int) -> SlotOpened:
    """R1."""
    return SlotOpened(
        id=slot_id,
        doctor_id=command.doctor_id,
        day=command.day,
        start=command.start,
        end=command.end,
        max_capacity=command.max_capacity,
        prefix=command.prefix,
        first_number=command.first_number,
        numbers=command.numbers,
        at=time,
        quotas=command.quotas,
        delay=command.delay,
        template_id=command.template_id,
    )


def recategorize(tally: Tally, command: Recategorize) -> None:
    """R15: the seat, the code and the time of booking stay; an emergency may not have been called either way."""
    token = tally.token(command.token_id)
    emergency = command.category == "EMERGENCY"
    waits = token.status == "WAITING"
    called = token.phase in ("CALLED", "IN_CONSULT")
    if not waits and (token.status != "CONFIRMED" or (called and not emergency)):
        raise illegal(token, command.category)
    if token.category == command.category:
        return
    if not emergency:
        tally.within_quota(command.category, command.policy, booking=False)
    override, overbooked = token.override, token.overbooked
    if override and not emergency:
        override, overbooked = tally.take_seat(command.category, command.policy)
    kept = token.arrived_at if token.late else token.booked_at
    tally.events.append(
        CategoryChanged(
            token_id=token.id,
            patient_id=token.patient_id,
            category=command.category,
            rank_at=tally.time if emergency else kept,
            at=tally.time,
            lift_at=tally.lift_at(command.category, token.arrived_at, command.policy) if token.arrived_at else 0,
            override=override,
            overbooked=overbooked,
            reason=about(command.reason, token),
        )
    )


def move_out(tally: Tally, command: MoveOut) -> None:
    """R14: whoever has not been called may leave for another slot."""
    token = tally.token(command.token_id)
    if token.status != "CONFIRMED" or token.phase in ("CALLED", "IN_CONSULT"):
        raise illegal(token, "RESCHEDULED")
    _move_out(tally, token, command.to_slot, command)


def adopt(tally: Tally, command: Adopt) -> None:
    """R14: a seat here for a token from elsewhere; what it keeps depends on how far it moves."""
    token, policy = command.token, command.policy
    tally.must_be_open()
    limit = policy.max_reschedules
    if command.counts and limit is not None and token.reschedules >= limit:
        raise RescheduleLimit("the token has been rescheduled too often", token_id=token.id, max_reschedules=limit)
    category = "EMERGENCY" if command.emergency else token.category
    tally.within_quota(category, policy, booking=False)
    override, overbooked = tally.take_seat(category, policy)
    stays = command.keeps_booking
    booked_at = token.booked_at if stays else tally.time
    arrived_at = token.arrived_at if stays else 0
    late = token.late and stays
    if command.emergency and token.category != "EMERGENCY":
        rank_at = tally.time
    elif category == "EMERGENCY" or late:
        rank_at = token.rank_at
    else:
        rank_at = booked_at
    mark_at = tally.mark_at(category, rank_at, policy)
    tally.events.append(
        TokenMovedIn(
            token_id=token.id,
            patient_id=token.patient_id,
            from_slot=command.from_slot,
            category=category,
            booked_at=booked_at,
            rank_at=rank_at,
            number=token.number if command.keeps_code else tally.take_number(),
            version=token.version + 1,
            at=tally.time,
            phase="ARRIVED" if arrived_at else "BOOKED",
            mark_at=0 if arrived_at else mark_at,
            lift_at=tally.lift_at(category, arrived_at, policy) if arrived_at else 0,
            arrived_at=arrived_at,
            late=late,
            override=override,
            overbooked=overbooked,
            reschedules=token.reschedules + command.counts,
        )
    )


def repoint(tally: Tally, command: Repoint) -> None:
    """The same token, the other of two merged records."""
    for token_id in command.token_ids:
        tally.token(token_id)
        tally.events.append(TokenRepointed(token_id=token_id, patient_id=command.patient_id, at=tally.time))


def resize(tally: Tally, command: Resize) -> None:
    """R17: not below what is given away; overbooked seats count."""
    _must_go_on(tally.state)
    if command.max_capacity == tally.capacity:
        return
    taken = tally.regular + tally.held
    if command.max_capacity < taken:
        raise CapacityBelowBooked("more seats are taken than that", taken=taken, max_capacity=command.max_capacity)
    tally.capacity = command.max_capacity
    tally.events.append(SlotResized(max_capacity=command.max_capacity, at=tally.time))


def pause(tally: Tally, paused: bool) -> None:
    """R12."""
    _must_go_on(tally.state)
    if paused != tally.state.paused:
        tally.events.append(SlotPaused(at=tally.time) if paused else SlotResumed(at=tally.time))


def set_delay(tally: Tally, command: SetDelay) -> None:
    """R19: absolute, so that saying it twice changes nothing."""
    state = tally.state
    _must_go_on(state)
    if (command.own_delay, command.delay) != (state.own_delay, state.delay):
        tally.events.append(SlotDelayed(own_delay=command.own_delay, delay=command.delay, at=tally.time))


def close(tally: Tally) -> None:
    """R20: what waited for a seat ends with the slot; tokens stay open."""
    _must_go_on(tally.state)
    _end_waiting(tally, "slot_closed")
    tally.events.append(SlotClosed(at=tally.time))


def empty(tally: Tally, command: EmptySlot) -> None:
    """R21: every active token but those in consultation goes elsewhere or is cancelled."""
    state = tally.state
    if command.cancel_slot:
        _must_go_on(state)
    moves = dict(command.moves)
    cancels = set(command.cancels)
    for token in [*state.pinned, *state.line]:
        if token.phase == "IN_CONSULT":
            continue
        if token.id in moves:
            _move_out(tally, token, moves.pop(token.id), command)
        elif command.cancel_slot or token.id in cancels:
            tally.free_seat(token)
            tally.leave_line(token)
            tally.events.append(
                TokenCancelled(
                    token_id=token.id,
                    patient_id=token.patient_id,
                    at=tally.time,
                    cause="slot_cancelled",
                    reason=about(command.reason, token),
                )
            )
    assert not moves, "only active tokens can move"
    if command.cancel_slot:
        _end_waiting(tally, "slot_cancelled")
        reason = None if command.reason is None else command.reason.about("")
        tally.events.append(SlotCancelled(at=tally.time, reason=reason))


def _move_out(tally: Tally, token: Token, to_slot: str, command: MoveOut | EmptySlot) -> None:
    tally.free_seat(token)
    tally.leave_line(token)
    tally.events.append(
        TokenMovedOut(
            token_id=token.id,
            patient_id=token.patient_id,
            to_slot=to_slot,
            at=tally.time,
            reason=about(command.reason, token),
        )
    )


def _end_waiting(tally: Tally, cause: str) -> None:
    state = tally.state
    for entry in [*state.offers, *state.waiting]:
        tally.events.append(
            EntryEnded(entry_id=entry.id, patient_id=entry.patient_id, status="SLOT_CLOSED", at=tally.time, cause=cause)
        )
    tally.held -= len(state.offers)
    for hold in list(state.holds.values()):
        end_hold(tally, EndHold(hold.id, "slot_over"))


def _must_go_on(state: Slot) -> None:
    if state.status == "CANCELLED":
        raise SlotNotOpen("the slot was cancelled", slot_id=state.id)
    if state.status == "CLOSED":
        raise InvalidTransition("the slot has ended", slot_id=state.id, from_state="CLOSED", to_state="CHANGED")
