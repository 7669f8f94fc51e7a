"""Rules of the day itself: check-in, calls, consultations, no-shows, late arrivals, undo (R8..R13, R22, R23)."""

from __future__ import annotations

from engine.actors.slot.booking import about
from engine.actors.slot.commands import Arrive, Call, Cancel, Complete, Lift, MarkAbsent, Return, StandBack, Start, Undo
from engine.actors.slot.events import (
    ConsultCompleted,
    ConsultStarted,
    LatecomerWaitlisted,
    NoShowMarked,
    PatientArrived,
    PatientLifted,
    PatientReturned,
    StepUndone,
    TokenCalled,
    TokenCancelled,
    TokenStoodBack,
)
from engine.actors.slot.refusals import NothingToUndo, SlotFull, SlotNotOpen, SlotOnPause, TooEarly, UndoTooLate
from engine.actors.slot.state import Slot, Token, effective_end
from engine.actors.slot.tally import Tally, illegal, must_be_open, state_word
from engine.decider import MINUTE
from engine.errors import Invalid


def cancel(tally: Tally, command: Cancel) -> None:
    """R8: not while in consultation; the seat is free for the next."""
    token = tally.token(command.token_id)
    if token.status != "CONFIRMED" or token.phase == "IN_CONSULT":
        raise illegal(token, "CANCELLED")
    happened_at = _happened(tally, token, command.happened_at)
    tally.free_seat(token)
    tally.leave_line(token)
    tally.events.append(
        TokenCancelled(
            token_id=token.id,
            patient_id=token.patient_id,
            at=tally.time,
            cause=command.cause,
            reason=about(command.reason, token),
            happened_at=happened_at,
        )
    )


def mark_absent(tally: Tally, command: MarkAbsent) -> None:
    """R9: after the grace, or by force with a reason; who has come only after as many calls as allowed."""
    token = tally.token(command.token_id)
    in_vain = token.phase == "CALLED" and (command.in_vain or token.calls >= command.policy.max_calls)
    if token.status != "CONFIRMED" or token.phase == "IN_CONSULT" or (token.arrived_at and not in_vain):
        raise illegal(token, "NO_SHOW")
    happened_at = _happened(tally, token, command.happened_at)
    if not in_vain and not command.force and not command.by_clock:
        due = absent_from(tally.state, token, command.policy.no_show_grace_minutes)
        if (happened_at or tally.time) < due:
            raise TooEarly("the patient may still come", token_id=token.id, from_time=due)
    tally.free_seat(token)
    tally.leave_line(token)
    tally.events.append(
        NoShowMarked(
            token_id=token.id,
            patient_id=token.patient_id,
            at=tally.time,
            by_clock=command.by_clock,
            forced=command.force,
            reason=about(command.reason, token),
            happened_at=happened_at,
        )
    )


def absent_from(state: Slot, token: Token, grace_minutes: int) -> int:
    """R9: from when on a patient who has not come may be marked; without a mark of its own, from its turn on."""
    if token.mark_at:
        return token.mark_at + state.delay
    return max(state.start, token.booked_at) + state.delay + grace_minutes * MINUTE


def arrive(tally: Tally, command: Arrive) -> None:
    """R11: the patient is here, not before the hospital lets him in."""
    token = tally.token(command.token_id)
    if token.status != "CONFIRMED" or token.phase != "BOOKED":
        raise illegal(token, "ARRIVED")
    _must_take_place(tally.state)
    _plausible(tally, token, command.arrived_at)
    early = command.policy.early_check_in_minutes
    if early is not None:
        opens = tally.state.start + tally.state.delay - early * MINUTE
        if command.arrived_at < opens:
            raise TooEarly("it is too early to check in", token_id=token.id, from_time=opens)
    tally.events.append(
        PatientArrived(
            token_id=token.id,
            patient_id=token.patient_id,
            arrived_at=command.arrived_at,
            at=tally.time,
            lift_at=tally.lift_at(token.category, command.arrived_at, command.policy),
        )
    )


def late_arrival(tally: Tally, command: Return) -> None:
    """R10: soon enough, the old place; later, the end of the own tier; without a seat, the waiting list.

    R23: who came while the slot was open, and is entered once it is over, has his seat, given away or not.
    """
    token = tally.token(command.token_id)
    if token.status != "NO_SHOW":
        raise illegal(token, "ARRIVED")
    must_be_open(tally.state, tally.time, command.arrived_at if command.entered else 0)
    _plausible(tally, token, command.arrived_at)
    over = tally.time >= effective_end(tally.state)
    try:
        override, overbooked = tally.take_seat(token.category, command.policy, beyond=over)
    except SlotFull:
        tally.events.append(LatecomerWaitlisted(token_id=token.id, arrived_at=command.arrived_at, at=tally.time))
        return
    tally.events.append(
        PatientReturned(
            token_id=token.id,
            patient_id=token.patient_id,
            arrived_at=command.arrived_at,
            at=tally.time,
            late=command.arrived_at > token.ended_at + command.policy.late_minutes * MINUTE,
            lift_at=tally.lift_at(token.category, command.arrived_at, command.policy),
            override=override,
            overbooked=overbooked,
        )
    )


def call(tally: Tally, command: Call) -> None:
    """R12: a patient who has come or should have; calling again counts."""
    token = tally.token(command.token_id)
    if token.status != "CONFIRMED" or token.phase == "IN_CONSULT":
        raise illegal(token, "CALLED")
    _must_take_place(tally.state)
    if tally.state.paused:
        raise SlotOnPause("the doctor stepped out", slot_id=tally.state.id)
    tally.events.append(
        TokenCalled(
            token_id=token.id,
            patient_id=token.patient_id,
            calls=token.calls + 1,
            at=tally.time,
            happened_at=_happened(tally, token, command.happened_at),
        )
    )


def stand_back(tally: Tally, command: StandBack) -> None:
    """R12: who was called waits again; that a call was in vain stays counted."""
    token = tally.token(command.token_id)
    if token.status != "CONFIRMED" or token.phase != "CALLED":
        raise illegal(token, "ARRIVED")
    tally.events.append(TokenStoodBack(token_id=token.id, patient_id=token.patient_id, at=tally.time))


def start(tally: Tally, command: Start) -> None:
    """R12: only who was called."""
    token = tally.token(command.token_id)
    if token.status != "CONFIRMED" or token.phase != "CALLED":
        raise illegal(token, "IN_CONSULT")
    happened_at = _happened(tally, token, command.happened_at)
    tally.events.append(
        ConsultStarted(token_id=token.id, patient_id=token.patient_id, at=tally.time, happened_at=happened_at)
    )


def complete(tally: Tally, command: Complete) -> None:
    """R12: nothing completes by itself; from another phase than IN_CONSULT only by force, with a reason."""
    token = tally.token(command.token_id)
    if token.status != "CONFIRMED" or (token.phase != "IN_CONSULT" and not command.force):
        raise illegal(token, "COMPLETED")
    happened_at = _happened(tally, token, command.happened_at)
    average = tally.state.average
    if token.phase == "IN_CONSULT":
        # A quarter of the newest: ten consultations forget the default, one long one does not rule the day.
        average += ((happened_at or tally.time) - token.started_at - average) // 4
    tally.events.append(
        ConsultCompleted(
            token_id=token.id,
            patient_id=token.patient_id,
            at=tally.time,
            average=average,
            forced=token.phase != "IN_CONSULT",
            reason=about(command.reason, token),
            happened_at=happened_at,
        )
    )


def undo(tally: Tally, command: Undo) -> None:
    """R13: the last step only, soon after it, and only while what it freed has not been given away."""
    token = tally.token(command.token_id)
    step = token.last
    if not step or step == "late":
        raise NothingToUndo("there is no step to take back", token_id=token.id)
    until = token.updated_at + command.policy.undo_minutes * MINUTE
    if not command.policy.undo_minutes or tally.time > until:
        raise UndoTooLate("the step is too long ago", token_id=token.id, step=step, until=until)
    if not (step == "complete" and token.phase == "IN_CONSULT"):
        _must_take_place(tally.state)
    override, overbooked = token.override, token.overbooked
    if step == "cancel" or step == "no_show":
        try:
            override, overbooked = tally.take_seat(token.category, command.policy)
        except SlotFull:
            raise UndoTooLate("the seat has been given away", token_id=token.id, step=step) from None
    # A mark that has passed would strike again at once.
    again = tally.time + command.policy.no_show_grace_minutes * MINUTE
    tally.events.append(
        StepUndone(
            token_id=token.id,
            patient_id=token.patient_id,
            step=step,
            at=tally.time,
            override=override,
            overbooked=overbooked,
            mark_at=max(token.mark_at, again) if token.mark_at else 0,
        )
    )


def lift(tally: Tally, command: Lift) -> None:
    """R22: a wait beyond the tier's limit."""
    token = tally.token(command.token_id)
    assert state_word(token) == "ARRIVED", "only who waits can be lifted"
    tally.events.append(PatientLifted(token_id=token.id, patient_id=token.patient_id, at=tally.time))


def _must_take_place(state: Slot) -> None:
    if state.status == "CANCELLED":
        raise SlotNotOpen("the slot was cancelled", slot_id=state.id)


def _happened(tally: Tally, token: Token, happened_at: int) -> int:
    """R23: neither in the future nor before the step that came before it; 0 where it happens now."""
    if happened_at > tally.time:
        raise Invalid("what is entered has happened already", field="occurred_at")
    before = max(token.booked_at, token.arrived_at, token.called_at, token.started_at)
    if happened_at and happened_at < before:
        raise Invalid("it cannot have happened before the step that came before it", field="occurred_at", since=before)
    return 0 if happened_at == tally.time else happened_at


def _plausible(tally: Tally, token: Token, arrived_at: int) -> None:
    if arrived_at > tally.time:
        raise Invalid("nobody has arrived in the future", field="occurred_at")
    if arrived_at < token.booked_at:
        raise Invalid("nobody arrives before the booking", field="occurred_at")
